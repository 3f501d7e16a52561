//! What shards cost in one process, and two processes of one thread beside one of two threads.

use anyhow::{Context, Result};

use crate::command::{median, say};
use crate::robustness::machines::lab::{By, Lab};

/// The default network, for a part of an epoch.
const DEFAULT: [&str; 3] = ["train.epochs=1", "data.train_limit=12800", "train.log_every_steps=100"];

pub(super) fn run(lab: &Lab, rounds: usize) -> Result<()> {
    let ways = [
        ("one process, two threads, 1 shard", By::Itself, 2, "train.shards=1"),
        ("one process, two threads, 4 shards", By::Itself, 2, "train.shards=4"),
        ("two processes of one thread, 4 shards", By::Processes(2), 1, "train.shards=4"),
    ];
    let mut seconds = ways.map(|_| Vec::new());
    for round in 0..rounds {
        for (i, (_, by, threads, shards)) in ways.iter().enumerate() {
            let sets = [&DEFAULT[..], &[shards]].concat();
            let run = format!("time-{round}-{i}");
            let trained = lab.train(*by, &run, *threads, &sets)?;
            seconds[i].push(trained["seconds"].as_f64().context("no seconds")?);
        }
    }
    for ((name, ..), seconds) in ways.iter().zip(&seconds) {
        say(&format!("{name}: {:.2} s (median of {rounds})", median(seconds.clone())));
    }
    let ratio = |a: usize, b: usize| median(seconds[a].iter().zip(&seconds[b]).map(|(a, b)| a / b).collect());
    say(&format!("4 shards take {:.3} times as long as 1 (wanted: under 1.1)", ratio(1, 0)));
    say(&format!("two processes are {:.2} times as fast as one (wanted: 0.95)", ratio(1, 2)));
    Ok(())
}
