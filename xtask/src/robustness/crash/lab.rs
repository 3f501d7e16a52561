//! Starts, ends and compares runs of a small network on the built-in sample.

use std::cell::RefCell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// A network that is large enough for interruptions to fall anywhere, and small enough for hundreds of runs.
const NETWORK: [&str; 5] = [
    "data.dataset=sample",
    "model.units=[{filters=8, kernel_size=3}, {filters=16, kernel_size=3, dropout=0.1}]",
    "train.batch_size=32",
    "train.learning_rate=0.01",
    "train.checkpoint_every_steps=9",
];

/// 917 images in batches of 32.
const STEPS_OF_EPOCH: usize = 28;

/// A folder for runs, the program, and a source of random moments.
pub(super) struct CrashLab {
    pub(super) folder: PathBuf,
    program: PathBuf,
    faulty: PathBuf,
    random: RefCell<fastrand::Rng>,
}

/// The files and lines of a run that are the same for every run of its configuration.
#[derive(PartialEq)]
pub(super) struct Remains {
    /// Path within the run and content of each checkpoint's files.
    files: Vec<(PathBuf, Vec<u8>)>,
    /// Lines of `metrics.jsonl` without their times.
    metrics: Vec<String>,
    /// Names of all entries of the run directory and of its folder of checkpoints.
    names: Vec<PathBuf>,
}

impl CrashLab {
    pub(super) fn new(folder: PathBuf, program: PathBuf, faulty: PathBuf, seed: u64) -> Result<Self> {
        Ok(Self { folder, program, faulty, random: RefCell::new(fastrand::Rng::with_seed(seed)) })
    }

    /// A number from `range`, decided by the seed.
    pub(super) fn random(&self, range: std::ops::Range<u64>) -> u64 {
        self.random.borrow_mut().u64(range)
    }

    /// `train -p RUN` for so many epochs, or `train --resume -p RUN`, not started yet.
    pub(super) fn train(&self, run: &Path, epochs: usize) -> Command {
        let mut command = self.command(&self.program, &["train", "-p"]);
        command.arg(run).arg("--set").arg(format!("train.epochs={epochs}"));
        command.args(NETWORK.iter().flat_map(|set| ["--set", set]));
        command
    }

    pub(super) fn resume(&self, run: &Path) -> Command {
        let mut command = self.command(&self.program, &["train", "--resume", "-p"]);
        command.arg(run);
        command
    }

    /// `test -p RUN`, not started yet.
    pub(super) fn test(&self, run: &Path) -> Command {
        let mut command = self.call(&["test", "-p"]);
        command.arg(run);
        command
    }

    /// The program with these arguments, not started yet.
    pub(super) fn call(&self, words: &[&str]) -> Command {
        self.command(&self.program, words)
    }

    /// The same command with a fault.
    pub(super) fn with_fault(&self, command: &Command, fault: &str) -> Command {
        let mut faulty = self.command(&self.faulty, &[]);
        faulty.args(command.get_args()).env("MNIST_CNN_FAULT", fault);
        faulty
    }

    fn command(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).current_dir(&self.folder).env_remove("CARGO").stdin(Stdio::null());
        command
    }

    /// An empty place for a run.
    pub(super) fn place(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        Ok(path)
    }

    /// Trains without interruption, for comparison.
    pub(super) fn whole(&self, name: &str, epochs: usize) -> Result<Remains> {
        let run = self.place(name)?;
        succeed(&mut self.train(&run, epochs))?;
        remains(&run)
    }

    /// Resumes a run to its end, or begins it if it never got a configuration.
    pub(super) fn finish(&self, run: &Path, epochs: usize) -> Result<Output> {
        succeed(&mut self.next(run, epochs))
    }

    /// Resumes a run that is known to have a damaged checkpoint.
    pub(super) fn finish_damaged(&self, run: &Path) -> Result<()> {
        run_to_its_end(&mut self.resume(run)).map(drop)
    }

    /// The command that a person would type next.
    pub(super) fn next(&self, run: &Path, epochs: usize) -> Command {
        if run.join("config.toml").is_file() { self.resume(run) } else { self.train(run, epochs) }
    }
}

