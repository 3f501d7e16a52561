//! Whether the files in a data directory are what the data set's description says.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::catalog::{DataFile, Name};
use crate::description::{Description, DescriptionError};
use crate::split::Split;
use obstacle::obstacle_of_file;

pub use content::{Difference, Mismatch};
pub use kind::Kind;
pub use obstacle::{Obstacle, obstacle};

pub(crate) mod content;
pub(crate) mod digest;
pub(crate) mod kind;
pub(crate) mod obstacle;

/// The state of a file on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    Ok,
    Missing,
    Unreadable(String),
    /// Boxed, because errors carry it far.
    Wrong(Box<Mismatch>),
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
///
/// # Errors
/// If there is no such data set, or it is one of one's own whose description cannot be read.
pub fn verify(name: Name, splits: &[Split], dir: &Path) -> Result<Vec<FileReport>, DescriptionError> {
    let folder = name.folder(dir);
    let description = Description::of(name, dir)?;
    Ok(description.files_of(splits).map(|file| report(&folder.join(&*file.name), file)).collect())
}

/// Checks the file at `path`, which should be `file`.
pub(crate) fn report(path: &Path, file: &DataFile) -> FileReport {
    let status = match content::read(path, file) {
        Ok(Ok(_)) => Status::Ok,
        Ok(Err(mismatch)) => Status::Wrong(Box::new(mismatch)),
        Err(error) => unreadable(path, &error),
    };
    FileReport { path: path.to_owned(), status }
}

/// The state of a file that could not be read. A link to nothing is not a missing file: somebody wanted the
/// file to be elsewhere.
fn unreadable(path: &Path, error: &io::Error) -> Status {
    match obstacle_of_file(path) {
        Some(obstacle) => Status::Unreadable(obstacle.to_string()),
        None if error.kind() == io::ErrorKind::NotFound => Status::Missing,
        None => Status::Unreadable(error.to_string()),
    }
}
