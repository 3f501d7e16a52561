//! From any image to a network's input: pure functions on pixels.
//!
//! Nothing here reads a file or decodes a format, so that the crate also works in a browser, which decodes images by
//! itself. A decoded image becomes a [`GreyImage`], from which everything else is made.

mod colour;
pub mod grey_image;
mod orientation;

pub use grey_image::{GreyImage, SizeError};
