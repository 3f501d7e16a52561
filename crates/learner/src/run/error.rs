//! Why the folder of a run cannot be made, read or written.
//!
//! The texts say what is missing; the program adds what its user can type.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::config::ConfigError;
use crate::run::store::checkpoint::CheckpointError;

/// Why the folder of a run, or of several, cannot be used.
#[derive(Debug, Error)]
pub enum RunDirError {
    #[error("{}: {reason}", path.display())]
    Io { path: PathBuf, reason: io::Error },
    /// The text names the path.
    #[error("{0}")]
    Write(io::Error),
    #[error("{} is already there and is not overwritten; name another directory, or remove it", path.display())]
    Exists { path: PathBuf, is_run: bool },
    #[error("another process is training in {}; wait for its end, or name another directory", .0.display())]
    Locked(PathBuf),
    #[error("{} holds no run (no config.toml)", .0.display())]
    NoRun(PathBuf),
    /// A folder of several runs was named where one run is wanted.
    #[error("{}", several(path, *count))]
    Several { path: PathBuf, count: usize, first: Option<PathBuf> },
    #[error("{} holds no runs", .0.display())]
    NoRuns(PathBuf),
    #[error("{} holds no finished epoch, so no model yet", .0.display())]
    NoModel(PathBuf),
    #[error("{}: {problem}", path.display())]
    Damaged { path: PathBuf, problem: String },
    #[error("the run's configuration is not usable")]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

fn several(path: &Path, count: usize) -> String {
    match count {
        0 => format!("{} is a folder of several runs and holds none yet", path.display()),
        1 => format!("{} is a folder of several runs and holds 1 run; name the run itself", path.display()),
        count => format!("{} holds {count} runs; name one of them", path.display()),
    }
}
