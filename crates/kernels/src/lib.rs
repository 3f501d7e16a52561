//! Convolution, convolution with max-pooling, and dense layers on the CPU, forward and backward, and the
//! optimizers' steps.
//!
//! The kernels work on slices of `f32` values. Images and feature maps lie channels last, `[n, height,
//! width, channels]`; weights keep the order in which networks store them, `[filters, channels, kernel,
//! kernel]`. Each kernel writes its results into slices that the caller gives it and overwrites every value
//! of them, so they need not be cleared. Memory for intermediate results is kept from call to call.
//!
//! Each kernel is written once and compiled for each set of vector instructions; [`Level::best`] is the
//! fastest that the processor has, unless the environment names another.
#![allow(unsafe_code, reason = "the kernels' inner loops; each block says why it is sound")]
#![allow(
    clippy::needless_range_loop,
    reason = "an index names the same lane, row or point of several arrays"
)]

mod conv;
mod dense;
mod filters;
mod finish;
mod functions;
mod gradients;
mod loss;
mod memory;
mod optimizer;
mod pool;
mod simd;
mod threads;
mod winograd;

pub use conv::groups::{conv2d, conv2d_backward};
pub use conv::shape::ConvShape;
pub use dense::backward::dense_backward;
pub use dense::forward::{dense, dense_activated};
pub use dense::shape::DenseShape;
pub use filters::kept::{Keep, Owner};
pub use finish::add::add;
pub use finish::backward::{FinishGradients, finish_backward};
pub use finish::dropout::{Dropout, drop_values};
pub use finish::fold::fold_normalization;
pub use finish::forward::{Finish, Normalization, finish};
pub use finish::shape::{FinishShape, PoolKind, Pooling, Stage, Stages};
pub use finish::statistics::batch_statistics;
pub use functions::activation::Activation;
pub use functions::elementwise::{activate, activate_backward};
pub use functions::function::Function;
pub use gradients::Gradients;
pub use loss::cross_entropy;
pub use memory::layout::transpose;
pub use memory::unwritten::{Number, unwritten};
pub use optimizer::average::average;
pub use optimizer::norm::sum_of_squares;
pub use optimizer::rule::{MomentRates, Rule, Step, Steps};
pub use optimizer::update::update;
pub use pool::backward::{PooledForward, conv2d_max_pool2d_backward};
pub use pool::forward::{Purpose, Winners, conv2d_max_pool2d};
pub use pool::shape::{CUT, LARGEST_WINDOW, PoolShape, SlopeSource};
pub use simd::level::{Level, UnknownLevel};
#[cfg(not(target_family = "wasm"))]
pub use threads::{compute_on_this_thread, teams::Teams};
