//! Convolution with an activation and max-pooling behind it, as one kernel.

mod argmax_lists;
pub(crate) mod backward;
mod direct;
pub(crate) mod forward;
mod input_gradient;
mod kernel_rows;
mod outputs;
pub(crate) mod shape;
mod slopes;
mod weight_gradient;
mod window;
mod winograd;
