//! Training: the loop, its optimizer and schedule, and the observers that it reports to.

mod averaging;
mod batch;
pub(crate) mod error;
pub mod fit;
mod gradient_norm;
pub(crate) mod learner;
pub mod observer;
pub mod optimizer;
mod plan;
pub mod schedule;
mod shards;
pub mod state;
pub mod tensorboard;
mod window;

pub use error::FitError;
