//! Sends signals (KILL, INT and TERM) at random moments, also during start-up and checkpoints.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::lab::{CrashLab, remains, said, start};

/// Enough for a few seconds, so that a run is interrupted many times.
const EPOCHS: usize = 60;
/// Milliseconds until the signal: from less than a start-up takes to the time of many checkpoints.
const LIFE: std::ops::Range<u64> = 1..500;

/// Signals that are sent in turn, and the exit code that each has to lead to.
const SIGNALS: [(&[&str], i32); 3] = [(&["INT"], 130), (&["TERM"], 143), (&["INT", "INT"], 130)];

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
            let signalled = Instant::now();
            for signal in signals {
                Command::new("kill").args(["-s", signal, &child.id().to_string()]).status()?;
            }
            let output = child.wait_with_output()?;
            let took = signalled.elapsed();
            ensure!(took < Duration::from_secs(2), "an end took {took:?}: {}", said(&output));
            longest = longest.max(took);
            match output.status.code() {
                Some(ended) if ended == code => {
                    // A second signal may end the process before it prints anything.
                    let says_how = said(&output).contains("train --resume -p ") || signals.len() > 1;
                    ensure!(says_how, "{}", said(&output));
                    orderly += 1;
                }
                // The signal itself ended the process: training had not begun, so there was nothing to keep.
                None if !said(&output).contains("epoch  train loss") => early += 1,
                ended => {
                    ensure!(ended == Some(0), "{signals:?} ended it with {ended:?}: {}", said(&output));
                    break;
                }
            }
            done += 1;
        }
        lab.finish(&run, EPOCHS)?;
        remains(&run)?.check(&expected)?;
        runs += 1;
    }
    ensure!(orderly > 0, "none of {done} ended in good order");
    Ok(format!(
        "{done} (INT, TERM, and INT twice) in {runs} runs, {early} of them during start-up: the slowest ended after {:.2} s; all {runs} equal to the uninterrupted run",
        longest.as_secs_f64()
    ))
}
