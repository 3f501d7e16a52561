//! Starts two processes for one run directory at the same moment; one of them must win.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::lab::{CrashLab, said, start};

/// Epochs of a run that is still under way when the other process has given up.
const EPOCHS: usize = 500;

pub(super) fn run(lab: &CrashLab, races: usize) -> Result<String> {
    let mut slowest = Duration::ZERO;
    for race in 0..races {
        let run = lab.place("races")?;
        let began = Instant::now();
        let mut first = start(&mut lab.train(&run, EPOCHS))?;
        // Between 0 and 8 ms later: in this time the first process makes its directory.
        sleep(Duration::from_micros(lab.random(0..8000)));
        let mut second = start(&mut lab.train(&run, EPOCHS))?;
        let first_lost = loop {
            match (first.try_wait()?, second.try_wait()?) {
                (None, None) => {}
                (Some(_), None) => break true,
                (None, Some(_)) => break false,
                (Some(_), Some(_)) => anyhow::bail!("race {race}: nobody won"),
            }
            ensure!(began.elapsed() < Duration::from_secs(30), "race {race}: nobody gave up");
            sleep(Duration::from_micros(500));
        };
        slowest = slowest.max(began.elapsed());
        let (loser, mut winner) = if first_lost { (first, second) } else { (second, first) };
        let loser = loser.wait_with_output()?;
        ensure!(loser.status.code() == Some(2), "race {race}: {} {}", loser.status, said(&loser));
        // The winner must really train: it runs until it has written its first event.
        while !run.join("metrics.jsonl").is_file() {
            ensure!(winner.try_wait()?.is_none(), "race {race}: the winner ended as well");
            sleep(Duration::from_millis(1));
        }
        winner.kill()?;
        winner.wait()?;
    }
    ensure!(slowest < Duration::from_secs(1), "giving up took {slowest:?}");
    Ok(format!(
        "{races}, each with one winner; the other ended with 2 after {:.2} s at most",
        slowest.as_secs_f64()
    ))
}
