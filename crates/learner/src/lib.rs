//! Training and evaluation of the lecture's network.
//!
//! [`fit::fit`] is the training loop; it draws every random number through [`random`],
//! tells an [`event::Observer`] what happens, and touches no file, clock or terminal.
//! [`recorder`] keeps what it reports in a [`run_dir`], so that a run can be killed at any moment
//! and goes on to the same bits; docs/reliability.md says how that is known.

pub mod calibration;
pub mod checkpoint;
pub mod claim;
pub mod comparison;
pub mod config;
pub mod config_text;
mod durable;
pub mod evaluate;
pub mod event;
mod fault;
pub mod fit;
pub mod manifest;
pub mod metrics;
pub mod mistakes;
pub mod occlusion;
pub mod optimizer;
pub mod predictions_file;
pub mod probabilities;
pub mod random;
pub mod recorder;
pub mod resume;
pub mod run_dir;
pub mod schedule;
pub mod seeds;
pub mod snapshot;
pub mod spread;
pub mod tensorboard;
mod window;

pub use config::Config;
pub use event::Observer;
