//! The folder of a run. It explains itself: it holds the configuration, the circumstances, the events, the
//! checkpoints and the evaluations of the run.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use dataset::verify::obstacle;
use dataset::{Description, DescriptionError, Name, Preparation};
use network::{ModelFile, ModelSource, NamedTensors, Thresholds};
use run_files::{RunInfo, TestFile, TestNote, ThresholdsFile, ValidationFile, names};

use crate::config::Config;
use crate::run::best_model::BestModel;
use crate::run::data::checksums;
use crate::run::error::RunDirError;
use crate::run::folder::{Folder, io_error};
use crate::run::store::durable::{self, Log};
use crate::run::store::limits::{self, DiskLimit};
use crate::run::store::operation::failed;

/// A test that is in the log of a run's tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotedTest {
    /// The number of tests on the same data set in the log, this one included.
    pub times_tested: usize,
    /// Set if the log could not be locked. Of two tests that end at once, it may then count one.
    pub limit: Option<DiskLimit>,
}

/// A folder that holds a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    folder: Folder,
}

impl RunDir {
    /// Opens an existing run.
    ///
    /// # Errors
    /// If the folder holds no configuration, or if it is no folder.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        let folder = Folder::new(path);
        if folder.has(names::CONFIG) {
            return Ok(Self { folder });
        }
        if folder.has(names::SWEEP) {
            return Err(RunDirError::Sweep(path.to_owned()));
        }
        Err(obstacle(path).map_or_else(|| RunDirError::NoRun(path.to_owned()), RunDirError::Blocked))
    }

    /// Makes a new run in a folder that the caller has locked.
    pub(crate) fn create(folder: &Folder, config: &Config, info: &RunInfo) -> Result<Self, RunDirError> {
        folder.create_subfolder(names::CHECKPOINTS)?;
        folder.write_json(names::RUN, info)?;
        folder.write_description(config.description())?;
        // The configuration comes last, because a folder with a configuration is a run.
        folder.write_config(names::CONFIG, config)?;
        Ok(Self { folder: folder.clone() })
    }

    /// Writes the circumstances of a resumed run, and its configuration if it has changed.
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

    /// The path of the folder of the checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.file(names::CHECKPOINTS)
    }

    /// Reads the resolved configuration.
    ///
    /// # Errors
    /// If `config.toml` cannot be read, is not valid, or names another data set than `run.json`.
    pub fn config(&self) -> Result<Config, RunDirError> {
        let config = self.folder.read_config(names::CONFIG, names::RUN)?;
        self.check_data(&config, &self.file(names::CONFIG))?;
        Ok(config)
    }

    /// The description of the data set that the run learns from, whether or not it is still there.
    ///
    /// # Errors
    /// If the run's description cannot be read, or there is none for a data set that is not in the catalog.
    pub fn describe(&self, name: Name) -> Result<Description, DescriptionError> {
        self.folder.describe(name)
    }

    /// Compares the data set of a configuration, which was read from `file`, with the one that the run was begun
    /// on, which `run.json` names.
    pub(crate) fn check_data(&self, config: &Config, file: &Path) -> Result<(), RunDirError> {
        // A run without a readable `run.json` cannot be checked. Whoever needs that file says so.
        let Ok(info) = self.info() else { return Ok(()) };
        let name = config.data().dataset;
        if info.dataset != name.key() {
            return Err(RunDirError::OtherData {
                config: file.to_owned(),
                named: name.to_string(),
                info: self.file(names::RUN),
                trained: info.dataset,
            });
        }
        if !info.data_sha256.is_empty() && info.data_sha256 != checksums(config.description()) {
            let title = &config.description().title;
            let problem = format!("found the SHA-256s of other files, expected those of {title}'s files");
            return Err(RunDirError::Damaged { path: self.file(names::RUN), problem });
        }
        Ok(())
    }

    /// Reads the circumstances of the run.
    ///
    /// # Errors
    /// If `run.json` cannot be read.
    pub fn info(&self) -> Result<RunInfo, RunDirError> {
        self.folder.read_json(names::RUN).map_err(|error| self.with_version(error))
    }

    /// Checks that the run was trained here, so that its training can go on.
    ///
    /// # Errors
    /// If the run's model was imported, or `run.json` cannot be read.
    pub fn check_trained(&self) -> Result<(), RunDirError> {
        match self.info()?.imported {
            Some(_) => Err(RunDirError::Imported(self.path().to_owned())),
            None => Ok(()),
        }
    }

    /// Says of an error about what a file holds that a newer version of the program wrote the run, if it did.
    pub fn with_version(&self, error: RunDirError) -> RunDirError {
        self.folder.with_version(names::RUN, error)
    }

    /// Reads and hashes the model with the best validation.
    ///
    /// # Errors
    /// If no epoch was finished, or the checkpoint is damaged.
    pub fn best_model(&self) -> Result<BestModel, RunDirError> {
        let best = BestModel::read(&self.checkpoints()).map_err(|error| self.with_version(error))?;
        best.ok_or_else(|| RunDirError::NoModel(self.path().to_owned()))
    }

    /// Whether the run has an evaluation of this model on the validation images.
    pub(crate) fn is_validated(&self, model: &BestModel) -> bool {
        let file = self.folder.read_json::<ValidationFile>(names::VALIDATION);
        file.is_ok_and(|file| file.weights_sha256 == model.sha256)
    }

    /// The result of the newest test if it tested this model on the run's own data set.
    ///
    /// If a run was resumed after its test, it may have another best model, which was not tested yet.
    pub fn test_of(&self, model: &BestModel) -> Option<TestFile> {
        let test: TestFile = self.folder.read_json(names::TEST).ok()?;
        (test.weights_sha256 == model.sha256 && test.trained_on.is_none()).then_some(test)
    }

    /// Writes `validation.json`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_validation(&self, validation: &ValidationFile) -> Result<(), RunDirError> {
        self.folder.write_json(names::VALIDATION, validation)
    }

    /// The thresholds of this model's answers. `None` if the run has none for it: an earlier version of the program
    /// trained it, or its weights come from elsewhere.
    ///
    /// # Errors
    /// If `thresholds.json` is there and cannot be read, or holds numbers that make no sense.
    pub fn thresholds_of(&self, model: &BestModel) -> Result<Option<Thresholds>, RunDirError> {
        if !self.file(names::THRESHOLDS).exists() {
            return Ok(None);
        }
        let file: ThresholdsFile = self.folder.read_json(names::THRESHOLDS)?;
        let ThresholdsFile { temperature, least_energy, least_probability, least_known, .. } = file;
        let thresholds = Thresholds { temperature, least_energy, least_probability, least_known };
        thresholds
            .check()
            .map_err(|problem| RunDirError::Damaged { path: self.file(names::THRESHOLDS), problem })?;
        Ok((file.weights_sha256 == model.sha256).then_some(thresholds))
    }

    /// A model of this run with all that is needed to predict with it, as one file.
    ///
    /// # Errors
    /// If `run.json` or `thresholds.json` cannot be read.
    pub fn model_file(&self, model: &BestModel, config: &Config) -> Result<ModelFile, RunDirError> {
        let thresholds = self.thresholds_of(model)?;
        self.model_file_of(model.snapshot.weights.clone(), model.sha256.clone(), thresholds, config)
    }

    /// The same with other weights of this run.
    pub(crate) fn model_file_of(
        &self,
        weights: NamedTensors,
        weights_sha256: String,
        thresholds: Option<Thresholds>,
        config: &Config,
    ) -> Result<ModelFile, RunDirError> {
        let description = config.description();
        let preparation = description.preparation.unwrap_or(Preparation::Resize);
        Ok(ModelFile {
            title: description.title.clone(),
            architecture: config.architecture().clone(),
            classes: description.classes.clone(),
            preparation: preparation.name().to_owned(),
            thresholds,
            source: ModelSource {
                run: self.path().file_name().unwrap_or_default().to_string_lossy().into_owned(),
                version: self.info()?.version,
                dataset: config.data().dataset.to_string(),
                weights_sha256,
            },
            weights,
        })
    }

    /// Writes `thresholds.json`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_thresholds(&self, thresholds: &ThresholdsFile) -> Result<(), RunDirError> {
        self.folder.write_json(names::THRESHOLDS, thresholds)
    }

    /// Writes a file of the run, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError> {
        self.folder.write(name, bytes)
    }

    /// How often the run was tested on this data set; 0 if the log of its tests cannot be read.
    pub fn times_tested(&self, dataset: &str) -> usize {
        fs::read(self.file(names::TESTS)).map_or(0, |log| tests_on(dataset, &log))
    }

    /// Appends a test to the log of the run's tests, and counts those on the same data set in it.
    ///
    /// The tests are counted because a person who tests a run again and again, and chooses by the results,
    /// overestimates the model's accuracy. The count lets the person see this.
    ///
    /// # Errors
    /// If the log cannot be read or written.
    pub fn note_test(&self, test: &TestNote) -> Result<NotedTest, RunDirError> {
        let path = self.file(names::TESTS);
        let mut line = serde_json::to_vec(test)
            .map_err(|error| RunDirError::Damaged { path: path.clone(), problem: error.to_string() })?;
        line.push(b'\n');
        // The lock is held until the line is written, because two tests may end at the same time.
        let is_new = !path.exists();
        let lock = OpenOptions::new().create(true).append(true).open(&path).map_err(io_error(&path))?;
        if is_new {
            durable::sync_folder(self.path()).map_err(RunDirError::Write)?;
        }
        // A file system without locks must not cost a test its result.
        let limit = limits::lock(&lock).map_err(failed("locking", &path)).map_err(RunDirError::Write)?;
        let before = fs::read(&path).map_err(io_error(&path))?;
        // A crash can leave an incomplete line at the end. It is removed, because its test was not finished.
        let complete = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut log = Log::open(&path, complete as u64).map_err(RunDirError::Write)?;
        log.append(&line).and_then(|()| log.sync()).map_err(RunDirError::Write)?;
        Ok(NotedTest { times_tested: 1 + tests_on(&test.dataset, &before), limit })
    }
}

/// Number of tests on this data set in the log. An incomplete line is no test. A line that cannot be read counts,
/// because too high a count only makes a person more careful.
fn tests_on(dataset: &str, log: &[u8]) -> usize {
    let lines = log.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let is_other =
        |line: &[u8]| serde_json::from_slice(line).is_ok_and(|note: TestNote| note.dataset != dataset);
    lines.filter(|line| !is_other(line)).count()
}
