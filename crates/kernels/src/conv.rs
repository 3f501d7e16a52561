//! Convolution without pooling, and what the pooled convolution shares with it.

pub(crate) mod add_rows;
mod backward;
pub(crate) mod correlation;
mod depthwise;
mod depthwise_weights;
mod forward;
pub(crate) mod groups;
mod input_gradient;
mod matrix;
pub(crate) mod partial_sums;
pub(crate) mod shape;
mod weight_gradient;
