//! The forward pass on slices, without Burn: from pixels to logits.
//!
//! It calls the kernels as the crate `model` does through Burn's operators on a CPU, so it gives the same bits. What
//! the kernels do not take ([`Architecture::parts_without_kernel`](crate::Architecture::parts_without_kernel), and
//! convolutions of more than 4 Gi padded values) is computed by loops, where Burn's own operators round otherwise:
//! there the logits agree within 1e-4.

mod buffers;
mod dense_layer;
mod held;
mod loops;
mod normalization;
mod predictor;
mod tracer;
mod unit;

pub use predictor::Predictor;
pub use tracer::{Trace, Tracer};
