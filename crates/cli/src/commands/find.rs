//! Which run a command is about: the one that was named, or the latest.

use std::path::Path;

use learner::run::find::{self, RunOrSeeds};
use learner::run::{RunDir, RunDirError};

use crate::exit::note;
use crate::paths::{runs_dir, short};

/// What was named, or the latest with a model; `doing` tells the user what is done with it.
///
/// # Errors
/// If nothing usable is there.
pub(crate) fn run_or_seeds(named: Option<&Path>, doing: &str) -> Result<RunOrSeeds, RunDirError> {
    if let Some(path) = named {
        return RunOrSeeds::open(path);
    }
    let runs = runs_dir();
    let found = find::latest(&runs, true)?.ok_or(RunDirError::NoModel(runs))?;
    note(&format!("{doing} the latest run, {}", short(found.path())));
    Ok(found)
}

/// The same, where one run is wanted.
///
/// # Errors
/// As [`run_or_seeds`], and if it is a folder of several runs.
pub(crate) fn one_run(named: Option<&Path>, doing: &str) -> Result<RunDir, RunDirError> {
    run_or_seeds(named, doing)?.one_run()
}
