//! Convolution, and convolution with max-pooling, as operators added to Burn.
#![allow(unsafe_code, reason = "the kernels' inner loops; each block says why it is sound")]
#![allow(
    clippy::needless_range_loop,
    reason = "an index names the same lane, row or point of several arrays"
)]
#![allow(deprecated, reason = "Burn deprecates its ndarray backend; this release still has it")]

mod backward;
#[cfg(any(feature = "ndarray", feature = "flex"))]
mod cpu;
mod dense;
mod filters;
mod forward;
mod geometry;
#[cfg(any(feature = "ndarray", feature = "flex"))]
mod host;
mod layout;
mod operators;
mod pack;
mod pool_backward;
mod pool_forward;
mod rows;
mod scratch;
mod simd;
#[cfg(any(feature = "ndarray", feature = "flex"))]
mod steps;
mod sums;
mod threads;
mod tile;
mod winners;
mod winograd;

#[cfg(test)]
mod wide_tests;

/// The kernels behind the operators, on channels-last slices.
pub mod kernels {
    pub use crate::backward::conv2d_backward;
    pub use crate::dense::{Dense, dense, dense_backward};
    pub use crate::forward::conv2d;
    pub use crate::geometry::Geometry;
    pub use crate::pool_backward::conv2d_max_pool2d_backward;
    pub use crate::pool_forward::{CUT, Maps, Pooled, conv2d_max_pool2d};
    pub use crate::simd::Level;
    pub use crate::sums::Gradients;
}
pub use operators::{conv2d, conv2d_max_pool2d, dense, flatten};
