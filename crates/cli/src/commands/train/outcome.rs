//! What `train` says when it has ended: what it reached, where that is, and what to type next.

use std::path::{Path, PathBuf};
use std::time::Duration;

use learner::run::store::checkpoint::{self, WEIGHTS};
use learner::train::fit::FitError;
use learner::run::run_dir::RunDir;
use learner::train::state::{Best, Position};
use serde::Serialize;

use crate::args::TrainArgs;
use crate::exit::{Interrupted, print};
use crate::paths::{command, quoted, short};
use crate::ui::progress::duration;

/// A run that came to its end: what `train --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Trained {
    pub(crate) run: PathBuf,
    pub(crate) best: Best,
    /// The page that shows the run.
    report: PathBuf,
    /// The best model's file.
    weights: PathBuf,
    weights_sha256: String,
    pub(crate) seconds: f64,
    /// Where the system tells it, and this process trained the run.
    peak_memory_bytes: Option<u64>,
    /// Whether this process trained it.
    #[serde(skip)]
    pub(crate) is_new: bool,
}

impl Trained {
    /// A run that this process brought to its end.
    pub(crate) fn now(run: &RunDir, best: Best, took: Duration) -> anyhow::Result<Self> {
        let before = Self::before(run, best, took)?;
        Ok(Self { peak_memory_bytes: peak_memory(), is_new: true, ..before })
    }

    /// A run that another process brought to its end.
    pub(crate) fn before(run: &RunDir, best: Best, took: Duration) -> anyhow::Result<Self> {
        let (model, folder) = run.best_model()?;
        Ok(Self {
            run: run.path().to_owned(),
            best,
            report: run.page(),
            weights: folder.join(WEIGHTS),
            weights_sha256: model.weights.sha256()?,
            seconds: took.as_secs_f64(),
            peak_memory_bytes: None,
            is_new: false,
        })
    }
}

/// The most memory that the process had at a time.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}

/// A single run that came to its end.
pub(crate) fn finished(args: &TrainArgs, trained: &Trained) -> anyhow::Result<()> {
    if args.json {
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
        command(&format!("test -p {}", quoted(&trained.run)))
    ))
}

/// A run that a signal asked to end. `again` is the run's directory, or the one of several runs.
pub(crate) fn stopped(
    args: &TrainArgs,
    run: &RunDir,
    again: &Path,
    at: &Position,
    signal: u8,
) -> anyhow::Error {
    let text = format!(
        "Stopped after step {} (epoch {}); everything is kept in {}.\nGo on:  {}",
        at.step,
        at.epoch,
        short(run.path()),
        resume_command(args, again)
    );
    Interrupted { signal, text }.into()
}

pub(crate) fn resume_command(args: &TrainArgs, path: &Path) -> String {
    let data = args.data_dir.data_dir.as_ref().map(|dir| format!(" --data-dir {}", quoted(dir)));
    let board = if args.tensorboard { " --tensorboard" } else { "" };
    command(&format!("train --resume -p {}{board}{}", quoted(path), data.unwrap_or_default()))
}

/// Adds to the reason why a run failed what is kept of it, and how to go on.
pub(crate) fn explain(args: &TrainArgs, error: FitError, run: &RunDir, again: &Path) -> anyhow::Error {
    if matches!(error, FitError::Weights(_) | FitError::Position { .. }) {
        return anyhow::Error::new(error).context(format!("{} cannot be gone on with", short(run.path())));
    }
    let kept = match checkpoint::newest(&run.checkpoints()) {
        Ok(None) => "stopped before the first checkpoint, so there is no model yet".to_owned(),
        Ok(Some(newest)) => format!("stopped; the last good state is kept in {}", short(&newest.path)),
        Err(damage) => format!("stopped; {damage}"),
    };
    let advice = match &error {
        FitError::Observer(_) => format!("; when there is room again: {}", resume_command(args, again)),
        _ => String::new(),
    };
    anyhow::Error::new(error).context(kept + &advice)
}
