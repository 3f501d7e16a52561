//! What `train` says when it has ended: what it reached, where that is, and what to type next.

use std::path::{Path, PathBuf};

use learner::checkpoint::{self, WEIGHTS};
use learner::fit::FitError;
use learner::run_dir::RunDir;
use learner::snapshot::{Best, Position};
use serde::Serialize;

use crate::args::TrainArgs;
use crate::exit::{Interrupted, print};
use crate::paths::{command, quoted, short};
use crate::progress::{Progress, duration};

/// What `train --json` prints.
#[derive(Serialize)]
struct TrainReport<'a> {
    run: &'a Path,
    best: Best,
    /// The best model's file.
    weights: PathBuf,
    weights_sha256: String,
    seconds: f64,
    /// Where the system tells it.
    peak_memory_bytes: Option<u64>,
}

/// The most memory that the process had at a time.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}

/// A run that came to its end.
pub(crate) fn finished(
    args: &TrainArgs,
    run: &RunDir,
    best: &Best,
    progress: &Progress,
) -> anyhow::Result<()> {
    let (model, folder) = run.best_model()?;
    let weights = folder.join(WEIGHTS);
    let took = progress.learned();
    if args.json {
        let report = TrainReport {
            run: run.path(),
            best: *best,
            weights,
            weights_sha256: model.weights.sha256()?,
            seconds: took.as_secs_f64(),
            peak_memory_bytes: peak_memory(),
        };
        return print(&(serde_json::to_string_pretty(&report)? + "\n"));
    }
    print(&format!(
        "Reached {:.2} % on validation (epoch {}, loss {:.4}) in {}.\nModel:  {}\nNext:   {}\n",
        100.0 * best.score.accuracy,
        best.epoch,
        best.score.loss,
        duration(took),
        short(&weights),
        command(&format!("test -p {}", quoted(run.path())))
    ))
}

/// A run that a signal asked to end.
pub(crate) fn stopped(args: &TrainArgs, run: &RunDir, at: &Position, signal: u8) -> anyhow::Error {
    let text = format!(
        "Stopped after step {} (epoch {}); everything is kept in {}.\nGo on:  {}",
        at.step,
        at.epoch,
        short(run.path()),
        resume_command(args, run)
    );
    Interrupted { signal, text }.into()
}

fn resume_command(args: &TrainArgs, run: &RunDir) -> String {
    let data = args.data_dir.data_dir.as_ref().map(|dir| format!(" --data-dir {}", quoted(dir)));
    command(&format!("train --resume -p {}{}", quoted(run.path()), data.unwrap_or_default()))
}

/// Adds to the reason why a run failed what is kept of it, and how to go on.
pub(crate) fn explain(args: &TrainArgs, error: FitError, run: &RunDir) -> anyhow::Error {
    if matches!(error, FitError::Weights(_) | FitError::Position { .. }) {
        return anyhow::Error::new(error).context(format!("{} cannot be gone on with", short(run.path())));
    }
    let kept = match checkpoint::newest(&run.checkpoints()) {
        Ok(None) => "stopped before the first checkpoint, so there is no model yet".to_owned(),
        Ok(Some(newest)) => format!("stopped; the last good state is kept in {}", short(&newest.path)),
        Err(damage) => format!("stopped; {damage}"),
    };
    let advice = match &error {
        FitError::Observer(_) => format!("; when there is room again: {}", resume_command(args, run)),
        _ => String::new(),
    };
    anyhow::Error::new(error).context(kept + &advice)
}
