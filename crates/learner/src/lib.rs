//! Training and evaluation of the lecture's network.
//!
//! [`train::fit::fit`] is the training loop. It draws every random number through [`random`], reports its
//! events to a [`train::observer::Observer`], and uses no file, clock or terminal of its own. [`run`] keeps
//! the events and checkpoints of a run in a folder, so that a run can be killed at any moment and resumed
//! to the same bits; docs/reliability.md describes the tests of this.

pub mod checks;
pub mod config;
pub mod eval;
pub mod exchange;
pub mod fault;
pub mod numerics;
pub mod random;
pub mod run;
pub mod sweep;
pub mod train;

pub use config::Config;
pub use train::observer::Observer;
