//! MNIST and its relatives: fetched, verified, parsed and split.
//!
//! Images stay bytes in memory; nothing here knows of tensors.
//! Training, validation and test images have three types, see [`sets`].
//!
//! The crate prints nothing: events say what happens, and errors say what is missing. How to show the
//! events, and which command would help, is up to the program.

pub mod augment;
pub mod catalog;
pub mod corrupt;
#[cfg(feature = "import")]
pub mod decode;
pub mod description;
pub mod error;
pub mod fetch;
pub mod idx;
#[cfg(feature = "import")]
pub mod import;
pub mod load;
pub mod sets;
pub mod split;
pub mod verify;

pub use augment::Augmentation;
pub use catalog::Name;
pub use corrupt::Corruption;
pub use description::{Description, DescriptionError, Preparation};
pub use error::Error;
pub use sets::shuffle::shuffled;
pub use sets::subset::Subset;
pub use sets::{TestSet, TrainSet, ValidationSet};
pub use split::Split;
