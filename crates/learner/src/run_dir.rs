//! The folder of a run, which explains itself: configuration, circumstances, checkpoints.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use model::device::Backend;
use run_files::{RunInfo, TestFile, TestNote, ValidationFile};
use serde::de::IntoDeserializer;
use serde::de::value::Error as NameError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::checkpoint::{self, CheckpointError};
use crate::config::Config;
use crate::config_text::{self, ConfigError};
use crate::durable::{self, Log};
use crate::seeds::SeedsDir;
use crate::snapshot::Snapshot;

pub(crate) const CONFIG: &str = "config.toml";
pub(crate) const INFO: &str = "run.json";
pub(crate) const CHECKPOINTS: &str = "checkpoints";
const METRICS: &str = "metrics.jsonl";
pub(crate) const TEST: &str = "test.json";
pub(crate) const VALIDATION: &str = "validation.json";
pub(crate) const PREDICTIONS: &str = "predictions.csv";
pub(crate) const PAGE: &str = "report.html";
const TESTS: &str = "tests.jsonl";

/// Why a run directory cannot be made or used.
#[derive(Debug, Error)]
pub enum RunDirError {
    #[error("{}: {reason}", path.display())]
    Io { path: PathBuf, reason: io::Error },
    /// The text says where.
    #[error("{0}")]
    Write(io::Error),
    #[error("{} is already there and is not overwritten; name another directory, or remove it{}", path.display(), go_on(path, *is_run))]
    Exists { path: PathBuf, is_run: bool },
    #[error("another process is training in {}; wait for its end, or name another directory", .0.display())]
    Locked(PathBuf),
    #[error("{run} holds no run (no {CONFIG}); train one: cargo run -p cli -- train --config configs/default.toml -p {run}", run = .0.display())]
    NoRun(PathBuf),
    #[error("{}", several(path, *count, first.as_deref()))]
    Several { path: PathBuf, count: usize, first: Option<PathBuf> },
    #[error("{} holds no runs; train one: cargo run -p cli -- train --config configs/default.toml", .0.display())]
    NoRuns(PathBuf),
    #[error("{} holds no finished epoch, so no model yet; train one: cargo run -p cli -- train --config configs/default.toml", .0.display())]
    NoModel(PathBuf),
    #[error("{}: {problem}", path.display())]
    Damaged { path: PathBuf, problem: String },
    #[error("the run's configuration is not usable")]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

fn go_on(path: &Path, is_run: bool) -> String {
    if is_run { format!("; to go on with it: train --resume -p {}", path.display()) } else { String::new() }
}

/// A folder of several runs, where one is wanted.
fn several(path: &Path, count: usize, first: Option<&Path>) -> String {
    let path = path.display();
    match first.map(Path::display) {
        None => format!("{path} holds no run yet; begin them: train --resume -p {path}"),
        Some(first) if count == 1 => format!("{path} holds 1 run; name it: -p {first}"),
        Some(first) => format!("{path} holds {count} runs; name one of them: -p {first}"),
    }
}

/// A directory that holds a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunDir {
    pub(crate) path: PathBuf,
}

