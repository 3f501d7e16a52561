//! Why there is no description of a data set, and why a data set is not removed.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::catalog::{self, Name};
use crate::description::fields::FILE;

/// Why there is no description of a data set that can be used.
#[derive(Debug, Error)]
pub enum DescriptionError {
    #[error(transparent)]
    Unknown(Box<Unknown>),
    #[error("{}: {reason}", path.display())]
    Io { path: PathBuf, reason: io::Error },
    /// A text that is no description, with the place of the mistake, counted from 1.
    #[error("{}:{line}:{column}: {problem}", path.display())]
    Text { path: PathBuf, line: usize, column: usize, problem: String },
    /// A description whose values cannot be, in words.
    #[error("{}: {problem}", path.display())]
    Invalid { path: PathBuf, problem: String },
    #[error("{}: found format = {found}, which a newer version of this program wrote; expected format = 1", path.display())]
    Newer { path: PathBuf, found: i64 },
}

/// There is no data set of this name, neither in the catalog nor in the data directory `dir`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", unknown(*name, dir, known))]
pub struct Unknown {
    pub name: Name,
    pub dir: PathBuf,
    /// The names of all data sets that there are.
    pub known: Vec<Name>,
}

/// Why a data set is not removed, or not as a whole.
#[derive(Debug, Error)]
pub enum RemoveError {
    #[error("{0} is one of the catalog's data sets; expected a data set of one's own")]
    Catalog(Name),
    #[error(transparent)]
    Description(#[from] DescriptionError),
    #[error("{} cannot be removed: {reason}", path.display())]
    Io { path: PathBuf, reason: io::Error },
}

/// Where the data set was looked for, and which one may be meant.
fn unknown(name: Name, dir: &Path, known: &[Name]) -> String {
    let (catalog, folder) = (catalog::words(), name.folder(dir));
    let near = nearest(name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    format!(
        "no data set `{name}`: found neither in the catalog ({catalog}) nor as a folder {} with a {FILE}{near}",
        folder.display()
    )
}

/// The one of `known` that is nearest to `wrong`, if any is near: a few letters differ, or one name is within the
/// other.
fn nearest(wrong: Name, known: &[Name]) -> Option<Name> {
    let wrong = wrong.key();
    let distance = |name: &Name| {
        let name = name.key();
        let distance = strsim::damerau_levenshtein(name, wrong);
        let is_within = wrong.len() > 2 && name.contains(wrong) || wrong.contains(name);
        (is_within || distance <= 1.max(name.len() / 3)).then_some(distance)
    };
    let near = known.iter().filter_map(|name| Some((distance(name)?, *name)));
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// The mistake in a text, without the place that the words of a TOML error begin with.
pub(super) fn in_text(path: &Path, text: &str, reason: &toml::de::Error) -> DescriptionError {
    let start = reason.span().map_or(0, |span| span.start.min(text.len()));
    let at = (0..=start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    DescriptionError::Text {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        problem: reason.message().lines().next().unwrap_or_default().to_owned(),
    }
}

impl From<Unknown> for DescriptionError {
    fn from(unknown: Unknown) -> Self {
        Self::Unknown(Box::new(unknown))
    }
}

impl DescriptionError {
    pub(super) fn invalid(path: &Path, problem: impl fmt::Display) -> Self {
        Self::Invalid { path: path.to_owned(), problem: problem.to_string() }
    }
}
