//! Runs the kernels' tests under AddressSanitizer, which notices any access outside allocated memory.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::say;

/// Sanitizers are not stable yet. This lets the stable compiler accept the flag, for this build alone.
const UNSTABLE: (&str, &str) = ("RUSTC_BOOTSTRAP", "1");
/// With a named target only the code under test is instrumented, and build scripts are not.
const TARGET: &str = "x86_64-unknown-linux-gnu";

pub(crate) fn run(root: &Path) -> Result<()> {
    let arguments = format!("test -p kernels --lib --tests --target {TARGET} --target-dir target/sanitize");
    say(&format!("$ RUSTFLAGS=-Zsanitizer=address cargo {arguments}"));
    let status = Command::new("cargo")
        .args(arguments.split(' '))
        .current_dir(root)
        .env(UNSTABLE.0, UNSTABLE.1)
        .env("RUSTFLAGS", "-Zsanitizer=address")
        // The threads of a pool keep memory for reuse as long as the process lives, which is no leak.
        .env("ASAN_OPTIONS", "detect_leaks=0")
        .status()
        .context("cargo could not be started")?;
    if !status.success() {
        bail!("the kernels' tests failed under AddressSanitizer ({status})");
    }
    Ok(())
}
