//! The operators are right: against Burn's own, finite differences, and each other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first thing that goes wrong"
)]
#![allow(deprecated, reason = "Burn deprecates its ndarray backend; this release still has it")]

mod agreement;
mod cases;
mod differences;
mod levels;
mod windows;
