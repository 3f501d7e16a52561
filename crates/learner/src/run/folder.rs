//! A folder whose files are written whole or not at all. Runs and folders of several runs are built on it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use dataset::{Description, DescriptionError, Name};
use run_files::{Versions, names};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::{self, Config, ConfigError, Problem};
use crate::run::error::{RunDirError, Unwritten};
use crate::run::store::checkpoint::CheckpointError;
use crate::run::store::durable;

/// A folder, whether or not it exists yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in this folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether the folder has a file of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.file(name).is_file()
    }

    /// Makes a folder below this one, unless it is already there.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub(crate) fn create_subfolder(&self, name: &str) -> Result<(), RunDirError> {
        durable::create_folder(&self.file(name)).map_err(RunDirError::Write)
    }

    /// The description of the data set: the one that the folder keeps, or the catalog's in a folder that was made
    /// when there were no others.
    ///
    /// # Errors
    /// If the description cannot be read, or there is none of the data set.
    pub(crate) fn describe(&self, name: Name) -> Result<Description, DescriptionError> {
        match self.has(names::DATASET) {
            true => Description::read(&self.file(names::DATASET)),
            false => Description::in_catalog(name),
        }
    }

    /// Writes the description of the data set.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write_description(&self, description: &Description) -> Result<(), RunDirError> {
        let problem = |problem| RunDirError::Damaged { path: self.file(names::DATASET), problem };
        let text = description.to_toml().map_err(|error| problem(error.to_string()))?;
        self.write(names::DATASET, text.as_bytes())
    }

    /// Reads a configuration. `circumstances` is the file that names the version which wrote it.
    ///
    /// # Errors
    /// If the file cannot be read or is not a valid configuration.
    pub(crate) fn read_config(&self, name: &str, circumstances: &str) -> Result<Config, RunDirError> {
        let path = self.file(name);
        let bytes = fs::read(&path).map_err(io_error(&path))?;
        config::parse_bytes_with(&path.display().to_string(), &bytes, &[], &|name| self.describe(name))
            .map_err(|error| self.with_version(circumstances, error.into()))
    }

    /// Adds to an error about what a file holds that a newer version of the program wrote the folder, if it
    /// did. The file is then right, and not damaged or misspelt. `circumstances` is the file with the version.
    pub(crate) fn with_version(&self, circumstances: &str, error: RunDirError) -> RunDirError {
        let problem = match &error {
            RunDirError::Config(ConfigError::Text {
                source_name,
                line,
                column,
                problem: Problem::UnknownKey { key, .. },
            }) => {
                // The advice about misspelt keys is left out.
                format!("{source_name}:{line}:{column}: unknown key `{key}`")
            }
            RunDirError::Config(error) => error.to_string(),
            RunDirError::Damaged { .. }
            | RunDirError::Checkpoint(
                CheckpointError::OtherVersion { .. } | CheckpointError::Tensors { .. },
            ) => error.to_string(),
            _ => return error,
        };
        let versions = fs::read(self.file(circumstances)).ok();
        let versions = versions.and_then(|bytes| serde_json::from_slice::<Versions>(&bytes).ok());
        match versions.and_then(|versions| versions.newer_than(env!("CARGO_PKG_VERSION"))) {
            Some(version) => RunDirError::Newer { path: self.path.clone(), version, problem },
            None => error,
        }
    }

    /// Writes a resolved configuration, from which a run can be repeated.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write_config(&self, name: &str, config: &Config) -> Result<(), RunDirError> {
        let text = config::to_toml(config)
            .map_err(|error| RunDirError::Damaged { path: self.file(name), problem: error.to_string() })?;
        self.write(name, text.as_bytes())
    }

    /// Reads a value from a JSON file.
    ///
    /// # Errors
    /// If the file cannot be read or does not hold a `T`.
    pub(crate) fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, RunDirError> {
        let path = self.file(name);
        let bytes = fs::read(&path).map_err(io_error(&path))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| RunDirError::Damaged { path, problem: error.to_string() })
    }

    /// Writes a value as a JSON file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), RunDirError> {
        let bytes = json(value)
            .map_err(|error| RunDirError::Damaged { path: self.file(name), problem: error.to_string() })?;
        self.write(name, &bytes)
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError> {
        durable::replace(&self.file(name), bytes).map_err(RunDirError::Write)
    }
}

/// Turns an I/O error into one that names the path.
pub(crate) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> RunDirError {
    let path = path.to_owned();
    move |reason| RunDirError::Io { path, reason }
}

/// Writes a file of results into a folder, whole or not at all, and returns its path. The folder is made if it
/// is missing.
///
/// # Errors
/// If the folder cannot be made, or the file cannot be written.
pub fn write_result(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, Unwritten> {
    let path = folder.join(name);
    let made = fs::create_dir_all(folder).map_err(io_error(folder));
    match made.and_then(|()| Folder::new(folder).write(name, bytes)) {
        Ok(()) => Ok(path),
        Err(source) => Err(Unwritten { path, source: Box::new(source) }),
    }
}

/// As [`write_result`], for a value as JSON.
///
/// # Errors
/// As [`write_result`].
pub fn write_json_result(folder: &Path, name: &str, value: &impl Serialize) -> Result<PathBuf, Unwritten> {
    match json(value) {
        Ok(bytes) => write_result(folder, name, &bytes),
        Err(error) => {
            let path = folder.join(name);
            let source = RunDirError::Damaged { path: path.clone(), problem: error.to_string() };
            Err(Unwritten { path, source: Box::new(source) })
        }
    }
}

/// A value as the text of a JSON file.
fn json(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The present time as the files of a run contain it: RFC 3339 in UTC, with milliseconds.
pub fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}
