//! What was measured of one configuration, and how it is reached.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::peers::Peers;
use super::rounds::{BEFORE, Medians, ask_in_turn, print, repetitions};
use super::rows::Row;
use crate::command::{output, say};
use crate::speed::contender::Contender;

/// What is asked, without the number of repetitions, with its title and about how long a round's answer takes, in
/// milliseconds.
pub(super) const QUESTIONS: [(&str, &str, f64); 4] = [
    ("step", "training step, batch 128", 800.0),
    ("infer 1", "inference, batch 1", 300.0),
    ("infer 128", "inference, batch 128", 300.0),
    ("infer 1000", "inference, batch 1000", 300.0),
];

/// Our programs, and the machine's part in a measurement.
pub(super) struct Setting<'a> {
    pub root: &'a Path,
    pub data: &'a str,
    pub program: &'a str,
    pub before: Option<&'a str>,
    pub backends: &'a [String],
    pub threads: usize,
    pub rounds: usize,
    /// Training steps of each peer before the first that is timed, if not the row's own number.
    pub warm_up: Option<usize>,
}

/// The figures of one configuration.
pub(super) struct Measured {
    pub row: &'static Row,
    /// The answer of our program to `network`.
    pub network: Value,
    pub parameters: u64,
    /// The largest memory of a short training with our program, in bytes.
    pub memory: Option<u64>,
    /// For each of [`QUESTIONS`], in their order.
    pub medians: Vec<Medians>,
}

/// Where the description of a row's network is kept.
pub(super) fn network_file(root: &Path) -> PathBuf {
    root.join("target/bench/network.json")
}

/// Starts every contender on a configuration, checks that they train the same network, and asks them in turn.
///
/// # Errors
/// If a program fails, has another number of parameters than ours, or does not learn.
pub(super) fn measure(row: &'static Row, setting: &Setting<'_>, peers: &Peers) -> Result<Measured> {
    say(&format!("\n== {}", row.name));
    let mut contenders = start_ours(row, setting)?;
    let ours = contenders.first_mut().context("at least one backend is needed")?;
    let mut network = ours.answer("network")?;
    network["warm_up"] = json!(setting.warm_up.unwrap_or(row.warm_up));
    let file = network_file(setting.root);
    fs::write(&file, network.to_string())?;
    contenders.extend(peers.start(setting.root, &file, setting.data, setting.threads, row.is_lecture())?);
    let parameters = same_network(&mut contenders)?;
    let mut medians = Vec::new();
    let mut memory = None;
    for (question, title, ms) in QUESTIONS {
        let times = repetitions(&mut contenders, question, ms)?;
        let found = ask_in_turn(&mut contenders, setting.rounds, |contender| {
            Some(format!("{question} {}", times.get(&contender.name)?))
        })?;
        print(title, &found);
        medians.push(found);
        // `train` knows no other size of the images than theirs, so the timed program's memory stands for it.
        if question == "step" && row.image_size.is_some() {
            memory =
                contenders.iter().find(|c| c.name == setting.backends[0]).and_then(Contender::peak_memory);
        }
    }
    drop(contenders);
    if row.image_size.is_none() {
        memory = memory_of_training(row, setting)?;
    }
    Ok(Measured { row, network, parameters, memory, medians })
}

/// Our program, once for each backend, and the earlier version beside it.
fn start_ours(row: &Row, setting: &Setting<'_>) -> Result<Vec<Contender>> {
    let mut contenders = Vec::new();
    let flags = row.flags(setting.root)?;
    let size = row.image_size.map(|size| size.to_string());
    for backend in setting.backends {
        let mut words = vec!["bench", "--questions", "--backend", backend, "--data-dir", setting.data];
        words.extend(flags.iter().map(String::as_str));
        words.extend(size.iter().flat_map(|size| ["--image-size", size]));
        let start =
            |name: &str, program| Contender::start(setting.root, name, program, &words, setting.threads);
        contenders.push(start(backend, setting.program)?);
        if let Some(before) = setting.before {
            contenders.push(start(&format!("{backend}{BEFORE}"), before)?);
        }
    }
    Ok(contenders)
}

/// Asks everybody who knows it for the number of trained values, and refuses to compare different networks, or
/// one that learns with one that does not.
fn same_network(contenders: &mut [Contender]) -> Result<u64> {
    let mut parameters = None;
    for contender in contenders.iter_mut() {
        let name = contender.name.clone();
        if name == "candle" || name.ends_with(BEFORE) {
            continue;
        }
        let answer = contender.answer("parameters")?;
        let count = answer["parameters"].as_u64().with_context(|| format!("{name} answered {answer}"))?;
        let expected = *parameters.get_or_insert(count);
        ensure!(count == expected, "{name} trains {count} values, expected {expected}");
        let losses: Vec<f64> =
            answer["losses"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        ensure!(!contender.trains || is_falling(&losses), "the losses of {name} do not fall: {losses:?}");
    }
    parameters.context("no contender knows its parameters")
}

/// Whether the mean of the last third of the losses is below that of the first.
fn is_falling(losses: &[f64]) -> bool {
    let third = (losses.len() / 3).max(1);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    losses.len() > 1 && mean(&losses[losses.len() - third..]) < mean(&losses[..third])
}

/// The peak memory of a training of twenty steps, with its validation and files.
fn memory_of_training(row: &Row, setting: &Setting<'_>) -> Result<Option<u64>> {
    let dir = setting.root.join("target/bench/run");
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    let dir = dir.display().to_string();
    let flags = row.flags(setting.root)?;
    let mut words = vec!["train", "--json", "--backend", &setting.backends[0], "--data-dir", setting.data];
    words.extend(flags.iter().map(String::as_str));
    words.extend(["--set", "data.train_limit=2560", "--set", "train.epochs=1", "-p", &dir]);
    let report: Value = serde_json::from_str(&output(setting.root, setting.program, &words)?)?;
    Ok(report["peak_memory_bytes"].as_u64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noisy_losses_that_fall_are_told_from_others() {
        assert!(is_falling(&[2.3, 2.4, 1.9, 2.0, 1.2, 1.3]));
        assert!(!is_falling(&[2.3, 2.2, 2.4, 2.3, 2.3, 2.4]));
        assert!(!is_falling(&[2.3]));
        assert!(!is_falling(&[2.3, f64::NAN]));
    }
}
