//! Training and evaluation of the lecture's network.
//!
//! [`fit::fit`] is the training loop; it draws every random number through [`random`],
//! tells an [`event::Observer`] what happens, and touches no file, clock or terminal.
//! [`run_dir`] and [`checkpoint`] keep what it reports.

pub mod checkpoint;
pub mod config;
pub mod config_text;
pub mod evaluate;
pub mod event;
pub mod fit;
pub mod metrics;
pub mod optimizer;
pub mod random;
pub mod run_dir;
pub mod schedule;
mod window;

pub use config::Config;
pub use event::{Event, Observer};
