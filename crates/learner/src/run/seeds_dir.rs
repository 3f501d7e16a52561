//! The folder of several runs that differ only in their seed.
//!
//! `seeds.json` marks the folder and lists the seeds, `seeds.toml` holds the configuration that the runs
//! share, and each run is an ordinary run in a subfolder: that of seed 3 is in `seed-3`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use dataset::{Description, DescriptionError, Name};
use run_files::{SeedsInfo, names};

use crate::config::{Config, ConfigError, LARGEST_WHOLE};
use crate::run::best_model::BestModel;
use crate::run::error::RunDirError;
use crate::run::folder::{Folder, io_error, now};
use crate::run::machine::text_of;
use crate::run::run_dir::RunDir;

/// The contents of `seeds.json` of a new folder: `count` consecutive seeds, of which the configuration's seed
/// is the first, and the backend that the runs are begun on.
///
/// # Errors
/// If the last seed is too large.
pub fn plan_seeds(config: &Config, count: u64, backend: &str) -> Result<SeedsInfo, ConfigError> {
    let first = config.train().seed;
    let last = first.checked_add(count.saturating_sub(1)).filter(|last| *last <= LARGEST_WHOLE);
    let last = last.ok_or(ConfigError::Seeds { first, count, largest: LARGEST_WHOLE })?;
    Ok(SeedsInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seeds: (first..=last).collect(),
        started: now(),
        backend: Some(backend.to_owned()),
        data_dir: None,
        init: None,
    })
}

/// A folder that holds a run for each of several seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedsDir {
    folder: Folder,
    info: SeedsInfo,
}

/// The runs of a folder, divided into those with a model that can be used and those without.
#[derive(Debug)]
pub struct SeedModels {
    /// The runs that have a model, each with its best one.
    pub runs: Vec<(RunDir, BestModel)>,
    pub missing: Vec<MissingRun>,
}

/// A seed whose run has no model that can be used.
#[derive(Debug)]
pub struct MissingRun {
    pub seed: u64,
    pub error: RunDirError,
}

impl MissingRun {
    /// Whether the run is only not trained yet. Otherwise it is damaged.
    pub fn is_unfinished(&self) -> bool {
        matches!(self.error, RunDirError::NoRun(_) | RunDirError::NoModel(_))
    }
}

impl SeedsDir {
    /// Opens an existing folder of several runs.
    ///
    /// # Errors
    /// If there is no `seeds.json`, or it cannot be used.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        let folder = Folder::new(path);
        let file = folder.file(names::SEEDS);
        let bytes = match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RunDirError::NoRun(path.to_owned()));
            }
            bytes => bytes.map_err(io_error(&file))?,
        };
        let problem = match serde_json::from_slice::<SeedsInfo>(&bytes) {
            Ok(info) if !info.seeds.is_empty() => return Ok(Self { folder, info }),
            Ok(_) => "found no seeds".to_owned(),
            Err(error) => error.to_string(),
        };
        let problem = format!(
            "{problem}; expected the seeds that the folder was made with; \
             bring the file back from a copy, or use the runs one by one"
        );
        Err(folder.with_version(names::SEEDS, RunDirError::Damaged { path: file, problem }))
    }

    /// Whether `path` is a folder of several runs.
    pub(crate) fn is_at(path: &Path) -> bool {
        Folder::new(path).has(names::SEEDS)
    }

    /// Makes a folder of several runs out of a folder that the caller has locked.
    pub(crate) fn create(
        folder: &Folder,
        config: &Config,
        info: SeedsInfo,
        data_dir: Option<&Path>,
    ) -> Result<Self, RunDirError> {
        let info = SeedsInfo { data_dir: text_of(data_dir), ..info };
        folder.write_description(config.description())?;
        folder.write_config(names::SEEDS_CONFIG, config)?;
        // This file is written last, because a folder counts as one of several runs as soon as it has the
        // file.
        folder.write_json(names::SEEDS, &info)?;
        Ok(Self { folder: folder.clone(), info })
    }

    /// Writes the configuration and the data directory of resumed runs if they have changed.
    pub(crate) fn note_resume(&self, config: &Config, data_dir: Option<&Path>) -> Result<(), RunDirError> {
        if self.config()? != *config {
            self.folder.write_config(names::SEEDS_CONFIG, config)?;
        }
        let data_dir = text_of(data_dir);
        if data_dir.is_none() || data_dir == self.info.data_dir {
            return Ok(());
        }
        self.folder.write_json(names::SEEDS, &SeedsInfo { data_dir, ..self.info.clone() })
    }

    /// Says of an error about what a file holds that a newer version of the program made the folder, if it did.
    pub fn with_version(&self, error: RunDirError) -> RunDirError {
        self.folder.with_version(names::SEEDS, error)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The path of one of the folder's files; [`run_files::names`] lists their names.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.file(name)
    }

    /// The contents of `seeds.json`.
    pub fn info(&self) -> &SeedsInfo {
        &self.info
    }

    /// The seeds of all runs in the order of their training, also of the runs that are still to come.
    pub fn seeds(&self) -> &[u64] {
        &self.info.seeds
    }

    /// The path of a seed's run, whether or not the run exists yet.
    pub fn run_path(&self, seed: u64) -> PathBuf {
        self.folder.file(&format!("seed-{seed}"))
    }

    /// The runs that exist, finished or not, in the order of [`Self::seeds`].
    pub fn runs(&self) -> Vec<RunDir> {
        self.seeds().iter().filter_map(|seed| RunDir::open(&self.run_path(*seed)).ok()).collect()
    }

    /// The best model of each run, and the runs without one, both in the order of [`Self::seeds`].
    ///
    /// # Errors
    /// If no run has a model that can be used: the error of the first damaged run, if there is one.
    pub fn models(&self) -> Result<SeedModels, RunDirError> {
        let (mut runs, mut missing) = (Vec::new(), Vec::new());
        for &seed in self.seeds() {
            let best_model = |run: RunDir| {
                run.config()?;
                let best = run.best_model()?;
                Ok((run, best))
            };
            match RunDir::open(&self.run_path(seed)).and_then(best_model) {
                Ok(run) => runs.push(run),
                Err(error) => missing.push(MissingRun { seed, error }),
            }
        }
        if !runs.is_empty() {
            return Ok(SeedModels { runs, missing });
        }
        let damaged = missing.into_iter().find(|missing| !missing.is_unfinished());
        Err(damaged.map_or_else(|| RunDirError::NoModel(self.path().to_owned()), |missing| missing.error))
    }

    /// Reads the resolved configuration of the first run. The other runs differ from it only in `train.seed`.
    ///
    /// # Errors
    /// If `seeds.toml` cannot be read, is not valid, or names another data set than the runs were begun on.
    pub fn config(&self) -> Result<Config, RunDirError> {
        let config = self.folder.read_config(names::SEEDS_CONFIG, names::SEEDS)?;
        let file = self.file(names::SEEDS_CONFIG);
        self.runs().iter().try_for_each(|run| run.check_data(&config, &file))?;
        Ok(config)
    }

    /// The description of the data set that the runs learn from, whether or not it is still there.
    ///
    /// # Errors
    /// If the folder's description cannot be read, or there is none for a data set that is not in the catalog.
    pub fn describe(&self, name: Name) -> Result<Description, DescriptionError> {
        self.folder.describe(name)
    }

    /// Writes a file of the folder, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError> {
        self.folder.write(name, bytes)
    }
}

#[cfg(test)]
#[path = "seeds_dir_tests.rs"]
mod tests;
