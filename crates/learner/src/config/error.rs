//! The reasons why a configuration is refused, in words for the person who wrote it.

use dataset::Name;
use network::ShapeError;
use thiserror::Error;

use crate::config::decode::NotText;

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ConfigError {
    #[error("{path}: {reason}; expected a configuration file such as configs/default.toml")]
    Unreadable { path: String, reason: String },
    #[error("{path}: {reason}")]
    NotText { path: String, reason: NotText },
    #[error("{source_name}:{line}:{column}: {problem}")]
    Text { source_name: String, line: usize, column: usize, problem: Problem },
    #[error("the assignment {assignment}: {problem}")]
    Assignment { assignment: String, problem: Problem },
    #[error("{key} = {value}: expected {expected}")]
    Value { key: &'static str, value: String, expected: String },
    #[error(
        "a run can be resumed only with the configuration that it began with, and these keys differ:{keys}\n\
         To change them, start a new run. A resumed run may change train.log_every_steps,\n\
         train.checkpoint_every_steps and train.patience, and it may train for more epochs if its\n\
         schedule is constant and has no warm-up."
    )]
    Resume { keys: String },
    #[error("the configuration cannot be written as TOML: {problem}")]
    NotToml { problem: String },
    #[error("{count} seeds from train.seed = {first} on: expected the last seed to be at most {largest}")]
    Seeds { first: u64, count: u64, largest: u64 },
    /// `what` would need a file of `bytes` bytes in each checkpoint, which no checkpoint can be read from.
    #[error(
        "[model] describes a network of {parameters} parameters: {what} would take {bytes} bytes, expected \
         {largest} at most in a file of a checkpoint; choose smaller layers"
    )]
    TooLarge { parameters: usize, what: &'static str, bytes: u64, largest: u64 },
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// What the data set is cannot be found out. `place` is where it is named, if that is in a file, and ends with
    /// `: `. `is_unknown` says that there is no such data set.
    #[error("{place}data.dataset = {name}: {problem}")]
    Data { place: Box<str>, name: Name, is_unknown: bool, problem: Box<str> },
    #[error(
        "data.dataset = {name}: found the single class {class:?}, expected two classes or more to tell apart"
    )]
    OneClass { name: Name, class: String },
}

/// What is wrong in the text of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// No table has a key of this name at this place. The advice is the end of the sentence.
    #[error("unknown key `{key}`{advice}")]
    UnknownKey { key: String, advice: String },
    /// A text that is not TOML, or a value that its key does not take, in words.
    #[error("{0}")]
    Value(String),
}
