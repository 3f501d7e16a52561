//! Measures how much longer a whole epoch takes than its bare steps, and how much memory.

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
    /// Compare an epoch whose images are changed in all ways of `[augment]` with one without, instead.
    #[arg(long, conflicts_with = "before")]
    augmented: bool,
    #[command(flatten)]
    before: Before,
}

/// All ways in which digits are changed, as far as configs/real.toml does.
const AUGMENTED: [&str; 9] = [
    "augment.rotation=12",
    "augment.shift=0.04",
    "augment.zoom=0.12",
    "augment.shear=0.2",
    "augment.elastic=0.03",
    "augment.stroke_width=0.02",
    "augment.erase=0.04",
    "augment.outliers=0.25",
    "augment.continental=0.25",
];

pub(crate) fn run(root: &Path, data: &Path, args: &EpochArgs) -> Result<()> {
    let before = args.before.program(root, "")?;
    let program = build_program(root, "")?;
    let data = data.display().to_string();
    if args.augmented {
        return compare_augmented(root, &program, &data, args.rounds);
    }
    let (mut ratios, mut now_seconds, mut before_seconds) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=args.rounds.max(1) {
        // The mean of the steps before and after the epoch cancels a slow drift of the machine's speed.
        let first = bare_step(root, &program, &data)?;
        let (seconds, report) = epoch(root, &program, &data, &[])?;
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
            before_seconds.push(epoch(root, before, &data, &[])?.0);
        }
    }
    say(&format!("median of {} rounds: {:.3}", ratios.len(), median(ratios)));
    if before.is_some() {
        say(&format!("an epoch {}", times_as_long(&now_seconds, &before_seconds)));
    }
    Ok(())
}

/// Compares an epoch with augmentation with one without, in turn.
fn compare_augmented(root: &Path, program: &str, data: &str, rounds: usize) -> Result<()> {
    let mut ratios = Vec::new();
    for round in 1..=rounds.max(1) {
        let plain = epoch(root, program, data, &[])?.0;
        let augmented = epoch(root, program, data, &AUGMENTED)?.0;
        ratios.push(augmented / plain);
        say(&format!(
            "round {round}: {plain:.2} s as they are, {augmented:.2} s augmented: {:.3}",
            augmented / plain
        ));
    }
    say(&format!("median of {} rounds: {:.3}", ratios.len(), median(ratios)));
    Ok(())
}

/// Seconds of a step in the middle of the first epoch: the median of 100 steps of a new process, after 200.
///
/// A process that trained from round to round would not do: its later gradients are sparser, so its steps
/// are quicker than those of the epoch that they are compared with.
fn bare_step(root: &Path, program: &str, data: &str) -> Result<f64> {
    let words = ["bench", "--questions", "--config", "configs/default.toml", "--data-dir", data];
    let threads = std::thread::available_parallelism()?.get();
    let mut bench = Contender::start(root, "the bare steps", program, &words, threads)?;
    Ok(median(bench.ask("step 100")?) / 1e3)
}

/// Seconds of a whole process that trains one epoch, and what it reported.
fn epoch(root: &Path, program: &str, data: &str, keys: &[&str]) -> Result<(f64, Value)> {
    let dir = root.join("target/epoch");
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    let dir = dir.display().to_string();
    let mut words =
        vec!["train", "--config", "configs/default.toml", "--data-dir", data, "--json", "-p", &dir];
    words.extend(["train.epochs=1"].iter().chain(keys).flat_map(|key| ["--set", *key]));
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
