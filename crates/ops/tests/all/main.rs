//! The operators agree with the same thing composed from Burn's own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first thing that goes wrong"
)]
#![allow(deprecated, reason = "Burn deprecates its ndarray backend; this release still has it")]

mod activations;
mod agreement;
// The kernels' tests draw from the same cases, and compare with the same definition.
#[path = "../../../kernels/tests/all/cases.rs"]
mod cases;
mod finish;
mod other_operands;
#[path = "../../../kernels/tests/all/reference.rs"]
mod reference;
mod training;
#[cfg(all(feature = "wgpu", feature = "ndarray"))]
mod wgpu;