pub(super) fn start(command: &mut Command) -> Result<Child> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("the program could not be started")
}

/// What a program wrote to standard error.
pub(super) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn run_to_its_end(command: &mut Command) -> Result<Output> {
    let output = start(command)?.wait_with_output()?;
    ensure!(output.status.success(), "{command:?} ended with {}: {}", output.status, said(&output));
    Ok(output)
}

fn succeed(command: &mut Command) -> Result<Output> {
    let output = run_to_its_end(command)?;
    // With a damaged checkpoint the program warns, and resumes from the one before.
    ensure!(!said(&output).contains("warning: "), "{command:?} found damage: {}", said(&output));
    Ok(output)
}

pub(super) fn remains(run: &Path) -> Result<Remains> {
    let (mut files, mut names) = (Vec::new(), Vec::new());
    for entry in entries(run)? {
        names.push(entry.strip_prefix(run)?.to_owned());
    }
    for checkpoint in entries(&run.join("checkpoints"))? {
        names.push(checkpoint.strip_prefix(run)?.to_owned());
        for file in entries(&checkpoint)? {
            files.push((file.strip_prefix(run)?.to_owned(), fs::read(&file)?));
        }
    }
    let metrics = fs::read_to_string(run.join("metrics.jsonl"))?;
    let without_time = |line: &str| line.split(",\"seconds\":").next().unwrap_or_default().to_owned();
    Ok(Remains { files, names, metrics: metrics.lines().map(without_time).collect() })
}

impl Remains {
    /// The same without the second newest checkpoint.
    pub(super) fn without_second_newest(&self) -> Self {
        let checkpoints = self.names.iter().filter(|name| step_of(name).is_some());
        let second = checkpoints.rev().nth(1).cloned().unwrap_or_default();
        let is_other = |path: &Path| !path.starts_with(&second);
        Self {
            files: self.files.iter().filter(|(path, _)| is_other(path)).cloned().collect(),
            metrics: self.metrics.clone(),
            names: self.names.iter().filter(|name| is_other(name)).cloned().collect(),
        }
    }

    /// # Errors
    /// Says what differs.
    pub(super) fn check(&self, expected: &Self) -> Result<()> {
        if self.names != expected.names {
            bail!("found {:?}, expected {:?}", self.names, expected.names);
        }
        if let Some((file, _)) = self.files.iter().zip(&expected.files).find(|(a, b)| a != b).map(|(a, _)| a)
        {
            bail!("{} differs from the uninterrupted run's", file.display());
        }
        ensure!(self.files.len() == expected.files.len(), "a checkpoint has more or fewer files");
        ensure!(self.metrics == expected.metrics, "metrics.jsonl differs from the uninterrupted run's");
        Ok(())
    }
}

/// The checkpoints that a signal asked for, which an uninterrupted run does not have: those that are neither
/// due by [`NETWORK`] nor at the end of an epoch.
pub(super) fn unplanned(run: &Path) -> Result<Vec<PathBuf>> {
    let checkpoints = entries(&run.join("checkpoints"))?;
    let is_planned = |path: &PathBuf| {
        step_of(path).is_none_or(|step| step.is_multiple_of(9) || step.is_multiple_of(STEPS_OF_EPOCH))
    };
    Ok(checkpoints.into_iter().filter(|path| !is_planned(path)).collect())
}

pub(super) fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    entries.sort();
    Ok(entries)
}

/// Copies a run, so that it can be broken many times.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in entries(from)? {
        let target = to.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() { copy(&entry, &target)? } else { fs::copy(&entry, &target).map(drop)? }
    }
    Ok(())
}

/// Steps of the newest checkpoint below a run, by its name; 0 if there is none.
pub(super) fn newest_step(run: &Path) -> usize {
    let checkpoints = entries(&run.join("checkpoints")).unwrap_or_default();
    checkpoints.iter().filter_map(|path| step_of(path)).max().unwrap_or(0)
}

/// The step of a checkpoint, by its name.
fn step_of(checkpoint: &Path) -> Option<usize> {
    checkpoint.file_name()?.to_str()?.strip_prefix("step-")?.parse().ok()
}
