//! What to type when the folder of a run, of several, or of a sweep cannot be used.

use std::path::Path;

use learner::run::RunDirError;
use learner::run::find::RunOrSeeds;

use crate::paths::{command, quoted};

pub(super) fn of(error: &RunDirError) -> Option<String> {
    match error {
        // The file of a run was named in place of the run.
        RunDirError::Blocked(obstacle) => {
            let folder = obstacle.path.parent().filter(|folder| RunOrSeeds::open(folder).is_ok())?;
            Some(format!("for example: -p {}", quoted(folder)))
        }
        RunDirError::NoRun(path) => {
            Some(format!("train one with: {}", command(&format!("train -p {}", quoted(path)))))
        }
        RunDirError::NoSweep(path) => Some(format!(
            "begin one with: {}",
            command(&format!("sweep run {} --sweep configs/sweep.toml", quoted(path)))
        )),
        RunDirError::Sweep(path) => Some(format!(
            "see which trial is the best, and what to train and test then, with: {}",
            command(&format!("sweep report {}", quoted(path)))
        )),
        RunDirError::NoRuns(_) | RunDirError::NoModel(_) => {
            Some(format!("train one with: {}", command("train")))
        }
        RunDirError::Exists { path, is_run: true } => Some(format!("resume it with: {}", resume(path))),
        RunDirError::Several { path, first: None, .. } => {
            Some(format!("begin the runs with: {}", resume(path)))
        }
        RunDirError::Several { first: Some(first), .. } => Some(format!("for example: -p {}", quoted(first))),
        RunDirError::Imported(path) => Some(format!(
            "begin a new run with its weights: {}",
            command(&format!("train --init {}", quoted(path)))
        )),
        RunDirError::OtherNumerics { path, before, now, .. } => {
            Some(of_numerics(path, before.version == now.version))
        }
        RunDirError::OtherData { config, .. } => Some(format!(
            "put data.dataset back; a model is tested on other data with: {}",
            command(&format!("test -p {} --data NAME", quoted(config.parent().unwrap_or(config))))
        )),
        RunDirError::Io { .. }
        | RunDirError::Write(_)
        | RunDirError::Exists { is_run: false, .. }
        | RunDirError::Locked(_)
        | RunDirError::Damaged { .. }
        | RunDirError::Newer { .. }
        | RunDirError::Config(_)
        | RunDirError::Checkpoint(_) => None,
    }
}

/// What to do about a run of another arithmetic. The version of a run can be had again only with an earlier
/// program, its vector instructions with the environment.
fn of_numerics(path: &Path, is_same_version: bool) -> String {
    let instead = match is_same_version {
        true => "name other vector instructions with MNIST_CNN_SIMD",
        false => "train anew",
    };
    let accept = command(&format!("train --resume --accept-numerics -p {}", quoted(path)));
    format!("{instead}, or go on all the same with: {accept}")
}

fn resume(path: &Path) -> String {
    command(&format!("train --resume -p {}", quoted(path)))
}