impl RunDir {
    /// A run directory that is there already.
    ///
    /// # Errors
    /// If it holds no configuration, or several runs.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        if path.join(CONFIG).is_file() {
            Ok(Self { path: path.to_owned() })
        } else if SeedsDir::is_at(path) {
            Err(SeedsDir::open(path)?.not_one_run())
        } else {
            Err(RunDirError::NoRun(path.to_owned()))
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The resolved configuration.
    pub fn config_file(&self) -> PathBuf {
        self.path.join(CONFIG)
    }

    /// The run's circumstances.
    pub fn info_file(&self) -> PathBuf {
        self.path.join(INFO)
    }

    /// Where the checkpoints are.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join(CHECKPOINTS)
    }

    /// The events, one a line.
    pub fn metrics(&self) -> PathBuf {
        self.path.join(METRICS)
    }

    /// Where the result of `test` goes.
    pub fn test_file(&self) -> PathBuf {
        self.path.join(TEST)
    }

    /// # Errors
    /// If `config.toml` cannot be read or is not valid.
    pub fn config(&self) -> Result<Config, RunDirError> {
        let path = self.path.join(CONFIG);
        let text = fs::read_to_string(&path).map_err(at(&path))?;
        Ok(config_text::parse(&path.display().to_string(), &text, &[])?)
    }

    /// # Errors
    /// If `run.json` cannot be read.
    pub fn info(&self) -> Result<RunInfo, RunDirError> {
        let path = self.info_file();
        let bytes = fs::read(&path).map_err(at(&path))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| RunDirError::Damaged { path, problem: error.to_string() })
    }

    /// The backend that the run began on.
    ///
    /// # Errors
    /// If `run.json` cannot be read, or names a backend that this program does not know.
    pub fn backend(&self) -> Result<Backend, RunDirError> {
        backend(&self.info_file(), &self.info()?.backend)
    }

    /// The best model on validation, and the folder of its checkpoint.
    ///
    /// # Errors
    /// If no epoch was finished, or the checkpoint is damaged.
    pub fn best_model(&self) -> Result<(Snapshot, PathBuf), RunDirError> {
        let dir = self.checkpoints();
        let find = || if dir.is_dir() { checkpoint::best(&dir) } else { Ok(None) };
        // A process that trains here may have removed a checkpoint between listing and reading it.
        let found = match find() {
            Err(error) if error.is_gone() => find()?,
            found => found?,
        };
        found.ok_or_else(|| RunDirError::NoModel(self.path.clone()))
    }

    /// Where the report goes, for people to look at.
    pub fn page(&self) -> PathBuf {
        self.path.join(PAGE)
    }

    /// Where the judgement of the best model on validation goes.
    pub fn validation_file(&self) -> PathBuf {
        self.path.join(VALIDATION)
    }

    /// Where `test` writes what it was told of each picture.
    pub fn predictions(&self) -> PathBuf {
        self.path.join(PREDICTIONS)
    }

    /// Notes that the run was tested, in a log that only grows; tells how often it was by now.
    ///
    /// Whoever tests again and again chooses on the test set, and should see it.
    ///
    /// # Errors
    /// If the log cannot be read or written.
    pub fn note_test(&self, test: &TestNote) -> Result<usize, RunDirError> {
        let path = self.path.join(TESTS);
        let mut line = json(&path, serde_json::to_vec(test))?;
        line.push(b'\n');
        // Held until the line is written: two tests may end at once.
        let lock = OpenOptions::new().create(true).append(true).open(&path).map_err(at(&path))?;
        lock.lock().map_err(at(&path))?;
        let before = fs::read(&path).map_err(at(&path))?;
        // What a crash left of a line is not a test that was done.
        let whole = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut log = Log::open(&path, whole as u64).map_err(RunDirError::Write)?;
        log.append(&line).and_then(|()| log.sync()).map_err(RunDirError::Write)?;
        Ok(1 + lines(&before))
    }

    /// How often the run was tested; 0 if that cannot be read.
    pub fn times_tested(&self) -> usize {
        fs::read(self.path.join(TESTS)).map_or(0, |log| lines(&log))
    }

    /// Writes the resolved configuration, which reruns as it is.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write_config(&self, config: &Config) -> Result<(), RunDirError> {
        let path = self.path.join(CONFIG);
        let text = config_text::print(config)
            .map_err(|error| RunDirError::Damaged { path: path.clone(), problem: error.to_string() })?;
        durable::replace(&path, text.as_bytes()).map_err(RunDirError::Write)
    }

    /// # Errors
    /// If `run.json` cannot be written.
    pub(crate) fn write_info(&self, info: &RunInfo) -> Result<(), RunDirError> {
        self.write_json(INFO, info)
    }

    /// Writes the result of `test`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_test(&self, result: &TestFile) -> Result<PathBuf, RunDirError> {
        self.write_json(TEST, result)?;
        Ok(self.test_file())
    }

    /// Writes the judgement of the best model on validation.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_validation(&self, result: &ValidationFile) -> Result<(), RunDirError> {
        self.write_json(VALIDATION, result)
    }

    /// Writes one of the run's other files, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), RunDirError> {
        durable::replace(path, bytes).map_err(RunDirError::Write)
    }

    pub(crate) fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), RunDirError> {
        let path = self.path.join(name);
        let mut bytes = json(&path, serde_json::to_vec_pretty(value))?;
        bytes.push(b'\n');
        durable::replace(&path, &bytes).map_err(RunDirError::Write)
    }
}

/// The backend that the file at `path` names.
pub(crate) fn backend(path: &Path, name: &str) -> Result<Backend, RunDirError> {
    let named: Result<Backend, NameError> = Backend::deserialize(name.into_deserializer());
    named.map_err(|error| RunDirError::Damaged {
        path: path.to_owned(),
        problem: format!("the backend is not known: {error}"),
    })
}

/// How many lines were written to their end.
fn lines(log: &[u8]) -> usize {
    log.iter().filter(|byte| **byte == b'\n').count()
}

fn json(path: &Path, written: serde_json::Result<Vec<u8>>) -> Result<Vec<u8>, RunDirError> {
    written.map_err(|error| RunDirError::Damaged { path: path.to_owned(), problem: error.to_string() })
}

pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> RunDirError {
    let path = path.to_owned();
    move |reason| RunDirError::Io { path, reason }
}

/// The time now as `run.json` writes it.
pub fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}
