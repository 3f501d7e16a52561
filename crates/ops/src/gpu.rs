//! The operators on a GPU, as kernels in CubeCL.
//!
//! For networks of this size it takes about as long to start a kernel as to run it. So each operator here is one kernel,
//! or a few, where Burn would compose it of ten or twenty.

mod chain;
mod convolution;
mod dropout;
mod finish;
mod finish_kernels;
mod loss;
mod loss_kernel;
mod maps;
mod moments;
mod norm_gradients;
mod plan;
mod rows;
mod tensors;
