//! Measures what `test` takes beyond the network's forward passes: start-up, loading, metrics, the table.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::contender::Contender;
use crate::command::{build_program, median, output, say, times_as_long};
use crate::earlier::Before;

/// MNIST's 10,000 test images in batches of 500, which is how `test` evaluates them.
const ALL_IMAGES: &str = "infer 500 20";

/// What is timed.
#[derive(Debug, clap::Args)]
pub(crate) struct TestTimeArgs {
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    #[command(flatten)]
    before: Before,
}

pub(crate) fn run(root: &Path, data: &Path, args: &TestTimeArgs) -> Result<()> {
    let before = args.before.program(root, "")?;
    let program = build_program(root, "")?;
    let data = data.display().to_string();
    let dir = trained(root, "now", &program, &data)?;
    // Each version tests a run of its own.
    let before =
        before.map(|before| Ok::<_, anyhow::Error>((trained(root, "before", &before, &data)?, before)));
    let before = before.transpose()?;
    let words = ["bench", "--questions", "--config", "configs/default.toml", "--data-dir", &data];
    let threads = std::thread::available_parallelism()?.get();
    let mut bench = Contender::start(root, "the bare inference", &program, &words, threads)?;
    // The first reply comes after the warm-up, so it is left out.
    bench.ask(ALL_IMAGES)?;
    let (mut ratios, mut now_seconds, mut before_seconds) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=args.rounds.max(1) {
        let first = bare(&mut bench)?;
        let table = until_the_table(root, &program, &["test", "-p", &dir, "--data-dir", &data])?;
        // The inference is timed before and after, so that a drift of the machine's speed cancels out.
        let inference = (first + bare(&mut bench)?) / 2.0;
        ratios.push(table / inference);
        say(&format!(
            "round {round}: {:.0} ms from the process's start to its table, {:.0} ms of bare inference: {:.3} times",
            1e3 * table,
            1e3 * inference,
            table / inference
        ));
        if let Some((dir, before)) = &before {
            now_seconds.push(table);
            before_seconds.push(until_the_table(root, before, &["test", "-p", dir, "--data-dir", &data])?);
        }
    }
    let [least, most] = [f64::min, f64::max].map(|of| ratios.iter().copied().fold(ratios[0], of));
    say(&format!(
        "median of {} rounds: {:.3} ({least:.2} to {most:.2})",
        ratios.len(),
        median(ratios.clone())
    ));
    if before.is_some() {
        say(&format!("`test` {}", times_as_long(&now_seconds, &before_seconds)));
    }
    Ok(())
}

/// Trains a run of a few steps, and returns its directory.
fn trained(root: &Path, name: &str, program: &str, data: &str) -> Result<String> {
    let dir = root.join("target/test-time").join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    let dir = dir.display().to_string();
    let words = ["train", "--config", "configs/default.toml", "--data-dir", data, "-p", &dir];
    let short = ["--set", "train.epochs=1", "--set", "data.train_limit=1280"];
    output(root, program, &[&words[..], &short].concat())?;
    Ok(dir)
}

/// Seconds of the forward passes alone.
fn bare(bench: &mut Contender) -> Result<f64> {
    Ok(bench.ask(ALL_IMAGES)?.iter().sum::<f64>() / 1e3)
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
    // The process still writes its files and prints where they are.
    stdout.read_to_end(&mut text)?;
    ensure!(child.wait()?.success(), "`test` failed");
    Ok(took)
}
