//! The configuration of a run: as TOML text, as tables, and checked as a whole.

mod advice;
mod assign;
mod checked;
pub mod checkpoint_size;
mod decode;
mod error;
mod keys;
mod mistake;
pub mod resume;
mod single_precision;
mod tables;
mod text;

pub use checked::{Config, Describe};
pub use decode::NotText;
pub(crate) use decode::decode;
pub use error::{ConfigError, Problem};
pub use tables::{DataConfig, LARGEST_WHOLE, Optimizer, Schedule, Tables, TrainConfig};
pub(crate) use text::line_and_column;
pub use text::{parse, parse_bytes, parse_bytes_with, parse_with, to_toml};
