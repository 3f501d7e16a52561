//! The folder of a run, which explains itself: configuration, circumstances, events, checkpoints.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use dataset::Name;
use model::Weights;
use model::device::Backend;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::checkpoint::{self, CheckpointError, Position, Snapshot};
use crate::config::Config;
use crate::config_text::{self, ConfigError};
use crate::event::{Event, Observer};

const CONFIG: &str = "config.toml";
const INFO: &str = "run.json";
const METRICS: &str = "metrics.jsonl";
const CHECKPOINTS: &str = "checkpoints";
const TEST: &str = "test.json";

/// Why a run directory cannot be made or used.
#[derive(Debug, Error)]
pub enum RunDirError {
    #[error("{}: {reason}", path.display())]
    Io { path: PathBuf, reason: io::Error },
    #[error("{} is already there and is not overwritten; name another directory, or remove it", .0.display())]
    Exists(PathBuf),
    #[error("{run} holds no run (no {CONFIG}); train one: cargo run -p cli -- train --config configs/default.toml -p {run}", run = .0.display())]
    NoRun(PathBuf),
    #[error("{} holds no finished epoch, so no model yet; train one: cargo run -p cli -- train --config configs/default.toml", .0.display())]
    NoModel(PathBuf),
    #[error("{}: {problem}", path.display())]
    Damaged { path: PathBuf, problem: String },
    #[error("the run's configuration is not usable")]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// The circumstances of a run: `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Version of this program.
    pub version: String,
    pub backend: Backend,
    /// The CPU's or the graphics adapter's name.
    pub hardware: String,
    /// Operating system and processor architecture.
    pub platform: String,
    /// Hardware threads available to the process.
    pub threads: usize,
    pub dataset: Name,
    /// SHA-256 of each data file, by name.
    pub data_sha256: Vec<(String, String)>,
    pub seed: u64,
    /// When the run began, RFC 3339, UTC.
    pub started: String,
}

/// A directory that holds a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Makes a new run directory, with its configuration and circumstances.
    ///
    /// # Errors
    /// If `path` is there and not an empty folder, or cannot be written.
    pub fn create(path: &Path, config: &Config, info: &RunInfo) -> Result<Self, RunDirError> {
        fs::create_dir_all(path).map_err(at(path))?;
        if fs::read_dir(path).map_err(at(path))?.next().is_some() {
            return Err(RunDirError::Exists(path.to_owned()));
        }
        let run = Self { path: path.to_owned() };
        let text = config_text::print(config)
            .map_err(|error| RunDirError::Damaged { path: path.join(CONFIG), problem: error.to_string() })?;
        fs::create_dir(run.checkpoints()).map_err(at(path))?;
        run.write_json(INFO, info)?;
        // Last: a directory with a configuration is a run.
        fs::write(path.join(CONFIG), text).map_err(at(&path.join(CONFIG)))?;
        Ok(run)
    }

    /// A run directory that is there already.
    ///
    /// # Errors
    /// If it holds no configuration.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        if path.join(CONFIG).is_file() {
            Ok(Self { path: path.to_owned() })
        } else {
            Err(RunDirError::NoRun(path.to_owned()))
        }
    }

    /// The run below `runs` that began last and has a model.
    ///
    /// # Errors
    /// If the folder is there but cannot be read.
    pub fn latest(runs: &Path) -> Result<Option<Self>, RunDirError> {
        let entries = match fs::read_dir(runs) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            entries => entries.map_err(at(runs))?,
        };
        let with_model = entries
            .flatten()
            .filter_map(|entry| Self::open(&entry.path()).ok())
            .filter(|run| checkpoint::best(&run.checkpoints()).is_dir());
        // RFC 3339 in UTC sorts as text. A run whose run.json is unreadable is not the latest.
        let dated = with_model.filter_map(|run| Some((run.info().ok()?.started, run)));
        Ok(dated.max_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.path.cmp(&b.1.path))).map(|(_, run)| run))
    }

    /// The first of `stem-1`, `stem-2`, ... below `runs` that is not there.
    pub fn free_name(runs: &Path, stem: &str) -> PathBuf {
        let mut number = 1;
        loop {
            let path = runs.join(format!("{stem}-{number}"));
            if !path.exists() {
                return path;
            }
            number += 1;
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the checkpoints are.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join(CHECKPOINTS)
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
        let path = self.path.join(INFO);
        let bytes = fs::read(&path).map_err(at(&path))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| RunDirError::Damaged { path, problem: error.to_string() })
    }

    /// Weights and position of the best model on validation.
    ///
    /// # Errors
    /// If no epoch was finished, or the checkpoint is damaged.
    pub fn best_model(&self) -> Result<(Weights, Position), RunDirError> {
        let best = checkpoint::best(&self.checkpoints());
        if !best.is_dir() {
            return Err(RunDirError::NoModel(self.path.clone()));
        }
        Ok(checkpoint::load(&best)?)
    }

    /// Writes the result of `test`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_test(&self, result: &impl Serialize) -> Result<PathBuf, RunDirError> {
        self.write_json(TEST, result)?;
        Ok(self.test_file())
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), RunDirError> {
        let path = self.path.join(name);
        let mut bytes = serde_json::to_vec_pretty(value)
            .map_err(|error| RunDirError::Damaged { path: path.clone(), problem: error.to_string() })?;
        bytes.push(b'\n');
        // Beside and renamed, so that a reader never sees half a file.
        let partial = self.path.join(format!("{name}.partial"));
        fs::write(&partial, bytes).and_then(|()| fs::rename(&partial, &path)).map_err(at(&path))
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> RunDirError {
    let path = path.to_owned();
    move |reason| RunDirError::Io { path, reason }
}

/// The time now as `run.json` writes it.
pub fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}

/// Keeps a run's events and checkpoints in its directory.
#[derive(Debug)]
pub struct Recorder {
    checkpoints: PathBuf,
    metrics: File,
    started: Instant,
}

/// A line of `metrics.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    event: &'a Event,
    /// Since the recorder was made.
    seconds: f64,
}

impl Recorder {
    /// # Errors
    /// If `metrics.jsonl` cannot be opened.
    pub fn new(run: &RunDir) -> Result<Self, RunDirError> {
        let path = run.path.join(METRICS);
        let metrics = OpenOptions::new().create(true).append(true).open(&path).map_err(at(&path))?;
        Ok(Self { checkpoints: run.checkpoints(), metrics, started: Instant::now() })
    }
}

impl Observer for Recorder {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let seconds = (self.started.elapsed().as_secs_f64() * 1e3).round() / 1e3;
        let mut line = serde_json::to_vec(&Line { event, seconds })?;
        line.push(b'\n');
        self.metrics.write_all(&line)
    }

    fn checkpoint(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        checkpoint::save(&self.checkpoints, snapshot).map(drop)
    }
}
