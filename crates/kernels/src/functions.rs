//! exp, ln, tanh, sigmoid and GELU on vectors, so that no bit depends on the platform's mathematical library.
//!
//! Each is written with operations that round in the same way on every processor, and with
//! [`multiply_add`](crate::simd::vector::Vector::multiply_add). So all levels with a fused multiply-add give the same
//! bits, and so do all levels without one. `docs/numerics.md` has the errors over all `f32` values.

pub(crate) mod activation;
pub(crate) mod elementwise;
pub(crate) mod exponential;
pub(crate) mod function;
pub(crate) mod gelu;
pub(crate) mod logarithm;
mod pairs;
mod partial;
mod polynomial;
pub(crate) mod sigmoid;

#[allow(unused_imports, reason = "the vocabulary of the kernels that apply functions in their loops")]
pub(crate) use self::{
    exponential::exp,
    gelu::{gelu, gelu_with_slope},
    logarithm::ln,
    sigmoid::{sigmoid, tanh},
};
