//! Why a data set cannot be loaded.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::catalog::Name;
use crate::description::DescriptionError;
use crate::idx::IdxError;
use crate::sets::subset::SetError;
use crate::verify::{Kind, Mismatch};

/// Why a data set cannot be loaded.
///
/// Each text says all there is to say, so no error has a source of its own. What a person could type
/// is left to the program; `name` and `dir` are the data set and the data directory for its hint.
#[derive(Debug, Error)]
pub enum LoadError {
    #[error("{}: {reason}", path.display())]
    Io { name: Name, dir: PathBuf, path: PathBuf, reason: io::Error },
    #[error("{}: {reason}{}", path.display(), or_another(reason))]
    Mismatch { name: Name, dir: PathBuf, path: PathBuf, reason: Box<Mismatch> },
    #[error("{}: {reason}", path.display())]
    Idx { path: PathBuf, reason: IdxError },
    /// Heights and widths in pixels.
    #[error("{}: found images of {}x{} pixels, expected {}x{}", path.display(), found[0], found[1], expected[0], expected[1])]
    Size { path: PathBuf, found: [usize; 2], expected: [usize; 2] },
    #[error(transparent)]
    Description(#[from] DescriptionError),
    #[error("the built-in sample: {0}")]
    Sample(String),
    #[error(transparent)]
    Set(#[from] SetError),
}

/// What may have happened, if nobody can tell what the file is.
fn or_another(reason: &Mismatch) -> &'static str {
    if reason.seen == Kind::Unknown { "; the file is damaged, or it is another file" } else { "" }
}
