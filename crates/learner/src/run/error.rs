//! The errors of reading and writing the folder of a run.
//!
//! The texts say what is wrong or missing. The program adds the command that its user can type.

use std::io;
use std::path::{Path, PathBuf};

use dataset::verify::Obstacle;
use run_files::Numerics;
use thiserror::Error;

use crate::config::ConfigError;
use crate::run::store::checkpoint::CheckpointError;

/// Why the folder of a run, or of several, cannot be used.
#[derive(Debug, Error)]
pub enum RunDirError {
    #[error("{}: {reason}", path.display())]
    Io { path: PathBuf, reason: io::Error },
    /// A link to nothing or a file stands where the folder should be.
    #[error("{0}")]
    Blocked(Obstacle),
    /// A write failed. The text of the inner error already names the path.
    #[error("{0}")]
    Write(io::Error),
    /// The folder for a new run is not empty. `is_run` says whether it holds a run or several.
    #[error(
        "{} is already there and is not overwritten; name another directory, or remove this one",
        path.display()
    )]
    Exists { path: PathBuf, is_run: bool },
    #[error("another process is training in {}; wait until it ends, or name another directory", .0.display())]
    Locked(PathBuf),
    #[error("{} holds no run (no config.toml)", .0.display())]
    NoRun(PathBuf),
    #[error("{} is no sweep (no sweep.json)", .0.display())]
    NoSweep(PathBuf),
    /// The folder is a sweep, but a run is needed here.
    #[error("{} is a sweep, whose trials are compared on the validation images alone", .0.display())]
    Sweep(PathBuf),
    /// The folder holds several runs, but only one run can be used here.
    #[error("{}", several(path, *count))]
    Several { path: PathBuf, count: usize, first: Option<PathBuf> },
    #[error("{} holds no runs", .0.display())]
    NoRuns(PathBuf),
    #[error("{} holds no finished epoch, so there is no model yet", .0.display())]
    NoModel(PathBuf),
    #[error("{}: {problem}", path.display())]
    Damaged { path: PathBuf, problem: String },
    /// The configuration of a run or of several, at `config`, names another data set than the circumstances at
    /// `info`, which say on which data the run was trained.
    #[error(
        "{} says {named}, but {} says that the run was trained on {trained}; expected the same data set in both",
        config.display(),
        info.display()
    )]
    OtherData { config: PathBuf, named: String, info: PathBuf, trained: String },
    /// A newer version of the program wrote a file that this version cannot read.
    #[error(
        "{} was made by version {version} of the program, and this is version {}: {problem}",
        path.display(),
        env!("CARGO_PKG_VERSION")
    )]
    Newer { path: PathBuf, version: String, problem: String },
    /// The newest steps of the run at `path` were computed with another arithmetic than this program's on this
    /// device, as its circumstances at `info` say.
    #[error(
        "{} says that the run was computed with {before} until step {steps}, and it would go on with {now}; \
         its weights would be those of neither",
        info.display()
    )]
    OtherNumerics { path: PathBuf, info: PathBuf, steps: usize, before: Numerics, now: Numerics },
    #[error("{} was imported, and so has no training that could go on", .0.display())]
    Imported(PathBuf),
    #[error("the run's configuration cannot be used")]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// A file that could not be written.
#[derive(Debug, Error)]
#[error("{} could not be written", path.display())]
pub struct Unwritten {
    pub path: PathBuf,
    pub source: Box<RunDirError>,
}

fn several(path: &Path, count: usize) -> String {
    match count {
        0 => format!("{} is a folder of several runs and holds none yet", path.display()),
        1 => format!("{} is a folder of several runs and holds 1 run; name the run itself", path.display()),
        count => format!("{} holds {count} runs; name one of them", path.display()),
    }
}
