//! The lecture's convolutional network on Burn: one description, any backend.
//!
//! A [`ModelConfig`] says what the user wants; an [`Architecture`] is a configuration
//! whose shapes were checked against a picture size; a [`Cnn`] is built from an
//! architecture and [`Weights`], on a device that [`device::open`] chose. So a network
//! that cannot exist, or whose weights are another network's, is never built.

pub mod architecture;
pub mod cnn;
pub mod config;
pub mod connections;
pub mod conv_unit;
pub mod device;
pub mod equivariance;
pub mod preprocess;
mod regularize;
pub mod weights;

pub use architecture::{Architecture, ShapeError};
pub use cnn::Cnn;
pub use config::ModelConfig;
pub use weights::Weights;
