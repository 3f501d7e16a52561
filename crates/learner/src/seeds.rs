//! The folder of several runs that differ in their seed alone.
//!
//! `seeds.json` marks it and says which runs belong to it, `seeds.toml` holds the configuration that
//! they share; the run of seed 3 is an ordinary one, in `seed-3`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model::device::Backend;
use run_files::{SeedsInfo, SeedsTestFile};

use crate::checkpoint;
use crate::config::Config;
use crate::config_text::{self, ConfigError};
use crate::durable;
use crate::run_dir::{CONFIG, PAGE, RunDir, RunDirError, TEST, at, backend, now};

pub(crate) const SEEDS: &str = "seeds.json";
pub(crate) const SEEDS_CONFIG: &str = "seeds.toml";

/// TOML promises no larger whole number, and a run with one could not be gone on with.
const LARGEST_SEED: u64 = i64::MAX as u64;

/// `count` seeds from the configuration's own on, begun now; the backend is open.
///
/// # Errors
/// If the last one is no seed.
pub fn plan(config: &Config, count: u64) -> Result<SeedsInfo, ConfigError> {
    let first = config.train().seed;
    let last = first.checked_add(count.saturating_sub(1)).filter(|last| *last <= LARGEST_SEED);
    let last = last.ok_or(ConfigError::Seeds { first, count, largest: LARGEST_SEED })?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(SeedsInfo { version, seeds: (first..=last).collect(), started: now(), backend: None })
}

/// A directory that holds a run for each of several seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedsDir {
    path: PathBuf,
    info: SeedsInfo,
}

impl SeedsDir {
    /// A folder that is there already.
    ///
    /// # Errors
    /// If there is no `seeds.json`, or it cannot be used.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        let file = path.join(SEEDS);
        let bytes = match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RunDirError::NoRun(path.to_owned()));
            }
            bytes => bytes.map_err(at(&file))?,
        };
        let problem = match serde_json::from_slice::<SeedsInfo>(&bytes) {
            Ok(info) if !info.seeds.is_empty() => return Ok(Self { path: path.to_owned(), info }),
            Ok(_) => "found no seeds".to_owned(),
            Err(error) => error.to_string(),
        };
        let problem = format!(
            "{problem}; expected the seeds as `train --seeds` writes them; bring the file back from a copy, or use the runs one by one"
        );
        Err(RunDirError::Damaged { path: file, problem })
    }

    /// Whether there is a folder of several runs.
    pub(crate) fn is_at(path: &Path) -> bool {
        path.join(SEEDS).is_file()
    }

    /// Marks a folder, which the caller has claimed.
    pub(crate) fn create(path: &Path, config: &Config, info: SeedsInfo) -> Result<Self, RunDirError> {
        let folder = Self { path: path.to_owned(), info };
        folder.write_config(config)?;
        // Last: a directory with this file is a folder of runs.
        RunDir { path: path.to_owned() }.write_json(SEEDS, &folder.info)?;
        Ok(folder)
    }

    pub(crate) fn write_config(&self, config: &Config) -> Result<(), RunDirError> {
        let path = self.config_file();
        let text = config_text::print(config)
            .map_err(|error| RunDirError::Damaged { path: path.clone(), problem: error.to_string() })?;
        durable::replace(&path, text.as_bytes()).map_err(RunDirError::Write)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The contents of `seeds.json`.
    pub fn info(&self) -> &SeedsInfo {
        &self.info
    }

    /// The seeds of all runs, in order, of those that are still to come as well.
    pub fn seeds(&self) -> &[u64] {
        &self.info.seeds
    }

    /// The backend that runs are begun on, if the folder names one.
    ///
    /// # Errors
    /// If this program does not know it.
    pub fn backend(&self) -> Result<Option<Backend>, RunDirError> {
        self.info.backend.as_deref().map(|name| backend(&self.path.join(SEEDS), name)).transpose()
    }

    /// Where the run of a seed is, or will be.
    pub fn run_path(&self, seed: u64) -> PathBuf {
        self.path.join(format!("seed-{seed}"))
    }

    /// The runs that are there, finished or not, in the order of [`Self::seeds`].
    pub fn runs(&self) -> Vec<RunDir> {
        self.info.seeds.iter().filter_map(|seed| RunDir::open(&self.run_path(*seed)).ok()).collect()
    }

    /// The runs that have a model by now, in the order of [`Self::seeds`].
    ///
    /// # Errors
    /// If a run is damaged, or none has a model.
    pub fn runs_with_model(&self) -> Result<Vec<RunDir>, RunDirError> {
        let mut runs = Vec::new();
        for seed in self.seeds() {
            let run = match RunDir::open(&self.run_path(*seed)) {
                Err(RunDirError::NoRun(_)) => continue,
                run => run?,
            };
            match run.best_model() {
                Err(RunDirError::NoModel(_)) => {}
                model => model.map(|_| runs.push(run))?,
            }
        }
        if runs.is_empty() { Err(RunDirError::NoModel(self.path.clone())) } else { Ok(runs) }
    }

    /// The resolved configuration of the first run; that of the others differs in `train.seed`.
    pub fn config_file(&self) -> PathBuf {
        self.path.join(SEEDS_CONFIG)
    }

    /// # Errors
    /// If `seeds.toml` cannot be read or is not valid.
    pub fn config(&self) -> Result<Config, RunDirError> {
        let path = self.config_file();
        let text = fs::read_to_string(&path).map_err(at(&path))?;
        Ok(config_text::parse(&path.display().to_string(), &text, &[])?)
    }

    /// Where the report of all runs side by side goes.
    pub fn page(&self) -> PathBuf {
        self.path.join(PAGE)
    }

    /// Writes the result of `test` on all runs.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_test(&self, result: &SeedsTestFile) -> Result<PathBuf, RunDirError> {
        RunDir { path: self.path.clone() }.write_json(TEST, result)?;
        Ok(self.path.join(TEST))
    }

    /// Why this is not a run: the error for who wants one.
    pub(crate) fn not_one_run(&self) -> RunDirError {
        let runs = self.runs();
        RunDirError::Several {
            path: self.path.clone(),
            count: runs.len(),
            first: runs.first().map(|run| run.path().to_owned()),
        }
    }
}

