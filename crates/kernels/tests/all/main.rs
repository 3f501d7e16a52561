//! The kernels are right: against finite differences, and each level against the others.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first thing that goes wrong"
)]

mod bits;
mod cases;
mod convolutions;
mod dense;
mod differences;
mod dropout;
mod empty;
mod finish;
mod functions;
mod judge;
mod levels;
mod loss;
mod optimizers;
mod owned;
mod reference;
mod same_bits;
mod windows;
