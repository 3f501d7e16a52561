//! Each write, sync, rename and removal fails once, and the process dies at each; weights become NaN.

use anyhow::{Result, bail, ensure};

use super::desk::{Desk, newest_step, remains, said, start};

const EPOCHS: usize = 3;
/// As in the configuration's default: how often the loss is looked at.
const WINDOW: usize = 20;

/// Every `spacing`th operation of a run, both as an error and as the process's end.
pub(super) fn every_operation(desk: &Desk, spacing: usize) -> Result<String> {
    let expected = desk.whole("faults-whole", EPOCHS)?;
    let mut operations = 0;
    let mut counts = [0; 2];
    for (kind, count) in ["io", "kill"].into_iter().zip(&mut counts) {
        let mut newest = 0;
        for number in (1..).step_by(spacing) {
            let run = desk.place("faults")?;
            let fault = format!("{kind}:{number}");
            let output =
                start(&mut desk.with_fault(&desk.train(&run, EPOCHS), &fault))?.wait_with_output()?;
            if output.status.success() {
                operations = number - 1;
                break;
            }
            if kind == "io" {
                ensure!(output.status.code() == Some(1), "{fault} ended with {}", output.status);
                ensure!(said(&output).contains("injected fault"), "{fault}: {}", said(&output));
            }
            // A later fault never leaves less than an earlier one.
            ensure!(newest_step(&run) >= newest, "{fault} lost the checkpoint of step {newest}");
            newest = newest_step(&run);
            let resumed = desk.finish(&run, EPOCHS)?;
            let from = format!("going on after step {newest}\n");
            ensure!(newest == 0 || said(&resumed).contains(&from), "{fault}: {}", said(&resumed));
            if let Err(error) = remains(&run)?.check(&expected) {
                bail!("after {fault}: {error}");
            }
            *count += 1;
        }
    }
    let [errors, ends] = counts;
    Ok(format!(
        "{operations} operations a run; {errors} failed and {ends} were the process's end: 0 lost checkpoints, 0 leftovers, all went on to the same bits"
    ))
}

/// The weights become NaN in `count` different steps, spread over a run.
pub(super) fn not_a_number(desk: &Desk, count: usize) -> Result<String> {
    let expected = desk.whole("nan-whole", EPOCHS)?;
    // 917 pictures in batches of 32.
    let steps = EPOCHS * 28;
    let mut latest = 0;
    for i in 0..count {
        let step = 1 + i * (steps - 1) / count.max(1);
        let run = desk.place("nan")?;
        let fault = format!("nan:{step}");
        let output = start(&mut desk.with_fault(&desk.train(&run, EPOCHS), &fault))?.wait_with_output()?;
        ensure!(output.status.code() == Some(1), "{fault} ended with {}: {}", output.status, said(&output));
        let text = said(&output);
        let found =
            text.split(" at step ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
        let Some(found) = found else { bail!("{fault} says no step: {text}") };
        ensure!((step..=step + WINDOW).contains(&found), "{fault} was found at step {found}");
        latest = latest.max(found - step);
        ensure!(newest_step(&run) <= step, "{fault}: a checkpoint of step {}", newest_step(&run));
        desk.finish(&run, EPOCHS)?;
        if let Err(error) = remains(&run)?.check(&expected) {
            bail!("after {fault}: {error}");
        }
    }
    Ok(format!(
        "{count} steps: each stopped within a logging window of {WINDOW} steps (at most {latest} later), the last good model kept, and going on from it gave the uninterrupted run"
    ))
}