/// What a path holds: one run, or a folder of several.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Run(RunDir),
    Seeds(SeedsDir),
}

impl Found {
    /// What is there already.
    ///
    /// # Errors
    /// If it is neither, or `seeds.json` cannot be used.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        if SeedsDir::is_at(path) && !path.join(CONFIG).is_file() {
            SeedsDir::open(path).map(Self::Seeds)
        } else {
            RunDir::open(path).map(Self::Run)
        }
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Run(run) => run.path(),
            Self::Seeds(seeds) => seeds.path(),
        }
    }

    fn started(&self) -> Option<String> {
        match self {
            Self::Run(run) => run.info().ok().map(|info| info.started),
            Self::Seeds(seeds) => Some(seeds.info.started.clone()),
        }
    }

    fn may_have_model(&self) -> bool {
        let may_have = |run: &RunDir| checkpoint::may_have_best(&run.checkpoints());
        match self {
            Self::Run(run) => may_have(run),
            Self::Seeds(seeds) => seeds.runs().iter().any(may_have),
        }
    }
}

/// What began last below `runs`, of runs and folders of several: of those with a model, or of all.
///
/// # Errors
/// If the folder is there but cannot be read.
pub fn latest(runs: &Path, with_model: bool) -> Result<Option<Found>, RunDirError> {
    let entries = match fs::read_dir(runs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(at(runs))?,
    };
    let found = entries
        .flatten()
        .filter_map(|entry| Found::open(&entry.path()).ok())
        .filter(|found| !with_model || found.may_have_model());
    // RFC 3339 in UTC sorts as text. What does not say when it began is not the latest.
    let dated = found.filter_map(|found| Some((found.started()?, found)));
    let last = dated.max_by(|(a_started, a), (b_started, b)| {
        a_started.cmp(b_started).then_with(|| a.path().cmp(b.path()))
    });
    Ok(last.map(|(_, found)| found))
}

#[cfg(test)]
#[path = "seeds_tests.rs"]
mod tests;
