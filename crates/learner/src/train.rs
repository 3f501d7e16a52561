//! Training: the loop, what it needs, and who observes it.

pub mod fit;
pub mod observer;
pub mod optimizer;
pub mod schedule;
pub mod state;
mod window;
