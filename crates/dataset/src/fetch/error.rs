//! Why files could not be fetched.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::catalog::{Entry, Name};
use crate::description::DescriptionError;
use crate::verify::{Obstacle, Status};

/// A source that was tried, and why it did not bring the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub source: String,
    /// One line, or several of which the first says it all and the others are indented.
    pub reason: String,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.reason)
    }
}

/// Why files could not be fetched.
///
/// Each text says all there is to say, so no error has a source of its own. What a person could type
/// is left to the program; `name` or `entry` and `dir` are the data set and the data directory for its hint.
#[derive(Debug, Error)]
pub enum FetchError {
    #[error("{} could not be fetched; tried:{}", entry.title(), lines(attempts))]
    NoSource { entry: Entry, dir: PathBuf, attempts: Vec<Attempt> },
    /// A file of a data set of one's own.
    #[error("{} is missing, and no place offers the files of `{name}`", path.display())]
    Missing { name: Name, dir: PathBuf, path: PathBuf },
    #[error("{}: {status}", path.display())]
    Wrong { name: Name, dir: PathBuf, path: PathBuf, status: Box<Status> },
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// Something stands in the way of the data set's folder.
    #[error("{0}")]
    Blocked(Obstacle),
    #[error("{} cannot be written: {reason}", path.display())]
    Write { path: PathBuf, reason: io::Error },
}

/// Each attempt on a line of its own, indented.
fn lines(attempts: &[Attempt]) -> String {
    attempts.iter().map(|attempt| format!("\n  {attempt}")).collect()
}
