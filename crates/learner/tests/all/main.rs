//! The tests of learner's public functions. They are one program, so that Burn is linked only once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first thing that goes wrong"
)]

#[cfg(any(feature = "wgpu", all(feature = "ndarray", feature = "flex")))]
mod backends;
mod changed_weights;
mod learning;
mod memory;
mod resume;
mod shards;
mod tested;
mod xor;
