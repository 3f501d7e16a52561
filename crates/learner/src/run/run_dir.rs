//! The folder of a run, which explains itself: configuration, circumstances, events, checkpoints, evaluations.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use run_files::{RunInfo, TestFile, TestNote, ValidationFile, names};

use crate::config::Config;
use crate::run::best_model::BestModel;
use crate::run::error::RunDirError;
use crate::run::folder::{Folder, io_error};
use crate::run::store::durable::Log;

/// A folder that holds a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    folder: Folder,
}

impl RunDir {
    /// A run that is there already.
    ///
    /// # Errors
    /// If the folder holds no configuration.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        let folder = Folder::new(path);
        if folder.has(names::CONFIG) { Ok(Self { folder }) } else { Err(RunDirError::NoRun(path.to_owned())) }
    }

    /// Writes what a new run begins with into a folder that the caller has locked.
    pub(crate) fn create(folder: &Folder, config: &Config, info: &RunInfo) -> Result<Self, RunDirError> {
        folder.create_subfolder(names::CHECKPOINTS)?;
        folder.write_json(names::RUN, info)?;
        // The configuration comes last, because a folder with a configuration is a run.
        folder.write_config(names::CONFIG, config)?;
        Ok(Self { folder: folder.clone() })
    }

    /// Notes that the run is resumed, perhaps with a changed configuration.
    pub(crate) fn note_resume(&self, config: &Config, info: &RunInfo) -> Result<(), RunDirError> {
        self.folder.create_subfolder(names::CHECKPOINTS)?;
        if self.config()? != *config {
            self.folder.write_config(names::CONFIG, config)?;
        }
        self.folder.write_json(names::RUN, info)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The path of one of the run's files; [`run_files::names`] lists their names.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.file(name)
    }

    /// Where the checkpoints are.
    pub fn checkpoints(&self) -> PathBuf {
        self.file(names::CHECKPOINTS)
    }

    /// The resolved configuration.
    ///
    /// # Errors
    /// If `config.toml` cannot be read or is not valid.
    pub fn config(&self) -> Result<Config, RunDirError> {
        self.folder.read_config(names::CONFIG)
    }

    /// The circumstances of the run.
    ///
    /// # Errors
    /// If `run.json` cannot be read.
    pub fn info(&self) -> Result<RunInfo, RunDirError> {
        self.folder.read_json(names::RUN)
    }

    /// The best model on validation, read and hashed.
    ///
    /// # Errors
    /// If no epoch was finished, or the checkpoint is damaged.
    pub fn best_model(&self) -> Result<BestModel, RunDirError> {
        BestModel::read(&self.checkpoints())?.ok_or_else(|| RunDirError::NoModel(self.path().to_owned()))
    }

    /// The result of the newest test, if that test was of this model.
    ///
    /// A run that was resumed after its test may have another best model, which nobody has tested.
    pub fn test_of(&self, model: &BestModel) -> Option<TestFile> {
        let test: TestFile = self.folder.read_json(names::TEST).ok()?;
        (test.weights_sha256 == model.sha256).then_some(test)
    }

    /// Writes `test.json`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_test(&self, test: &TestFile) -> Result<(), RunDirError> {
        self.folder.write_json(names::TEST, test)
    }

    /// Writes `validation.json`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_validation(&self, validation: &ValidationFile) -> Result<(), RunDirError> {
        self.folder.write_json(names::VALIDATION, validation)
    }

    /// Writes a file of the run, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError> {
        self.folder.write(name, bytes)
    }

    /// Notes that the run was tested, in a log that only grows, and returns how often it has been tested by now.
    ///
    /// A person who tests again and again chooses on the test set, and should see it.
    ///
    /// # Errors
    /// If the log cannot be read or written.
    pub fn note_test(&self, test: &TestNote) -> Result<usize, RunDirError> {
        let path = self.file(names::TESTS);
        let mut line = serde_json::to_vec(test)
            .map_err(|error| RunDirError::Damaged { path: path.clone(), problem: error.to_string() })?;
        line.push(b'\n');
        // The lock is held until the line is written, because two tests may end at once.
        let lock = OpenOptions::new().create(true).append(true).open(&path).map_err(io_error(&path))?;
        lock.lock().map_err(io_error(&path))?;
        let before = fs::read(&path).map_err(io_error(&path))?;
        // A line that a crash cut off is removed: it does not tell of a test that was finished.
        let whole = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut log = Log::open(&path, whole as u64).map_err(RunDirError::Write)?;
        log.append(&line).and_then(|()| log.sync()).map_err(RunDirError::Write)?;
        Ok(1 + before.iter().filter(|byte| **byte == b'\n').count())
    }
}
