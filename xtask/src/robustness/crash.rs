//! Breaks runs on purpose and counts what was lost, which must be nothing.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::command::{build_program, say};

mod faults;
mod full_disk;
mod interruptions;
mod lab;
mod races;
mod read_only;
mod shims;

use lab::CrashLab;

/// How long it takes, and what is broken.
#[derive(Debug, clap::Args)]
pub(crate) struct CrashArgs {
    /// Two minutes instead of ten, for CI.
    #[arg(long)]
    short: bool,
    /// Seed of the random moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run only these trials.
    #[arg(long, value_delimiter = ',', value_parser = TRIALS)]
    only: Vec<String>,
}

const TRIALS: [&str; 9] =
    ["kills", "interrupts", "faults", "nan", "full-disk", "read-only", "shims", "races", "bits"];

/// A kind of failure: its name, and a function that provokes it and says how often nothing was lost.
type Trial<'a> = (&'a str, Box<dyn Fn() -> Result<String> + 'a>);

pub(crate) fn run(root: &Path, args: &CrashArgs) -> Result<()> {
    let lab = prepare(root, args.seed)?;
    let of = |short: usize, long: usize| if args.short { short } else { long };
    let shim = root.join("xtask/src/robustness/crash/shim.c");
    let runs: [Box<dyn Fn() -> Result<String> + '_>; 9] = [
        Box::new(|| interruptions::kills(&lab, of(15, 200))),
        Box::new(|| interruptions::interrupts(&lab, of(9, 100))),
        Box::new(|| faults::every_operation(&lab, of(7, 1))),
        Box::new(|| faults::not_a_number(&lab, of(3, 20))),
        Box::new(|| full_disk::run(&lab, of(4, 40))),
        Box::new(|| read_only::run(&lab)),
        Box::new(|| shims::run(&lab, &shim, args.short)),
        Box::new(|| races::run(&lab, of(5, 50))),
        Box::new(|| bits(root, of(2_000, 10_000))),
    ];
    let trials: Vec<Trial<'_>> = TRIALS.into_iter().zip(runs).collect();
    let mut failed = Vec::new();
    let mut lines = Vec::new();
    for (name, trial) in &trials {
        if !args.only.is_empty() && !args.only.iter().any(|only| only == name) {
            continue;
        }
        let line = trial().unwrap_or_else(|error| {
            failed.push(*name);
            format!("FAILED: {error:#}")
        });
        say(&format!("{name}: {line}"));
        lines.push(format!("  {name:<11} {line}"));
    }
    say(&format!("\n{}", lines.join("\n")));
    if failed.is_empty() { Ok(()) } else { bail!("something was lost: {}", failed.join(", ")) }
}

/// Builds the program twice, as it is and with faults on demand, into an empty folder.
fn prepare(root: &Path, seed: u64) -> Result<CrashLab> {
    let folder = root.join("target/crash");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let faulty = folder.join("mnist-cnn-with-faults");
    fs::copy(build_program(root, "--features fault-injection")?, &faulty)?;
    let program = folder.join("mnist-cnn");
    fs::copy(build_program(root, "")?, &program)?;
    CrashLab::new(folder, program, faulty, seed)
}

/// Flips bits and truncates files, through the library's own test on real files.
fn bits(root: &Path, flips: usize) -> Result<String> {
    let name = "every_flipped_bit_and_every_truncation_is_refused";
    let status = std::process::Command::new("cargo")
        .args(["test", "--workspace", "--locked", "--lib", "--", name])
        .env("MNIST_CNN_BIT_FLIPS", flips.to_string())
        .current_dir(root)
        .output()?;
    let text = String::from_utf8_lossy(&status.stdout);
    if !status.status.success() || !text.contains("1 passed") {
        bail!("{text}{}", String::from_utf8_lossy(&status.stderr));
    }
    Ok(format!(
        "{flips} positions over all files, the whole manifest among them, and every truncation: all refused"
    ))
}
