//! Training: the loop, what it needs, and who observes it.

pub(crate) mod error;
pub mod event_file;
pub mod fit;
pub mod observer;
pub mod optimizer;
mod plan;
pub mod schedule;
pub mod state;
pub mod tensorboard;
mod window;

pub use error::FitError;
