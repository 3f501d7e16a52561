//! Random search: many configurations that differ in a few keys, drawn from ranges, compared on the validation images.
//!
//! Random search finds as good a configuration as a grid does, with fewer trials, because each trial has another value of
//! each key (Bergstra and Bengio 2012, "Random Search for Hyper-Parameter Optimization"). Trial 7 is the same whichever
//! process trains it, and when: its values depend only on the sweep's seed, the trial's number and the key's name.

mod draw;
mod plan;
mod space;
mod sweep_dir;

pub use plan::{Plan, SweepError, Trial};
pub use space::{Range, Space};
pub use sweep_dir::{SweepDir, TrialState};
