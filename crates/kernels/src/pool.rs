//! Convolution with max-pooling and ReLU behind it, as one kernel.

mod argmax_lists;
pub(crate) mod backward;
mod direct;
pub(crate) mod forward;
mod input_gradient;
mod kernel_rows;
pub(crate) mod shape;
mod weight_gradient;
mod window;
mod winograd;
