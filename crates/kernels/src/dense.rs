//! The dense layer: a product of matrices, a bias and an activation.

pub(crate) mod backward;
mod few_rows;
pub(crate) mod forward;
mod packed_rows;
mod product;
pub(crate) mod shape;
