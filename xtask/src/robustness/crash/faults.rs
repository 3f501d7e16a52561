//! Lets each write, sync, rename and removal fail once, and the process die at each; makes weights NaN.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::lab::{CrashLab, copy, entries, newest_step, remains, said, start};

const EPOCHS: usize = 3;
/// Steps between two looks at the loss, as in the default configuration.
const WINDOW: usize = 20;

/// Hits every `spacing`th operation of a new run and of a resumed one, as an error and as the process's end.
pub(super) fn every_operation(lab: &CrashLab, spacing: usize) -> Result<String> {
    let new = new_run(lab, spacing)?;
    let resumed = resumed_run(lab, spacing)?;
    Ok(format!(
        "{new} of a new run, {resumed} of one that is resumed from a damaged checkpoint: 0 lost checkpoints, 0 leftovers, all ended in the same bits"
    ))
}

fn new_run(lab: &CrashLab, spacing: usize) -> Result<String> {
    let expected = lab.whole("faults-whole", EPOCHS)?;
    let mut newest = 0;
    attack(spacing, |fault| {
        if fault.ends_with(":1") {
            newest = 0;
        }
        let run = lab.place("faults")?;
        if !is_hit(lab, &lab.train(&run, EPOCHS), fault)? {
            return Ok(false);
        }
        // A fault that comes later in the run must not leave an older checkpoint.
        ensure!(newest_step(&run) >= newest, "it lost the checkpoint of step {newest}");
        newest = newest_step(&run);
        let resumed = lab.finish(&run, EPOCHS)?;
        let from = format!("resuming after step {newest}\n");
        ensure!(newest == 0 || said(&resumed).contains(&from), "{}", said(&resumed));
        remains(&run)?.check(&expected)?;
        Ok(true)
    })
}

/// A run that ended in the middle, half-written files beside it and its newest checkpoint damaged.
fn resumed_run(lab: &CrashLab, spacing: usize) -> Result<String> {
    let expected = lab.whole("faults-whole", EPOCHS)?;
    let broken = lab.place("faults-broken")?;
    start(&mut lab.with_fault(&lab.train(&broken, EPOCHS), "kill:120"))?.wait_with_output()?;
    let checkpoints = broken.join("checkpoints");
    let newest = entries(&checkpoints)?.into_iter().rfind(|path| is_checkpoint(path));
    fs::write(newest.context("no checkpoint")?.join("state.toml"), "epoch = 1\n")?;
    fs::create_dir_all(checkpoints.join("staging-step-00000099"))?;
    fs::write(broken.join("run.json.0123456789abcdef.partial"), "{")?;
    attack(spacing, |fault| {
        let run = lab.place("faults")?;
        copy(&broken, &run)?;
        if !is_hit(lab, &lab.resume(&run), fault)? {
            return Ok(false);
        }
        lab.finish_damaged(&run)?;
        for aside in entries(&run.join("checkpoints"))? {
            if !is_checkpoint(&aside) {
                ensure!(aside.to_string_lossy().contains("broken-step-"), "left over: {}", aside.display());
                fs::remove_dir_all(aside)?;
            }
        }
        remains(&run)?.check(&expected)?;
        Ok(true)
    })
}

fn is_checkpoint(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("step-"))
}

/// Whether a command met this fault. If it did, it must have ended as it should.
fn is_hit(lab: &CrashLab, command: &Command, fault: &str) -> Result<bool> {
    let output = start(&mut lab.with_fault(command, fault))?.wait_with_output()?;
    let text = said(&output);
    if output.status.success() {
        ensure!(!text.contains("injected fault"), "an error was swallowed: {text}");
        return Ok(false);
    }
    if fault.starts_with("io:") {
        ensure!(output.status.code() == Some(1), "it ended with {}: {text}", output.status);
        ensure!(text.contains("injected fault"), "{text}");
    }
    Ok(true)
}

/// Tries faults until no operation is left to hit, and says how many there were.
fn attack(spacing: usize, mut trial: impl FnMut(&str) -> Result<bool>) -> Result<String> {
    let mut counts = [0; 2];
    for (kind, count) in ["io", "kill"].into_iter().zip(&mut counts) {
        for number in (1..).step_by(spacing) {
            let fault = format!("{kind}:{number}");
            if !trial(&fault).with_context(|| format!("after {fault}"))? {
                break;
            }
            *count += 1;
        }
    }
    let [errors, ends] = counts;
    ensure!(errors > 0 && ends > 0, "no operation was hit");
    Ok(format!("{errors} failing operations and {ends} ends of the process"))
}

/// The weights become NaN in `count` different steps, spread over a run.
pub(super) fn not_a_number(lab: &CrashLab, count: usize) -> Result<String> {
    let expected = lab.whole("nan-whole", EPOCHS)?;
    // 917 images in batches of 32.
    let steps = EPOCHS * 28;
    let mut latest = 0;
    for i in 0..count {
        let step = 1 + i * (steps - 1) / count.max(1);
        let run = lab.place("nan")?;
        let fault = format!("nan:{step}");
        let output = start(&mut lab.with_fault(&lab.train(&run, EPOCHS), &fault))?.wait_with_output()?;
        let text = said(&output);
        ensure!(output.status.code() == Some(1), "{fault} ended with {}: {text}", output.status);
        let found = text.split(" at step ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
        let Some(found) = found else { bail!("{fault} says no step: {text}") };
        ensure!((step..=step + WINDOW).contains(&found), "{fault} was found at step {found}");
        latest = latest.max(found - step);
        ensure!(newest_step(&run) < step, "{fault}: a checkpoint of step {}", newest_step(&run));
        lab.finish(&run, EPOCHS)?;
        remains(&run)?.check(&expected).with_context(|| format!("after {fault}"))?;
    }
    Ok(format!(
        "{count} steps: each stopped within a logging window of {WINDOW} steps (NaN first seen at most {latest} step later), the last good model kept, and resuming from it gave the uninterrupted run"
    ))
}
