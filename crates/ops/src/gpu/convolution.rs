//! Convolutions as products of matrices, whose operands are read where they lie.
//!
//! Without the special units of a GPU, which WebGPU does not offer, Burn computes a convolution's output value by value from
//! memory. Here a cube of threads loads what a tile of outputs needs once, and computes the tile from shared memory.

mod operators;
mod plan;
mod product;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first thing that goes wrong")]
mod product_tests;
mod tuned;
