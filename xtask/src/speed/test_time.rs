//! What `test` takes beyond the network's answers: start-up, loading, figures, until the table is there.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::contender::Contender;
use crate::command::{build_program, median, output, say};

/// As `test` asks for them: 20 batches of 500 are MNIST's 10,000 test pictures.
const ALL_PICTURES: &str = "infer 500 20";

pub(crate) fn run(root: &Path, data: &Path, rounds: usize) -> Result<()> {
    let program = build_program(root, "")?;
    let data = data.display().to_string();
    let dir = root.join("target/test-time");
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    let dir = dir.display().to_string();
    let words = ["train", "--config", "configs/default.toml", "--data-dir", &data, "-p", &dir];
    let short = ["--set", "train.epochs=1", "--set", "data.train_limit=1280"];
    output(root, &program, &[&words[..], &short].concat())?;
    let words = ["bench", "--questions", "--config", "configs/default.toml", "--data-dir", &data];
    let threads = std::thread::available_parallelism()?.get();
    let mut bench = Contender::start(root, "the bare inference", &program, &words, threads)?;
    // The first answers wait for the warm-up.
    bench.ask(ALL_PICTURES)?;
    let mut ratios = Vec::new();
    for round in 1..=rounds.max(1) {
        let before = bare(&mut bench)?;
        let table = until_the_table(root, &program, &["test", "-p", &dir, "--data-dir", &data])?;
        // Before and after: a machine whose speed drifts is caught in the middle.
        let answers = (before + bare(&mut bench)?) / 2.0;
        ratios.push(table / answers);
        say(&format!(
            "round {round}: {:.0} ms from the process's start to its table, {:.0} ms of bare inference: {:.3} times",
            1e3 * table,
            1e3 * answers,
            table / answers
        ));
    }
    let [least, most] = [f64::min, f64::max].map(|of| ratios.iter().copied().fold(ratios[0], of));
    say(&format!(
        "median of {} rounds: {:.3} ({least:.2} to {most:.2})",
        ratios.len(),
        median(ratios.clone())
    ));
    Ok(())
}

/// Seconds of the forward passes alone.
fn bare(bench: &mut Contender) -> Result<f64> {
    Ok(bench.ask(ALL_PICTURES)?.iter().sum::<f64>() / 1e3)
}

/// Seconds until a process has printed its table, which it does in one piece.
fn until_the_table(root: &Path, program: &str, words: &[&str]) -> Result<f64> {
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(words)
        .current_dir(root)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("the program could not be started")?;
    let mut stdout = child.stdout.take().context("a pipe from the program")?;
    let mut text = vec![0; 1 << 16];
    let length = stdout.read(&mut text)?;
    let took = began.elapsed().as_secs_f64();
    let first = String::from_utf8_lossy(&text[..length]).into_owned();
    ensure!(first.contains("accuracy") && first.contains("most confused"), "it printed {first:?}");
    // It still writes its files and says where they are.
    stdout.read_to_end(&mut text)?;
    ensure!(child.wait()?.success(), "`test` failed");
    Ok(took)
}
