//! MNIST and its relatives: fetched, verified, parsed, split and batched.
//!
//! Pictures stay bytes in memory, and a batch is one gather into one buffer; nothing here
//! knows of tensors. Training, validation and test pictures have three types, so that code
//! which learns cannot be handed what it will be tested on.

pub mod batch;
pub mod catalog;
pub mod class_pictures;
mod client;
pub mod corrupt;
pub mod error;
#[cfg(test)]
mod fault_server;
pub mod fetch;
pub mod idx;
pub mod load;
mod partial;
#[cfg(feature = "progress-bar")]
pub mod progress_bar;
pub mod sample;
mod source;
pub mod split;
pub mod subset;
pub mod verify;

pub use batch::{Batch, shuffled};
pub use catalog::Name;
pub use corrupt::Corruption;
pub use error::Error;
pub use subset::{Subset, TestSet, TrainSet, ValidationSet};
