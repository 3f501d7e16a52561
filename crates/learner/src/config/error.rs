//! Why a configuration is refused, in words for its author.

use network::ShapeError;
use thiserror::Error;

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ConfigError {
    #[error("{path}: {reason}; expected a configuration file, as configs/default.toml")]
    Unreadable { path: String, reason: String },
    #[error("{source_name}:{line}:{column}: {problem}{}", hint(.nearest))]
    Text { source_name: String, line: usize, column: usize, problem: String, nearest: Option<String> },
    #[error("--set {assignment}: {problem}{}", hint(.nearest))]
    Set { assignment: String, problem: String, nearest: Option<String> },
    #[error("{key} = {value}: expected {expected}")]
    Value { key: &'static str, value: f64, expected: &'static str },
    #[error(
        "a run is resumed with the configuration that it began with:{keys}\nStart a new run for that. What may change is train.log_every_steps, train.patience,\ntrain.checkpoint_every_steps, and train.epochs under a constant schedule (more of\nthem, without warm-up)."
    )]
    Resume { keys: String },
    #[error("{count} seeds from train.seed = {first} on: expected the last to be {largest} at most")]
    Seeds { first: u64, count: u64, largest: u64 },
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|key| format!("; did you mean `{key}`?")).unwrap_or_default()
}
