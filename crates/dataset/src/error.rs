//! Everything that can be wrong with data, for front ends that treat it alike.

use std::path::PathBuf;

use thiserror::Error;

use crate::catalog::Name;
use crate::fetch::FetchError;
use crate::load::LoadError;
use crate::sets::division::SplitError;
use crate::verify::Status;

/// Data cannot be fetched, loaded or split, or a file does not verify.
#[derive(Debug, Error)]
pub enum Error {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Split(#[from] SplitError),
    /// A file of this data set in the data directory `dir` does not verify.
    #[error("{}: {status}", path.display())]
    Unverified { name: Name, dir: PathBuf, path: PathBuf, status: Status },
}
