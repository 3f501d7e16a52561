//! Finds the run that a command is about: the one that was named, or the latest.

use std::path::Path;

use learner::run::find::{self, RunOrSeeds};
use learner::run::{RunDir, RunDirError, SeedsDir};

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

/// The seeds of a folder whose runs are damaged, each with the reason.
pub(crate) type DamagedSeeds = Vec<(u64, anyhow::Error)>;

/// Says which runs of a folder are missing from a result that the other runs gave.
///
/// # Errors
/// If there are any. The error is that of the first one.
pub(crate) fn left_out(folder: &SeedsDir, damaged: DamagedSeeds) -> anyhow::Result<()> {
    let seeds: Vec<String> = damaged.iter().map(|(seed, _)| seed.to_string()).collect();
    let mut damaged = damaged.into_iter();
    let Some((_, first)) = damaged.next() else { return Ok(()) };
    for (seed, error) in damaged {
        note(&format!("warning: seed {seed} is left out: {error:#}"));
    }
    Err(first.context(format!(
        "{} of the {} runs in {} could not be used and are missing from the result (seed {})",
        seeds.len(),
        folder.seeds().len(),
        short(folder.path()),
        seeds.join(", ")
    )))
}
