//! A configuration's test accuracy as a mean over seeds, the way figures are quoted here.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{build_program, mean_and_deviation, output, say};

pub(crate) fn run(root: &Path, config: &Path, seeds: u64) -> Result<()> {
    let program = build_program(root, "")?;
    let mut accuracies = Vec::new();
    for seed in 1..=seeds.max(1) {
        let dir = root.join(format!("target/seeds/{seed}"));
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        let dir = dir.display().to_string();
        let began = Instant::now();
        let (config, seed_key) = (config.display().to_string(), format!("train.seed={seed}"));
        output(root, &program, &["train", "--config", &config, "--set", &seed_key, "-p", &dir])?;
        let trained = began.elapsed().as_secs_f64();
        let report: Value = serde_json::from_str(&output(root, &program, &["test", "-p", &dir, "--json"])?)?;
        let accuracy = report["evaluation"]["accuracy"].as_f64().context("test.json holds no accuracy")?;
        let sha = report["weights_sha256"].as_str().unwrap_or_default();
        say(&format!(
            "seed {seed}: {:.2} % on the test set (best epoch {}), trained in {trained:.0} s, weights {:.12}",
            100.0 * accuracy,
            report["epoch"],
            sha
        ));
        accuracies.push(100.0 * accuracy);
    }
    let (mean, deviation) = mean_and_deviation(&accuracies);
    let n = accuracies.len();
    say(&format!(
        "mean of {n} seeds: {mean:.3} %, standard deviation {deviation:.3}, standard error {:.3}",
        deviation / (n as f64).sqrt()
    ));
    Ok(())
}
