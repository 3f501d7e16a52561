//! The lecture's convolutional network on Burn: one description, any backend.
//!
//! A [`Cnn`] is built from a [`network::Architecture`] and [`network::NamedTensors`], on a device that
//! [`device::open`] chose. Both are checked before, so no network is built that cannot exist or
//! whose weights are another network's.

mod batch_norm;
pub mod cnn;
pub mod conv_unit;
mod dense_layer;
pub mod device;
mod dropout;
pub mod equivariance;
pub mod input;
mod shortcuts;

pub use cnn::Cnn;
pub use dropout::Masks;
