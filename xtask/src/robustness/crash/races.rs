//! Two processes for one run directory, at the same moment.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::lab::{CrashLab, said, start};

/// Long enough to be under way while the other gives up.
const EPOCHS: usize = 500;

pub(super) fn run(lab: &CrashLab, races: usize) -> Result<String> {
    let mut slowest = Duration::ZERO;
    for race in 0..races {
        let run = lab.place("races")?;
        let began = Instant::now();
        let mut first = start(&mut lab.train(&run, EPOCHS))?;
        // From at once to a few milliseconds later, when the first one is just making its directory.
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
        // The winner goes on until it has something to show.
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
