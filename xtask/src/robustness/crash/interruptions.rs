//! Kills and interrupts runs at random moments, during start-up and checkpoints too.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::lab::{CrashLab, remains, said, start, unplanned};

/// Epochs for a few seconds of training, so that a run is interrupted many times.
const EPOCHS: usize = 60;
/// Milliseconds until a process is hit: it may still be starting, or have written many checkpoints.
const LIFE: std::ops::Range<u64> = 1..500;

/// Signals that are sent in turn, and the exit code that each leads to.
const SIGNALS: [(&[&str], i32); 5] =
    [(&["INT"], 130), (&["TERM"], 143), (&["INT", "INT"], 130), (&["HUP", "HUP"], 129), (&["XCPU"], 152)];

pub(super) fn kills(lab: &CrashLab, kills: usize) -> Result<String> {
    let expected = lab.whole("kills-whole", EPOCHS)?;
    let (mut done, mut runs) = (0, 0);
    while done < kills {
        let run = lab.place("kills")?;
        while done < kills {
            let mut child = start(&mut lab.next(&run, EPOCHS))?;
            sleep(Duration::from_millis(lab.random(LIFE)));
            let has_ended = child.try_wait()?.is_some();
            child.kill()?;
            let output = child.wait_with_output()?;
            ensure!(!said(&output).contains("warning: "), "after {done} kills: {}", said(&output));
            if has_ended {
                ensure!(output.status.success(), "after {done} kills: {}", said(&output));
                break;
            }
            done += 1;
        }
        lab.finish(&run, EPOCHS)?;
        remains(&run)?.check(&expected)?;
        runs += 1;
    }
    Ok(format!(
        "{done} in {runs} runs: 0 unreadable run directories; weights, optimizer, training state and metrics of all {runs} equal to the uninterrupted run's"
    ))
}

pub(super) fn interrupts(lab: &CrashLab, interrupts: usize) -> Result<String> {
    let expected = lab.whole("interrupts-whole", EPOCHS)?;
    let (mut done, mut runs, mut early, mut orderly, mut longest) = (0, 0, 0, 0, Duration::ZERO);
    while done < interrupts {
        let run = lab.place("interrupts")?;
        while done < interrupts {
            let mut child = start(&mut lab.next(&run, EPOCHS))?;
            sleep(Duration::from_millis(lab.random(LIFE)));
            if child.try_wait()?.is_some() {
                let output = child.wait_with_output()?;
                ensure!(output.status.success(), "after {done} interrupts: {}", said(&output));
                break;
            }
            let (signals, code) = SIGNALS[done % SIGNALS.len()];
            let asked = Instant::now();
            for signal in signals {
                Command::new("kill").args(["-s", signal, &child.id().to_string()]).status()?;
            }
            let output = child.wait_with_output()?;
            let took = asked.elapsed();
            ensure!(took < Duration::from_secs(2), "an end took {took:?}: {}", said(&output));
            longest = longest.max(took);
            let has_begun = said(&output).contains("epoch  train loss");
            match output.status.code() {
                Some(ended) if ended == code && has_begun => {
                    // After a second INT the program may end before it says how to resume.
                    let says_how = said(&output).contains("train --resume -p ") || signals == ["INT", "INT"];
                    ensure!(says_how, "{}", said(&output));
                    orderly += 1;
                }
                // Training had not begun, so there was nothing to keep. In its very first moments the program
                // does not listen yet, and the signal itself ends it.
                ended if !has_begun && (ended == Some(code) || ended.is_none()) => early += 1,
                ended => {
                    ensure!(ended == Some(0), "{signals:?} ended it with {ended:?}: {}", said(&output));
                    break;
                }
            }
            done += 1;
        }
        lab.finish(&run, EPOCHS)?;
        // A signal in the last few steps leaves its checkpoint in the place of the last planned one.
        if unplanned(&run)?.is_empty() {
            remains(&run)?.check(&expected)?;
        } else {
            remains(&run)?.without_second_newest().check(&expected.without_second_newest())?;
        }
        runs += 1;
    }
    ensure!(orderly > 0, "none of {done} ended in good order");
    Ok(format!(
        "{done} (INT, TERM, INT twice, HUP twice, XCPU) in {runs} runs, {early} of them during start-up: the slowest ended after {:.2} s; all {runs} equal to the uninterrupted run",
        longest.as_secs_f64()
    ))
}
