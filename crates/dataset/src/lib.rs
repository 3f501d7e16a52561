//! MNIST and its relatives: fetched, verified, parsed, split and batched.
//!
//! Pictures stay bytes in memory, and a batch is one gather into one buffer; nothing here
//! knows of tensors. Training, validation and test pictures have three types, so that code
//! which learns cannot be handed what it will be tested on.

pub mod catalog;
pub mod corrupt;
pub mod error;
pub mod fetch;
pub mod idx;
pub mod load;
#[cfg(feature = "progress-bar")]
pub mod progress_bar;
pub mod sets;
pub mod verify;

pub use catalog::Name;
pub use corrupt::Corruption;
pub use error::Error;
pub use sets::batch::{Batch, shuffled};
pub use sets::subset::{Subset, TestSet, TrainSet, ValidationSet};
