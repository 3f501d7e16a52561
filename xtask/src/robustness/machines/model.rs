//! How long a step takes on several machines: a model from measured times, and what it predicts.
//!
//! A step on P machines takes as long as a batch's P-th part on one, and then the exchange: each machine gets the sums of
//! the P - 1 others, `bytes` each, at the network's rate, in log2(P) rounds of the network's latency.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::command::{median, say};
use crate::robustness::machines::lab::{By, Lab, finished};
use crate::robustness::machines::spaces::Spaces;

/// Of the bytes on a cable, this share is content; the rest is what Ethernet, IP and TCP put before it.
const CONTENT: f64 = 1448.0 / 1538.0;
/// The time from one machine to another in a room, in seconds: two network cards and a switch.
const LATENCY: f64 = 50e-6;
/// How far predicted and measured times may be apart.
const MOST: f64 = 0.2;

/// The configurations of the table, with their batch sizes.
const RECIPES: [(&str, usize); 2] = [("default.toml", 128), ("deep.toml", 64)];

/// The seconds that an exchange takes between so many machines, at a rate in bits a second.
fn exchange(bytes: f64, machines: usize, rate: f64, latency: f64) -> f64 {
    let others = (machines - 1) as f64;
    others * bytes * 8.0 / (rate * CONTENT) + (machines as f64).log2() * latency
}

/// Compares the model with what two namespaces take whose cable is limited.
pub(super) fn check(lab: &Lab, data: &Path, rounds: usize) -> Result<()> {
    let spaces = Spaces::make(lab)?;
    let rates = [None, Some(("1gbit", 1e9)), Some(("100mbit", 1e8))];
    let mut measured: [Vec<f64>; 3] = Default::default();
    let mut bytes = 0.0;
    for round in 0..rounds {
        for (i, rate) in rates.iter().enumerate() {
            spaces.limit(rate.map(|(text, _)| text))?;
            let run = format!("model-{round}-{i}");
            let mut command = spaces.train(lab, &run, &["train.shards=2", "train.epochs=1", STEPS, WINDOW]);
            finished(command.arg("--data-dir").arg(data))?;
            measured[i].push(seconds_per_step(&lab.folder.join(&run))?);
            bytes = exchanged_bytes(&lab.folder.join(&run))?;
        }
    }
    let [free, measured @ ..] = measured.map(median);
    say(&format!("a step of two processes without a limit: {:.2} ms, {bytes} bytes from each", 1e3 * free));
    for (rate, found) in rates.into_iter().flatten().zip(measured) {
        let expected = free + exchange(bytes, 2, rate.1, 0.0);
        let ratio = found / expected;
        say(&format!(
            "{}: {:.2} ms measured, {:.2} ms predicted: {ratio:.2} times",
            rate.0,
            1e3 * found,
            1e3 * expected
        ));
        ensure!((ratio - 1.0).abs() < MOST, "{}: measured and predicted are too far apart", rate.0);
    }
    Ok(())
}

/// Enough for ten windows.
const STEPS_OF_TABLE: usize = 120;
const STEPS: &str = "data.train_limit=12800";
const WINDOW: &str = "train.log_every_steps=10";

/// Says what 1 to 16 machines like this one would give, on networks of 1 and 10 Gb/s.
pub(super) fn table(lab: &Lab, root: &Path) -> Result<()> {
    for (file, batch) in RECIPES {
        let config = root.join("configs").join(file);
        let mut bytes = 0.0;
        let mut computing = Vec::new();
        for machines in [1, 2, 4, 8, 16] {
            let run = format!("table-{file}-{machines}");
            let mut command = lab.command(By::Itself);
            command.args(["train", "--json", "-p", &run, "--config"]).arg(&config);
            let part = batch / machines;
            let images = format!("data.train_limit={}", STEPS_OF_TABLE * part);
            for set in [&format!("train.batch_size={part}"), "train.epochs=1", &images, WINDOW] {
                command.args(["--set", set]);
            }
            finished(&mut command)?;
            computing.push((machines, seconds_per_step(&lab.folder.join(&run))?));
            bytes = exchanged_bytes(&lab.folder.join(&run))?;
        }
        let whole = computing[0].1;
        say(&format!("{file}, batches of {batch}, {bytes} bytes from each machine in each step"));
        for (machines, computing) in computing {
            let at = |rate: f64| {
                let step =
                    computing + if machines == 1 { 0.0 } else { exchange(bytes, machines, rate, LATENCY) };
                format!("{:6.2} ms, {:4.2} times", 1e3 * step, whole / step)
            };
            say(&format!(
                "  {machines:2} machines: computing {:6.2} ms; at 1 Gb/s {}; at 10 Gb/s {}",
                1e3 * computing,
                at(1e9),
                at(1e10)
            ));
        }
    }
    Ok(())
}

/// The median time of a step, from the run's events.
fn seconds_per_step(run: &Path) -> Result<f64> {
    let file = run.join("metrics.jsonl");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let mut points = Vec::new();
    for line in text.lines() {
        let event: serde_json::Value = serde_json::from_str(line)?;
        if event["event"] == "step" {
            points.push((
                event["step"].as_f64().context("step")?,
                event["seconds"].as_f64().context("seconds")?,
            ));
        }
    }
    let steps = points.windows(2).map(|pair| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0));
    let steps: Vec<f64> = steps.collect();
    ensure!(!steps.is_empty(), "{}: fewer than two windows", file.display());
    Ok(median(steps))
}

/// What each process sends in a step: the gradients and a few numbers, as many as the weights' file has.
fn exchanged_bytes(run: &Path) -> Result<f64> {
    let newest = fs::read_dir(run.join("checkpoints"))?.flatten().map(|entry| entry.path()).max();
    let file = newest.context("no checkpoint")?.join("weights.safetensors");
    Ok(fs::metadata(&file).with_context(|| file.display().to_string())?.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_takes_what_each_machine_receives() {
        let bytes = 334_000.0;
        let two = exchange(bytes, 2, 1e9, 0.0);
        assert!((two - 334_000.0 * 8.0 / 1e9 / CONTENT).abs() < 1e-9, "{two}");
        assert!((exchange(bytes, 4, 1e9, 0.0) / two - 3.0).abs() < 1e-9);
        assert!((exchange(0.0, 16, 1e9, 1e-4) - 4e-4).abs() < 1e-12);
    }
}
