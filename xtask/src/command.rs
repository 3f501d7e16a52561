//! Runs other programs, and prints progress for the user.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Prints a line for the user on standard error.
pub(crate) fn say(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

/// Runs `cargo` with these words and variables of the environment. What it prints is shown.
pub(crate) fn cargo(root: &Path, variables: &[(&str, &str)], words: &str) -> Result<()> {
    say(&format!("$ cargo {words}"));
    let mut command = Command::new("cargo");
    command.args(words.split_whitespace()).envs(variables.iter().copied()).current_dir(root);
    let status = command.status().context("cargo could not be started")?;
    if !status.success() {
        bail!("cargo {words} failed ({status})");
    }
    Ok(())
}

/// Runs a program, and returns what it prints on standard output.
pub(crate) fn output<S: AsRef<OsStr>>(root: &Path, program: &str, arguments: &[S]) -> Result<String> {
    let output = Command::new(program).args(arguments).current_dir(root).output();
    let output = output.with_context(|| format!("{program} could not be started"))?;
    if !output.status.success() {
        let words: Vec<_> = arguments.iter().map(|a| a.as_ref().to_string_lossy().into_owned()).collect();
        let reason = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("{program} {} failed ({}): {reason}", words.join(" "), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Builds the program, and returns the path of its binary.
pub(crate) fn build_program(root: &Path, flags: &str) -> Result<String> {
    say(&format!("building: cargo build -p cli {flags}"));
    let arguments = format!("build -p cli --bin mnist-cnn --message-format json-render-diagnostics {flags}");
    let messages = output(root, "cargo", &arguments.split_whitespace().collect::<Vec<_>>())?;
    executable(&messages).context("cargo named no executable")
}

/// The last executable that cargo's messages name.
pub(crate) fn executable(messages: &str) -> Option<String> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(str::to_owned))
        .next_back()
}

/// The median; of two values in the middle, the larger one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Compares times of today's version with those of an earlier one, which were measured in turn: gives the
/// median of the rounds' ratios, and the least and greatest of them.
pub(crate) fn times_as_long(now: &[f64], before: &[f64]) -> String {
    let mut ratios: Vec<f64> = now.iter().zip(before).map(|(now, before)| now / before).collect();
    ratios.sort_by(f64::total_cmp);
    let [least, most] = [ratios.first(), ratios.last()].map(|ratio| ratio.copied().unwrap_or(f64::NAN));
    format!(
        "takes {:.3} times as long as before ({least:.3} to {most:.3}, {} rounds)",
        median(ratios.clone()),
        ratios.len()
    )
}

/// Mean, and standard deviation of a sample (0 of a single value).
pub(crate) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0).max(1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_the_same_round() {
        let said = times_as_long(&[1.0, 4.0, 3.0], &[1.0, 2.0, 2.0]);
        assert_eq!(said, "takes 1.500 times as long as before (1.000 to 2.000, 3 rounds)");
    }
}
