//! The same bits by any number of processes and threads.

use anyhow::{Result, ensure};

use crate::command::say;
use crate::robustness::machines::lab::{By, Lab, SMALL, sha256};

pub(super) fn run(lab: &Lab) -> Result<()> {
    let expected = sha256(&lab.train(By::Itself, "bits-alone", 2, &SMALL)?)?;
    for processes in [1, 2, 4] {
        for threads in [1, 2] {
            let run = format!("bits-{processes}-{threads}");
            let found = sha256(&lab.train(By::Processes(processes), &run, threads, &SMALL)?)?;
            say(&format!("{processes} processes of {threads} threads: {}", &found[..16]));
            ensure!(found == expected, "{run}: expected {expected}");
        }
    }
    // Another number of shards is another way to add up, so the comparison above can fail.
    let sets = [&SMALL[..], &["train.shards=2"]].concat();
    let other = sha256(&lab.train(By::Processes(2), "bits-other", 1, &sets)?)?;
    ensure!(other != expected, "the number of shards makes no difference");
    say(&format!("without MPI: {}; all the same", &expected[..16]));
    Ok(())
}
