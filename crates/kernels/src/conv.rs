//! Convolution without pooling, and what the pooled convolution shares with it.

pub(crate) mod add_rows;
pub(crate) mod backward;
pub(crate) mod correlation;
pub(crate) mod forward;
mod input_gradient;
pub(crate) mod partial_sums;
pub(crate) mod shape;
mod weight_gradient;
