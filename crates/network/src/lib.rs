//! What a network is, without Burn: what a user asks for, the shapes that follow, and the tensors.
//!
//! A [`ModelConfig`] holds what a user asks for. An [`Architecture`] is a configuration whose shapes
//! were checked against the size of the images, so it describes only networks that can exist. It
//! knows the name and shape of every tensor, draws initial values for them, and refuses
//! [`NamedTensors`] that belong to another network. The crate `model` builds the network on Burn
//! from these two.
//!
//! Nothing here reads a file, a clock or the system's random source, so the crate also works in a
//! browser (wasm32-unknown-unknown).

pub mod architecture;
pub mod config;
pub mod export;
pub mod forward;
pub mod import;
pub mod model_file;
pub mod plan;
pub mod reading;
pub mod shapes;
pub mod state_dict;
pub mod summary;
pub mod tensors;
pub mod thresholds;

pub use architecture::{Architecture, ShapeError};
pub use config::{ModelConfig, UnitConfig};
pub use model_file::{ModelFile, ModelFileError, ModelSource, builtin, description};
pub use reading::answer;
pub use shapes::{FeatureMapShape, UnitShape};
pub use state_dict::{Initial, TensorSpec};
pub use summary::connections;
pub use summary::layer_table::LayerRow;
pub use summary::memory::NetworkMemory;
pub use tensors::{NamedTensors, TensorsError};
pub use thresholds::Thresholds;
