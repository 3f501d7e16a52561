//! Everything that can be wrong with data, for front ends that treat it alike.

use std::path::PathBuf;

use thiserror::Error;

use crate::catalog::Name;
use crate::fetch::FetchError;
use crate::load::LoadError;
use crate::sets::division::SplitError;

/// Data cannot be fetched, loaded or split, or files do not verify.
#[derive(Debug, Error)]
pub enum Error {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Split(#[from] SplitError),
    /// Of this data set's files in the data directory `dir`, so many are missing or cannot be used.
    #[error("{} in {} is not whole: {}", name.title(), dir.display(), counts(*missing, *wrong, name.files().len()))]
    Unverified { name: Name, dir: PathBuf, missing: usize, wrong: usize },
}

/// How many of `all` files are missing or wrong, in words.
fn counts(missing: usize, wrong: usize, all: usize) -> String {
    match (missing, wrong) {
        (missing, 0) => format!("{missing} of {all} files missing"),
        (0, wrong) => format!("{wrong} of {all} files wrong"),
        (missing, wrong) => format!("of {all} files, {missing} missing and {wrong} wrong"),
    }
}
