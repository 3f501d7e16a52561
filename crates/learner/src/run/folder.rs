//! A folder whose files are written whole or not at all. Runs and folders of several runs are built on it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::{self, Config};
use crate::run::error::RunDirError;
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

    /// Reads a configuration.
    ///
    /// # Errors
    /// If the file cannot be read or is not a valid configuration.
    pub(crate) fn read_config(&self, name: &str) -> Result<Config, RunDirError> {
        let path = self.file(name);
        let bytes = fs::read(&path).map_err(io_error(&path))?;
        Ok(config::parse_bytes(&path.display().to_string(), &bytes, &[])?)
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
        let mut bytes = serde_json::to_vec_pretty(value)
            .map_err(|error| RunDirError::Damaged { path: self.file(name), problem: error.to_string() })?;
        bytes.push(b'\n');
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

/// The present time as the files of a run contain it: RFC 3339 in UTC, with milliseconds.
pub fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}
