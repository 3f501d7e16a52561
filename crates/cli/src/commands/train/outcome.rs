//! Says how training ended: what the run reached, where its files are, and what to type next.

use std::path::{Path, PathBuf};
use std::time::Duration;

use learner::run::RunDir;
use learner::run::store::checkpoint;
use learner::run::training::{FinishedRun, TrainError};
use learner::train::FitError;
use learner::train::state::{Best, TrainingState};
use run_files::names;
use serde::Serialize;

use crate::args::RunOptions;
use crate::exit::{Interrupted, note, print};
use crate::hint::Resumable;
use crate::paths::{as_text, command, quoted, short};
use crate::ui::numbers::duration;

/// A finished run, as `train --json` prints it.
#[derive(Debug, Serialize)]
pub(crate) struct TrainedRun {
    #[serde(serialize_with = "as_text")]
    pub(super) run: PathBuf,
    pub(super) best: Best,
    /// The page that shows the run.
    #[serde(serialize_with = "as_text")]
    report: PathBuf,
    /// The best model's file.
    #[serde(serialize_with = "as_text")]
    weights: PathBuf,
    pub(super) weights_sha256: String,
    pub(super) seconds: f64,
    /// Known only on Linux, and only if this process trained the run.
    peak_memory_bytes: Option<u64>,
    /// What is wrong with the run. Mostly it is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) warnings: Vec<String>,
    /// Whether this process trained the run.
    #[serde(skip)]
    pub(super) is_new: bool,
}

impl TrainedRun {
    /// A run that this process trained to its end.
    pub(super) fn now(finished: &FinishedRun, warnings: Vec<String>) -> Self {
        Self { peak_memory_bytes: peak_memory(), is_new: true, ..Self::before(finished, warnings) }
    }

    /// A run that another process trained to its end.
    pub(super) fn before(finished: &FinishedRun, warnings: Vec<String>) -> Self {
        let FinishedRun { run, best, model, took } = finished;
        Self {
            run: run.path().to_owned(),
            best: *best,
            report: run.file(names::PAGE),
            weights: model.weights_file(),
            weights_sha256: model.sha256.clone(),
            seconds: took.as_secs_f64(),
            peak_memory_bytes: None,
            warnings,
            is_new: false,
        }
    }
}

/// The most memory that the process has had at a time.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}

/// Prints what a single run reached.
pub(super) fn finished(options: &RunOptions, trained: &TrainedRun) -> anyhow::Result<()> {
    finished_and_next(options, trained, &command(&format!("test -p {}", quoted(&trained.run))))
}

/// Prints what a run reached, and which command comes next.
pub(crate) fn finished_and_next(
    options: &RunOptions,
    trained: &TrainedRun,
    next: &str,
) -> anyhow::Result<()> {
    // The warnings come first, so that they stand above the result, and are not what a pipe takes.
    trained.warnings.iter().for_each(|warning| note(&format!("warning: {warning}")));
    if options.json {
        return print(&(serde_json::to_string_pretty(trained)? + "\n"));
    }
    let best = trained.best;
    print(&format!(
        "Reached {:.2} % on validation (epoch {}, loss {:.4}) in {}.\nModel:  {}\nReport: {}\nNext:   {}\n",
        100.0 * best.score.accuracy,
        best.epoch,
        best.score.loss,
        duration(Duration::from_secs_f64(trained.seconds)),
        short(&trained.weights),
        short(&trained.report),
        next
    ))
}

/// The error of a run that a signal ended. `folder` is the folder of several runs, if this was one of
/// several.
pub(super) fn stopped(
    options: &RunOptions,
    run: &RunDir,
    folder: Option<&Path>,
    state: &TrainingState,
    signal: u8,
) -> anyhow::Error {
    let text = format!(
        "Stopped after step {} (epoch {}); everything is kept in {}.\nResume: {}",
        state.step,
        state.epoch,
        short(run.path()),
        resume_command(options, folder.unwrap_or(run.path()))
    );
    Interrupted { signal, text }.into()
}

/// The command that resumes a run, or several.
pub(super) fn resume_command(options: &RunOptions, path: &Path) -> String {
    let data = options.data_dir.data_dir.as_ref().map(|dir| format!(" --data-dir {}", quoted(dir)));
    let board = if options.tensorboard { " --tensorboard" } else { "" };
    let epochs = if options.keep_epochs { " --keep-epochs" } else { "" };
    let force = if options.memory.force { " --force" } else { "" };
    command(&format!("train --resume -p {}{board}{epochs}{force}{}", quoted(path), data.unwrap_or_default()))
}

/// Adds to the error that ended training what is kept of the run, and how to resume it.
pub(super) fn explain(options: &RunOptions, error: TrainError, folder: Option<&Path>) -> anyhow::Error {
    let TrainError::Fit { run, source } = error else { return error.into() };
    if matches!(source, FitError::Tensors(_) | FitError::State { .. }) {
        return anyhow::Error::new(source).context(format!("{} cannot be resumed", short(run.path())));
    }
    let kept = match checkpoint::newest(&run.checkpoints()) {
        Ok(None) => "stopped before the first checkpoint, so there is no model yet".to_owned(),
        Ok(Some(newest)) => format!("stopped; the last good state is kept in {}", short(&newest.path)),
        Err(damage) => format!("stopped; {damage}"),
    };
    let can_resume = matches!(source, FitError::Observer(_));
    let error = anyhow::Error::new(source);
    if can_resume {
        let command = resume_command(options, folder.unwrap_or(run.path()));
        error.context(Resumable { kept, command })
    } else {
        error.context(kept)
    }
}
