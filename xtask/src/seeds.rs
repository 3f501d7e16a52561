//! Trains and tests a configuration with several seeds, and prints the mean and the spread of its accuracy.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{build_program, mean_and_deviation, output, say};

/// What to train, how often, and what it has to reach.
#[derive(Debug, clap::Args)]
pub(crate) struct SeedsArgs {
    #[arg(long, default_value = "configs/default.toml")]
    config: PathBuf,
    /// Seeds 1, 2, ... up to this.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Override a key of the configuration.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Fail if the mean is below this many percent.
    #[arg(long, value_name = "PERCENT")]
    at_least: Option<f64>,
}

pub(crate) fn run(root: &Path, args: &SeedsArgs) -> Result<()> {
    let program = build_program(root, "")?;
    let mut accuracies = Vec::new();
    for seed in 1..=args.seeds {
        let dir = root.join(format!("target/seeds/{seed}"));
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        let dir = dir.display().to_string();
        let began = Instant::now();
        let (config, seed_key) = (args.config.display().to_string(), format!("train.seed={seed}"));
        let sets = args.set.iter().chain([&seed_key]).flat_map(|set| ["--set", set]);
        let words: Vec<&str> = ["train", "--config", &config, "-p", &dir].into_iter().chain(sets).collect();
        output(root, &program, &words)?;
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
    match args.at_least {
        Some(floor) if mean < floor => bail!("{mean:.3} % is below {floor} %"),
        _ => Ok(()),
    }
}
