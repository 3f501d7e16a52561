//! Convolution, convolution with max-pooling, and dense layers as operators added to Burn.
//!
//! On the CPU the operators call the crate `kernels`. On a GPU they call those of `gpu`: for the loss, convolutions, and
//! what comes between these and dense layers. All else, and what the kernels do not take, is composed from Burn's own operators.
#![allow(deprecated, reason = "Burn deprecates its ndarray backend; this release still has it")]

mod activation;
#[cfg(any(feature = "ndarray", feature = "flex"))]
mod autodiff;
#[cfg(any(feature = "ndarray", feature = "flex"))]
mod cpu;
mod dense;
mod finish;
mod fork;
#[cfg(any(feature = "ndarray", feature = "flex"))]
mod forward;
#[cfg(feature = "wgpu")]
mod gpu;
mod loss;
mod operators;
mod optimizer;
#[cfg(any(feature = "ndarray", feature = "flex"))]
mod slices;
mod values;

pub use activation::activate;
pub use dense::{dense, dense_activated};
pub use finish::{FinishOptions, Normalization, batch_statistics, dropout, finish, fold_normalization};
pub use fork::fork;
pub use kernels::{
    Activation, Dropout, Level, MomentRates, PoolKind, Pooling, Rule, Stage, Stages, Step, Steps, Teams,
    UnknownLevel, compute_on_this_thread,
};
pub use loss::cross_entropy;
pub use operators::{conv2d, conv2d_max_pool2d, flatten};
pub use optimizer::{average, sum_of_squares, update_parameter};
pub use values::{from_values, is_cpu, on_host};
