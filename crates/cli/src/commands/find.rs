//! Finds the run that a command is about: the one that was named, or the latest.

use std::path::Path;

use learner::run::find::{self, RunOrSeeds};
use learner::run::{RunDir, RunDirError};

use crate::exit::note;
use crate::paths::{runs_dir, short};

/// The run or the folder of seeds that was named, or else the latest one with a model. In that case the user
/// is told what is done with it: `doing` is a word such as "testing".
///
/// # Errors
/// If there is no such run, or it cannot be read.
pub(crate) fn run_or_seeds(named: Option<&Path>, doing: &str) -> Result<RunOrSeeds, RunDirError> {
    if let Some(path) = named {
        return RunOrSeeds::open(path);
    }
    let runs = runs_dir();
    let found = find::latest(&runs, true)?.ok_or_else(|| RunDirError::NoModel(short(&runs).into()))?;
    note(&format!("{doing} the latest run, {}", short(found.path())));
    Ok(found)
}

/// As [`run_or_seeds`], for a command that needs a single run.
///
/// # Errors
/// As [`run_or_seeds`], and if it is a folder of several runs.
pub(crate) fn one_run(named: Option<&Path>, doing: &str) -> Result<RunDir, RunDirError> {
    run_or_seeds(named, doing)?.one_run()
}
