//! Files with which a model leaves for other programs: ONNX, and safetensors as PyTorch names and lays out tensors.
//!
//! Nothing here writes a file: an [`Architecture`](crate::Architecture) and its
//! [`NamedTensors`](crate::NamedTensors) become bytes, and the same ones always become the same bytes.

mod graph;
mod messages;
pub mod onnx;
mod protobuf;
pub mod pytorch;

pub use onnx::{About, Input, onnx};
