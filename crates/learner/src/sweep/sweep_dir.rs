//! The folder of a sweep.
//!
//! `sweep.toml` holds the keys with their ranges, `base.toml` what all trials share, and `sweep.json` the circumstances;
//! it marks the folder as a sweep. Each trial is an ordinary run in a subfolder: trial 7 is in `trial-7`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use dataset::{Description, DescriptionError, Name};
use run_files::{Failure, SweepInfo, names};

use crate::config::ConfigError;
use crate::run::training::{self, FinishedRun};
use crate::run::{Folder, RunDir, RunDirError, RunLock, io_error, now, text_of};
use crate::sweep::plan::{Plan, SweepError};
use crate::sweep::space::Space;

/// A folder that holds a run for each trial of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepDir {
    folder: Folder,
    info: SweepInfo,
    plan: Plan,
}

/// How far a trial is.
#[derive(Debug)]
pub enum TrialState {
    Missing,
    /// Begun, and not at its end. `is_held` says whether a process trains it at this moment.
    Begun {
        is_held: bool,
    },
    /// It cannot be trained to its end: its loss was not finite.
    Failed {
        reason: String,
    },
    Finished(Box<FinishedRun>),
}

impl SweepDir {
    /// Opens an existing sweep.
    ///
    /// # Errors
    /// If there is no `sweep.json`, or one of the sweep's files cannot be used.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        let folder = Folder::new(path);
        if !folder.has(names::SWEEP) {
            return Err(RunDirError::NoSweep(path.to_owned()));
        }
        let info: SweepInfo = folder.read_json(names::SWEEP)?;
        let newer = |error| folder.with_version(names::SWEEP, error);
        let file = folder.file(names::SWEEP_SPACE);
        let bytes = fs::read(&file).map_err(io_error(&file))?;
        let space = Space::parse_bytes(&file.display().to_string(), &bytes);
        let space = space.map_err(|error| newer(error.into()))?;
        let base = folder.read_config(names::SWEEP_CONFIG, names::SWEEP)?;
        let describe = |name| folder.describe(name);
        let plan = Plan::new(space, base, &describe)
            .map_err(|error| newer(RunDirError::Damaged { path: file, problem: error.to_string() }))?;
        Ok(Self { folder, info, plan })
    }

    /// Makes a sweep out of a folder that the caller has locked. `data_dir` is the data directory of the images.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn create(
        lock: &mut RunLock,
        plan: Plan,
        backend: &str,
        data_dir: Option<&Path>,
    ) -> Result<Self, RunDirError> {
        let folder = lock.begin().clone();
        let info = SweepInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: now(),
            backend: backend.to_owned(),
            data_dir: text_of(data_dir),
        };
        folder.write_description(plan.base().description())?;
        folder.write_config(names::SWEEP_CONFIG, plan.base())?;
        let not_toml = |error: toml::ser::Error| ConfigError::NotToml { problem: error.to_string() };
        folder.write(names::SWEEP_SPACE, toml::to_string(plan.space()).map_err(not_toml)?.as_bytes())?;
        // This file is written last, because a folder counts as a sweep as soon as it has the file.
        folder.write_json(names::SWEEP, &info)?;
        Ok(Self { folder, info, plan })
    }

    /// Whether `path` is a sweep.
    pub fn is_at(path: &Path) -> bool {
        Folder::new(path).has(names::SWEEP)
    }

    /// Checks that a sweep of the same name is the one that is here.
    ///
    /// # Errors
    /// Says what differs.
    pub fn check_same(&self, wanted: &Plan) -> Result<(), SweepError> {
        let problem = if wanted.space() != self.plan.space() {
            "keys, ranges, seed or number of trials"
        } else if wanted.base() != self.plan.base() {
            "the configuration that the trials share"
        } else {
            return Ok(());
        };
        Err(SweepError::Other { path: self.path().to_owned(), problem })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The path of one of the folder's files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.file(name)
    }

    /// The contents of `sweep.json`.
    pub fn info(&self) -> &SweepInfo {
        &self.info
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The path of a trial's run, whether or not it exists yet.
    pub fn trial_path(&self, number: u64) -> PathBuf {
        self.folder.file(&format!("trial-{number}"))
    }

    /// How far a trial is.
    ///
    /// # Errors
    /// If the trial's files cannot be read.
    pub fn state(&self, number: u64) -> Result<TrialState, RunDirError> {
        let path = self.trial_path(number);
        match Folder::new(&path).read_json::<Failure>(names::FAILURE) {
            Err(RunDirError::Io { reason, .. }) if reason.kind() == io::ErrorKind::NotFound => (),
            failure => return Ok(TrialState::Failed { reason: failure?.reason }),
        }
        let is_held = RunLock::is_held(&path);
        match RunDir::open(&path) {
            Err(RunDirError::NoRun(_)) if is_held => Ok(TrialState::Begun { is_held }),
            Err(RunDirError::NoRun(_)) => Ok(TrialState::Missing),
            // The files of a run that is being trained change at any moment.
            Ok(_) if is_held => Ok(TrialState::Begun { is_held }),
            run => Ok(match training::finished(&run?)? {
                Some(finished) => TrialState::Finished(Box::new(finished)),
                None => TrialState::Begun { is_held },
            }),
        }
    }

    /// Notes that a trial cannot be trained to its end, so that nobody tries again.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn note_failure(&self, number: u64, reason: String) -> Result<(), RunDirError> {
        Folder::new(&self.trial_path(number)).write_json(names::FAILURE, &Failure { reason })
    }

    /// The description of the data set that the trials learn from, whether or not it is still there.
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
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::config;

    fn plan(text: &str, sets: &[&str]) -> Plan {
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let base = config::parse("base", "", &sets).unwrap();
        Plan::new(Space::parse("s", text).unwrap(), base, &Description::in_catalog).unwrap()
    }

    const TEXT: &str = "trials = 3\n[keys]\n\"train.learning_rate\" = { log_uniform = [0.001, 0.1] }";

    #[test]
    fn a_sweep_is_the_same_when_it_is_opened_again() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("sweep");
        assert!(matches!(SweepDir::open(&path), Err(RunDirError::NoSweep(_))));
        let plan = plan(TEXT, &["data.dataset=sample"]);
        let mut lock = RunLock::new_run(&path).unwrap();
        let made = SweepDir::create(&mut lock, plan.clone(), "ndarray", None).unwrap();
        drop(lock);
        let opened = SweepDir::open(&path).unwrap();
        assert_eq!(opened, made);
        opened.check_same(&plan).unwrap();
        assert!(matches!(RunLock::new_run(&path), Err(RunDirError::Exists { is_run: true, .. })));
    }

    #[test]
    fn another_sweep_is_refused() {
        let dir = TempDir::new().unwrap();
        let mut lock = RunLock::new_run(&dir.path().join("sweep")).unwrap();
        let sweep = SweepDir::create(&mut lock, plan(TEXT, &[]), "ndarray", None).unwrap();
        let refused = |other: &Plan| sweep.check_same(other).unwrap_err().to_string();
        assert!(refused(&plan(&TEXT.replace('3', "4"), &[])).contains("number of trials"));
        assert!(refused(&plan(TEXT, &["train.epochs=7"])).contains("the trials share"));
    }

    #[test]
    fn a_trial_goes_from_missing_to_begun_and_failed() {
        let dir = TempDir::new().unwrap();
        let mut lock = RunLock::new_run(&dir.path().join("sweep")).unwrap();
        let sweep = SweepDir::create(&mut lock, plan(TEXT, &[]), "ndarray", None).unwrap();
        assert!(matches!(sweep.state(1).unwrap(), TrialState::Missing));
        let trial = RunLock::new_run(&sweep.trial_path(1)).unwrap();
        assert!(matches!(sweep.state(1).unwrap(), TrialState::Begun { is_held: true }));
        drop(trial);
        assert!(matches!(sweep.state(1).unwrap(), TrialState::Missing));
        fs::create_dir(sweep.trial_path(1)).unwrap();
        sweep.note_failure(1, "the loss is NaN".to_owned()).unwrap();
        let TrialState::Failed { reason } = sweep.state(1).unwrap() else { panic!("not failed") };
        assert_eq!(reason, "the loss is NaN");
    }
}
