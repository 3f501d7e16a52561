//! MNIST and its relatives: fetched, verified, parsed, split and batched.
//!
//! Images stay bytes in memory, and a batch is gathered into one buffer; nothing here knows of tensors.
//! Training, validation and test images have three types, see [`sets`].
//!
//! The crate prints nothing: events say what happens, and errors say what is missing. How to show the
//! events, and which command would help, is up to the program.

pub mod catalog;
pub mod corrupt;
pub mod error;
pub mod fetch;
pub mod idx;
pub mod load;
pub mod sets;
pub mod split;
pub mod verify;

pub use catalog::Name;
pub use corrupt::Corruption;
pub use error::Error;
pub use sets::batch::Batch;
pub use sets::shuffle::shuffled;
pub use sets::subset::Subset;
pub use sets::{TestSet, TrainSet, ValidationSet};
pub use split::Split;
