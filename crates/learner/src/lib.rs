//! Training and evaluation of the lecture's network.
//!
//! [`train::fit::fit`] is the training loop; it draws every random number through [`random`],
//! tells a [`train::observer::Observer`] what happens, and touches no file, clock or terminal.
//! [`run`] keeps what it reports in a folder, so that a run can be killed at any moment
//! and be resumed to the same bits; docs/reliability.md says how that is known.

pub mod config;
pub mod eval;
pub mod fault;
pub mod random;
pub mod run;
pub mod train;

pub use config::Config;
pub use train::observer::Observer;
