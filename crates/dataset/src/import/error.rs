//! Why images are not imported.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::catalog::Name;
use crate::import::memory::TooMuch;
use crate::import::tables::Fault;

/// Why images are not imported, or not all of them.
///
/// Each text says all there is to say, so no error has a source of its own.
#[derive(Debug, Error)]
pub enum ImportError {
    #[error("{}: {reason}", path.display())]
    Io { path: PathBuf, reason: io::Error },
    /// A file or a folder is none that can be imported.
    #[error("{}: {reason}", path.display())]
    Source { path: PathBuf, reason: String },
    /// What was asked for does not fit together.
    #[error("{0}")]
    Request(String),
    #[error(transparent)]
    Memory(#[from] TooMuch),
    #[error("{} is there already; --replace puts the new data set in its place", folder.display())]
    Exists { folder: PathBuf },
    /// The data set is there, without the files that could not be read.
    #[error(
        "{unreadable} of {files} image files could not be read; the data set {name} has the other images"
    )]
    Incomplete { name: Name, unreadable: usize, files: usize },
}

impl ImportError {
    /// Whether another command line would help, because nothing is wrong with any file.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Request(_) | Self::Memory(_) | Self::Exists { .. })
    }

    pub(crate) fn source(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Self::Source { path: path.into(), reason: reason.into() }
    }

    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |reason| Self::Io { path, reason }
    }

    /// The error about a file with this fault.
    pub(crate) fn of_fault(path: impl Into<PathBuf>, fault: Fault) -> Self {
        match fault {
            Fault::Content(reason) => Self::source(path, reason),
            Fault::Memory(error) => Self::Memory(error),
        }
    }
}
