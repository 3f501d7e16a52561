//! Checks that `cargo run`, the documented command, trains as fast as `cargo run --release`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{build_program, output, say};

/// About half a minute on two cores: long enough to be measured, short enough to repeat.
const STEPS: &str = "data.train_limit=6400";

pub(crate) fn run(root: &Path, pairs: usize) -> Result<()> {
    let programs = [build_program(root, "")?, build_program(root, "--release")?];
    let mut ratios = Vec::new();
    for pair in 1..=pairs.max(1) {
        let mut seconds = [0.0; 2];
        // Both take turns, and the order changes from pair to pair, so that a drift of the machine's speed
        // cancels out.
        for i in if pair % 2 == 0 { [1, 0] } else { [0, 1] } {
            seconds[i] = train(root, &programs[i])?;
        }
        say(&format!("pair {pair}: cargo run {:.2} s, cargo run --release {:.2} s", seconds[0], seconds[1]));
        ratios.push(seconds[0] / seconds[1]);
    }
    ratios.sort_by(f64::total_cmp);
    say(&format!(
        "cargo run takes {:.3} times as long as --release (median of {} pairs; {:.3} to {:.3})",
        ratios[ratios.len() / 2],
        ratios.len(),
        ratios[0],
        ratios[ratios.len() - 1]
    ));
    Ok(())
}

/// Seconds of one short training run, without start-up.
fn train(root: &Path, program: &str) -> Result<f64> {
    let dir = root.join("target/profiles");
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    let dir = dir.display().to_string();
    let text =
        output(root, program, &["train", "--set", "train.epochs=1", "--set", STEPS, "--json", "-p", &dir])?;
    let report: Value = serde_json::from_str(&text)?;
    report["seconds"].as_f64().context("train --json printed no seconds")
}
