//! Compares the program's metrics and event files with those of scikit-learn, scipy, numpy and TensorBoard, and what
//! exported models answer with ONNX Runtime and PyTorch.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::agreement::exchange;
use crate::command::{build_program, output, say};
use crate::python::{Environment, requirements, run_visibly};

/// What is compared.
#[derive(Debug, clap::Args)]
pub(crate) struct ReferenceArgs {
    /// Compare these tested runs [default: train, test and compare small networks].
    #[arg(short = 'p', long, value_name = "DIR")]
    run_dir: Vec<PathBuf>,
    /// Only compare exported models.
    #[arg(long, conflicts_with = "run_dir")]
    exchange: bool,
    /// Only compare metrics and event files, for which PyTorch is not needed.
    #[arg(long, conflicts_with_all = ["run_dir", "exchange"])]
    metrics: bool,
    /// Make Python environments with the libraries below target if they are missing: about 400 MB, and 6 GB for
    /// PyTorch, which `bench` uses as well.
    #[arg(long)]
    setup: bool,
    /// A Python that has all of them already.
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
}

const CHECK: &str = "xtask/reference/check.py";
/// A network that is trained in a second, and wrong often enough that every metric has something to count.
const NETWORK: [&str; 5] = [
    "data.dataset=sample",
    "model.units=[{filters=8, kernel_size=3}, {filters=16, kernel_size=3}]",
    "train.batch_size=32",
    "train.learning_rate=0.01",
    "train.epochs=3",
];
/// A run that is long enough to be killed, with an event at every step and few checkpoints, so that a kill
/// loses steps.
const LONG: [&str; 3] = ["train.epochs=30", "train.log_every_steps=1", "train.checkpoint_every_steps=40"];
/// The task gives up if no steps were lost in so many kills.
const ATTEMPTS: usize = 20;

pub(crate) fn run(root: &Path, data: &Path, args: &ReferenceArgs) -> Result<()> {
    let folder = root.join("target/reference/runs");
    if args.exchange {
        let program = build_program(root, "")?;
        return compare_exported(root, data, args, &program, &emptied(&folder)?);
    }
    let packages = requirements(include_str!("../../reference/requirements.txt"));
    let python = python(root, args, &Environment::new(root.join("target/reference/python"), packages))?;
    let check = |words: &[&str]| run_visibly(root, &python, &[&["-B", CHECK], words].concat());
    if !args.run_dir.is_empty() {
        return args.run_dir.iter().try_for_each(|run| check_tested(run, &check));
    }
    let program = build_program(root, "")?;
    let runs = SmallRuns { program, folder: emptied(&folder)? };
    let [a, b, resumed] = ["a", "b", "resumed"].map(|name| runs.folder.join(name).display().to_string());
    runs.output(&train(&a, &["train.seed=1"], true))?;
    runs.output(&train(&b, &["train.seed=2"], false))?;
    for run in [&a, &b] {
        runs.output(&["test", "-p", run])?;
    }
    let comparison = runs.folder.join("comparison.json");
    fs::write(&comparison, runs.output(&["test", "--compare", &a, &b, "--json"])?)?;
    let comparison = comparison.display().to_string();
    check(&["figures", &a, &b])?;
    check(&["compare", &comparison, &a, &b])?;
    check(&["changes", &comparison, &a, &b])?;
    check(&["events", &a])?;
    runs.train_killed(&resumed)?;
    check(&["events", "--resumed", &resumed])?;
    if args.metrics {
        return Ok(());
    }
    compare_exported(root, data, args, &runs.program, &runs.folder)
}

/// Compares exported models, in a folder without any.
fn compare_exported(
    root: &Path,
    data: &Path,
    args: &ReferenceArgs,
    program: &str,
    folder: &Path,
) -> Result<()> {
    let python = python(root, args, &exchange::environment(root))?;
    exchange::compare(root, program, folder, data, &python)
}

/// The folder, without what was in it.
fn emptied(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(folder.to_owned())
}

/// Checks a run that was trained and tested before.
fn check_tested(run: &Path, check: &impl Fn(&[&str]) -> Result<()>) -> Result<()> {
    for file in ["test.json", "predictions.csv"] {
        let (run, path) = (run.display(), run.join(file));
        ensure!(path.is_file(), "{run} holds no {file}; test it first: cargo run -p cli -- test -p {run}");
    }
    // Python runs in the workspace, so a path relative to the current directory would not be found.
    let run = std::path::absolute(run)?;
    let name = run.display().to_string();
    check(&["figures", &name])?;
    if run.join("tensorboard").is_dir() {
        check(&["events", &name])?;
    }
    Ok(())
}

