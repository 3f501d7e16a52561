//! Starts two processes for one run directory at the same moment.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::lab::{CrashLab, said, start};

/// Makes a run long enough to be still training when the other process is refused.
const EPOCHS: usize = 500;

pub(super) fn run(lab: &CrashLab, races: usize) -> Result<String> {
    let mut slowest = Duration::ZERO;
    for race in 0..races {
        let run = lab.place("races")?;
        let began = Instant::now();
        let mut first = start(&mut lab.train(&run, EPOCHS))?;
        // The pause is at most a few milliseconds, when the first process is just making its directory.
        sleep(Duration::from_micros(lab.random(0..8000)));
        let mut second = start(&mut lab.train(&run, EPOCHS))?;
        let first_is_refused = loop {
            match (first.try_wait()?, second.try_wait()?) {
                (None, None) => {}
                (Some(_), None) => break true,
                (None, Some(_)) => break false,
                (Some(_), Some(_)) => anyhow::bail!("race {race}: both were refused"),
            }
            ensure!(began.elapsed() < Duration::from_secs(30), "race {race}: neither was refused");
            sleep(Duration::from_micros(500));
        };
        slowest = slowest.max(began.elapsed());
        let (refused, mut training) = if first_is_refused { (first, second) } else { (second, first) };
        let refused = refused.wait_with_output()?;
        ensure!(refused.status.code() == Some(2), "race {race}: {} {}", refused.status, said(&refused));
        // The other process trains until it has written metrics.
        while !run.join("metrics.jsonl").is_file() {
            ensure!(training.try_wait()?.is_none(), "race {race}: the other one ended as well");
            sleep(Duration::from_millis(1));
        }
        training.kill()?;
        training.wait()?;
    }
    ensure!(slowest < Duration::from_secs(1), "refusing took {slowest:?}");
    Ok(format!(
        "{races}, in each one process trained; the other ended with 2 after {:.2} s at most",
        slowest.as_secs_f64()
    ))
}
