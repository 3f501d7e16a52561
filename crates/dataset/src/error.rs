//! Everything that can be wrong with data, for front ends that treat it alike.

use std::path::PathBuf;

use thiserror::Error;

use crate::catalog::Name;
use crate::description::DescriptionError;
use crate::fetch::FetchError;
#[cfg(feature = "import")]
use crate::import::ImportError;
use crate::load::LoadError;
use crate::sets::division::SplitError;

/// Data cannot be fetched, imported, loaded or split, or files do not verify.
#[derive(Debug, Error)]
pub enum Error {
    /// Boxed, as the next one, because every result would be as large otherwise.
    #[error(transparent)]
    Fetch(Box<FetchError>),
    #[error(transparent)]
    Load(Box<LoadError>),
    #[error(transparent)]
    Split(#[from] SplitError),
    #[error(transparent)]
    Description(#[from] DescriptionError),
    #[cfg(feature = "import")]
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The data set in the data directory `dir` is no longer the one that a run has learned from.
    #[error("{name} in {} is not the data set that the run was begun on: {difference}", dir.display())]
    Changed { name: Name, dir: PathBuf, difference: String },
    /// Of this data set's files in the data directory `dir`, so many are missing or cannot be used.
    #[error("{title} in {} is not whole: {}", dir.display(), counts(*missing, *wrong, *all))]
    Unverified { name: Name, title: Box<str>, dir: PathBuf, missing: u32, wrong: u32, all: u32 },
}

impl From<FetchError> for Error {
    fn from(error: FetchError) -> Self {
        Self::Fetch(Box::new(error))
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::Load(Box::new(error))
    }
}

impl Error {
    /// What is wrong with the data set's description, if that is the reason.
    pub fn of_description(&self) -> Option<&DescriptionError> {
        match self {
            Self::Description(error) => Some(error),
            Self::Fetch(error) => match &**error {
                FetchError::Description(error) => Some(error),
                _ => None,
            },
            Self::Load(error) => match &**error {
                LoadError::Description(error) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }
}

/// How many of `all` files are missing or wrong, in words.
fn counts(missing: u32, wrong: u32, all: u32) -> String {
    match (missing, wrong) {
        (missing, 0) => format!("{missing} of {all} files missing"),
        (0, wrong) => format!("{wrong} of {all} files wrong"),
        (missing, wrong) => format!("of {all} files, {missing} missing and {wrong} wrong"),
    }
}
