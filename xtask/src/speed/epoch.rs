//! Measures what a whole epoch takes beyond its steps (start-up, validation, checkpoint), and its memory.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;

use super::contender::Contender;
use crate::command::{build_program, median, output, say, times_as_long};
use crate::earlier::Before;

/// What is timed.
#[derive(Debug, clap::Args)]
pub(crate) struct EpochArgs {
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    #[command(flatten)]
    before: Before,
}

pub(crate) fn run(root: &Path, data: &Path, args: &EpochArgs) -> Result<()> {
    let before = args.before.program(root, "")?;
    let program = build_program(root, "")?;
    let data = data.display().to_string();
    let (mut ratios, mut now_seconds, mut before_seconds) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=args.rounds.max(1) {
        // Steps are timed before and after the epoch, so that a drift of the machine's speed cancels out.
        let first = bare_step(root, &program, &data)?;
        let (seconds, report) = epoch(root, &program)?;
        let step = (first + bare_step(root, &program, &data)?) / 2.0;
        let steps = steps(root)?;
        let memory = report["peak_memory_bytes"]
            .as_f64()
            .map_or("unknown".to_owned(), |bytes| format!("{:.0} MB", bytes / 1e6));
        let ratio = seconds / (steps * step);
        say(&format!(
            "round {round}: {seconds:.2} s from start to end for {steps} steps of {:.2} ms: {ratio:.3} times the bare steps; peak memory {memory}",
            1e3 * step,
        ));
        ratios.push(ratio);
        if let Some(before) = &before {
            now_seconds.push(seconds);
            before_seconds.push(epoch(root, before)?.0);
        }
    }
    say(&format!("median of {} rounds: {:.3}", ratios.len(), median(ratios)));
    if before.is_some() {
        say(&format!("an epoch {}", times_as_long(&now_seconds, &before_seconds)));
    }
    Ok(())
}

/// Seconds of a step in the middle of the first epoch: a new process times 100 steps after the first 200.
///
/// A process that trained on from round to round would not do: later gradients are sparser, so its steps
/// would be faster than those of the epoch that they are compared with.
fn bare_step(root: &Path, program: &str, data: &str) -> Result<f64> {
    let words = ["bench", "--questions", "--config", "configs/default.toml", "--data-dir", data];
    let threads = std::thread::available_parallelism()?.get();
    let mut bench = Contender::start(root, "the bare steps", program, &words, threads)?;
    Ok(median(bench.ask("step 100")?) / 1e3)
}

/// Seconds of a whole process that trains one epoch, and what it reported.
fn epoch(root: &Path, program: &str) -> Result<(f64, Value)> {
    let dir = root.join("target/epoch");
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    let dir = dir.display().to_string();
    let words =
        ["train", "--config", "configs/default.toml", "--set", "train.epochs=1", "--json", "-p", &dir];
    let began = Instant::now();
    let text = output(root, program, &words)?;
    Ok((began.elapsed().as_secs_f64(), serde_json::from_str(&text)?))
}

/// Steps of the epoch just trained, from the first line of its metrics.
fn steps(root: &Path) -> Result<f64> {
    let metrics = fs::read_to_string(root.join("target/epoch/metrics.jsonl"))?;
    let start: Value = serde_json::from_str(metrics.lines().next().context("metrics.jsonl is empty")?)?;
    start["steps_per_epoch"].as_f64().context("metrics.jsonl does not begin with the start")
}
