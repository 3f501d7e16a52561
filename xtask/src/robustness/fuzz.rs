//! Feeds mutated files to everything that reads files: at random, or by a fuzzer that is guided by coverage.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::say;

/// How many files, and how long.
#[derive(Debug, clap::Args)]
pub(crate) struct FuzzArgs {
    /// Mutated files of each kind: IDX, images, tables to import, configurations, manifests, states, weights.
    #[arg(long, default_value_t = 1_000_000)]
    mutations: u64,
    /// Also run each target below fuzz/ for so long (needs: cargo install cargo-fuzz; x86-64 Linux).
    #[arg(long, value_name = "SECONDS")]
    coverage_seconds: Option<u64>,
}

/// Each target, and the folders of the files that it begins with.
const TARGETS: [(&str, &[&str]); 8] = [
    ("idx", &["crates/dataset/tests/regressions"]),
    ("decode", &["crates/dataset/tests/images"]),
    ("import_csv", &[]),
    ("import_npz", &[]),
    ("import_idx", &["crates/dataset/tests/regressions"]),
    ("config", &["configs", "crates/learner/tests/regressions"]),
    ("checkpoint", &["crates/learner/tests/regressions"]),
    ("weights", &["crates/learner/tests/regressions"]),
];

pub(crate) fn run(root: &Path, args: &FuzzArgs) -> Result<()> {
    let mut tests = Command::new("cargo");
    tests.args(["test", "--workspace", "--locked", "--test", "mutations", "--test", "image_mutations"]);
    tests.args(["--test", "table_mutations", "--", "--nocapture"]);
    tests.env("MNIST_CNN_MUTATIONS", args.mutations.to_string());
    must(root, &mut tests, "a mutated file was not refused as it should be")?;
    let Some(seconds) = args.coverage_seconds else { return Ok(()) };
    for (target, seeds) in TARGETS {
        // The fuzzer writes what it finds into the first folder, so the files to begin with stay as they are.
        let found = root.join("target/fuzz-corpus").join(target);
        std::fs::create_dir_all(&found)?;
        let mut fuzz = Command::new("cargo");
        fuzz.args(["fuzz", "run", "--fuzz-dir", "fuzz", "--target-dir", "target/fuzz", target]);
        fuzz.arg(&found).args(seeds).arg("--");
        fuzz.args([&format!("-max_total_time={seconds}"), "-max_len=4096", "-print_final_stats=1"]);
        // Lets the stable compiler take the flags of coverage and sanitizer, for this build alone.
        fuzz.env("RUSTC_BOOTSTRAP", "1");
        must(root, &mut fuzz, &format!("the fuzzer broke {target}, or cargo-fuzz is missing"))?;
    }
    Ok(())
}

fn must(root: &Path, command: &mut Command, failure: &str) -> Result<()> {
    say(&format!("\n{command:?}"));
    let status = command.current_dir(root).status().context("cargo could not be started")?;
    if status.success() { Ok(()) } else { bail!("{failure} ({status})") }
}
