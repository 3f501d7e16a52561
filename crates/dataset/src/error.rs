//! Everything that can be wrong with data, for front ends that treat it alike.

use std::path::PathBuf;

use thiserror::Error;

use crate::fetch::FetchError;
use crate::load::LoadError;
use crate::sets::division::SplitError;
use crate::verify::{self, Status};

/// Data could not be had, or is not what it should be.
#[derive(Debug, Error)]
pub enum Error {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Split(#[from] SplitError),
    #[error("{}: {status}; bring it again with: {} --force", path.display(), verify::download_command(path))]
    Unverified { path: PathBuf, status: Status },
}
