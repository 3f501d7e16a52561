//! From any image to a network's input: pure functions on pixels.
//!
//! Nothing here reads a file or decodes a format, so that the crate also works in a browser, which decodes images by
//! itself. A decoded image becomes a [`GreyImage`], from which everything else is made. There are two ways
//! ([`Preparation`]): [`single`] finds the ink of a digit and shows it as MNIST shows its digits; [`resize`] takes any
//! image as a whole.

mod bounds;
mod colour;
mod digit;
pub mod grey_image;
pub mod ink;
mod orientation;
mod preparation;
mod prepared;
pub mod reading;
mod resize;
mod sample;
mod single;

pub use bounds::Bounds;
pub use digit::digit;
pub use grey_image::{GreyImage, SizeError};
pub use ink::{Ink, Part, drawn_ink, find_ink};
pub use preparation::{Preparation, UnknownPreparation};
pub use prepared::{Prepared, in_the_middle};
pub use resize::resize;
pub use single::{is_prepared, single};
