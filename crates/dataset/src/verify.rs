//! Whether the files in a data directory are what the catalog says.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::catalog::{DataFile, Name};
use crate::split::Split;
use content::{check, read_bounded};

pub use content::Mismatch;

pub(crate) mod content;

/// The state of a file on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    Ok,
    Missing,
    Unreadable(String),
    Wrong(Mismatch),
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Missing => f.write_str("missing"),
            Self::Unreadable(reason) => write!(f, "cannot be read: {reason}"),
            Self::Wrong(mismatch) => write!(f, "{mismatch}"),
        }
    }
}

/// A file and the state that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    pub path: PathBuf,
    pub status: Status,
}

/// Checks the files with these splits below the data directory `dir`.
pub fn verify(name: Name, splits: &[Split], dir: &Path) -> Vec<FileReport> {
    name.files_of(splits).map(|file| report(&name.path(file, dir), file)).collect()
}

/// Checks the file at `path`, which should be `file`.
pub(crate) fn report(path: &Path, file: &DataFile) -> FileReport {
    let status = match read_bounded(path, file.bytes) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Status::Missing,
        Err(error) => Status::Unreadable(error.to_string()),
        Ok(bytes) => check(&bytes, file.bytes, file.sha256).map_or_else(Status::Wrong, |()| Status::Ok),
    };
    FileReport { path: path.to_owned(), status }
}
