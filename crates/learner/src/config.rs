//! The configuration of a run: as TOML text, as tables, and checked as a whole.

mod checked;
pub mod checkpoint_size;
mod error;
pub mod resume;
mod tables;
mod text;

pub use checked::{Config, IMAGE_SHAPE};
pub use error::ConfigError;
pub use tables::{DataConfig, Optimizer, Schedule, Tables, TrainConfig};
pub use text::{parse, to_toml};
