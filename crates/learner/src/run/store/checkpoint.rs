//! Checkpoints: folders that each hold one snapshot. A checkpoint is written whole or not at all, and it is
//! read only if every bit of it is as it was written.
//!
//! The folder of step 858 is `step-00000858`. It is filled under another name, completed by a manifest,
//! synced to the disk, and then renamed. The best model has no copy of its own. The newest checkpoint names
//! the step of the best one instead, so that a copy can never contradict it.

mod error;
mod finding;
mod layout;
mod reading;
mod saving;

pub use error::{CheckpointError, DamagedCheckpoint};
pub(crate) use finding::{BestCheckpoint, best, newest_reached};
pub use finding::{Newest, may_have_best, newest};
pub use layout::{WEIGHTS, list};
pub use reading::load;
pub use saving::{prune, save, set_aside, sweep};

#[cfg(test)]
#[path = "checkpoint_tests.rs"]
mod tests;