/// The Python that was named, or else that of the environment, which is made if it is missing and may be made.
fn python(root: &Path, args: &ReferenceArgs, environment: &Environment) -> Result<String> {
    if let Some(python) = &args.python {
        return Ok(python.display().to_string());
    }
    if !environment.is_ready() {
        ensure!(args.setup, "there is nothing to compare with: add --setup, or --python FILE");
        environment.make(root)?;
    }
    Ok(environment.python())
}

/// The arguments that train the small network into `run`.
fn train<'a>(run: &'a str, sets: &[&'a str], tensorboard: bool) -> Vec<&'a str> {
    let sets = NETWORK.iter().chain(sets).flat_map(|set| ["--set", *set]);
    let words = ["train", "-p", run].into_iter().chain(sets);
    words.chain(tensorboard.then_some("--tensorboard")).collect()
}

/// The program, and the folder in which it trains its small runs.
struct SmallRuns {
    program: String,
    folder: PathBuf,
}

impl SmallRuns {
    fn output(&self, words: &[&str]) -> Result<String> {
        output(&self.folder, &self.program, words)
    }

    /// Trains with event files, kills the process when steps after the newest checkpoint would be
    /// lost, and resumes the run to its end.
    fn train_killed(&self, run: &str) -> Result<()> {
        let resume = ["train", "--resume", "-p", run, "--tensorboard"];
        let mut words = train(run, &LONG, true);
        for _ in 0..ATTEMPTS {
            let mut child = self.start(&words)?;
            let ended = wait_for_loss(&mut child, Path::new(run));
            child.kill()?;
            let output = child.wait_with_output()?;
            ensure!(
                !ended?,
                "{words:?} ended before it was killed: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            words = resume.to_vec();
            // A checkpoint may have been written between the look and the kill; then nothing was lost.
            if let Some((checkpoint, step)) = lost(Path::new(run))? {
                say(&format!("killed after step {step}, resumes from step {checkpoint}"));
                self.output(&words)?;
                return Ok(());
            }
        }
        bail!("{run}: no steps were lost in {ATTEMPTS} kills")
    }

    fn start(&self, words: &[&str]) -> Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(words).current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::piped()).spawn().context("the program could not be started")
    }
}

/// Waits until killing it would lose steps; true if it ended before.
fn wait_for_loss(child: &mut Child, run: &Path) -> Result<bool> {
    while lost(run)?.is_none() {
        if child.try_wait()?.is_some() {
            return Ok(true);
        }
        sleep(Duration::from_millis(1));
    }
    Ok(false)
}

/// The newest checkpoint's step and the last one of `metrics.jsonl`, if steps between are lost by a kill.
fn lost(run: &Path) -> Result<Option<(usize, usize)>> {
    let names = fs::read_dir(run.join("checkpoints")).into_iter().flatten().flatten();
    let names: Vec<String> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    // The file is being written, so a character may be cut in two.
    let metrics = fs::read(run.join("metrics.jsonl")).unwrap_or_default();
    let steps = newest_checkpoint(&names).zip(last_step(&String::from_utf8_lossy(&metrics)));
    // The event file's record is written after the line of metrics.jsonl, so the last step may not have one.
    Ok(steps.filter(|(checkpoint, step)| *step > checkpoint + 1))
}

fn newest_checkpoint(names: &[String]) -> Option<usize> {
    names.iter().filter_map(|name| name.strip_prefix("step-")?.parse().ok()).max()
}

/// The step of the last whole line that has one.
fn last_step(metrics: &str) -> Option<usize> {
    let whole = metrics.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let mut steps = whole.filter_map(|line| serde_json::from_str::<Value>(line).ok()?["step"].as_u64());
    steps.next_back().map(|step| step as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_line_with_a_step_counts() {
        let lines =
            "{\"event\":\"start\"}\n{\"event\":\"step\",\"step\":20}\n{\"event\":\"step\",\"step\":40}\n";
        assert_eq!(last_step(lines), Some(40));
        assert_eq!(last_step(&lines[..lines.len() - 1]), Some(20));
        assert_eq!(last_step("{\"event\":\"start\"}\n"), None);
    }

    #[test]
    fn checkpoints_under_way_do_not_count() {
        let names = ["step-00000040", "step-00000080", "step-00000120.partial", "other"].map(str::to_owned);
        assert_eq!(newest_checkpoint(&names), Some(80));
        assert_eq!(newest_checkpoint(&[]), None);
    }

    #[test]
    fn the_small_network_is_trained_where_it_is_told() {
        let words = train("runs/a", &["train.seed=2"], true);
        assert_eq!(words[..3], ["train", "-p", "runs/a"]);
        assert_eq!(words[words.len() - 3..], ["--set", "train.seed=2", "--tensorboard"]);
    }
}
