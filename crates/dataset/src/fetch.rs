//! Bringing a data set's files: source by source, verified, and whole or not at all.

mod client;
#[cfg(test)]
mod fault_server;
mod partial;
mod source;

use std::env;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::catalog::{DataFile, Name, Origin, Part};
use crate::fetch::partial::{store, sweep};
use crate::fetch::source::{Source, describe};
use crate::verify::{self, FileReport, Status};

/// The environment variable with the address of a mirror that is tried before the catalog's places.
///
/// Below it lie the files as in a data directory, compressed or not: with `http://teacher:8000`,
/// MNIST's are `http://teacher:8000/mnist/train-images-idx3-ubyte.gz` (the file that the catalog's
/// mirrors have) or else `http://teacher:8000/mnist/train-images-idx3-ubyte`, and so on. Only
/// [`download`], and through it [`ensure`], reads it, and only when no folder is given. What comes
/// from it is checked as everything else. Not set or empty, there is no such mirror.
pub const MIRROR: &str = "MNIST_CNN_MIRROR";

/// Which files of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Train,
    Test,
    All,
}

impl Which {
    pub(crate) fn files(self, name: Name) -> impl Iterator<Item = &'static DataFile> {
        name.files().iter().filter(move |file| match self {
            Self::All => true,
            Self::Train => file.part == Part::Train,
            Self::Test => file.part == Part::Test,
        })
    }
}

/// What happens while files are brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A place is tried.
    Source { title: &'static str, source: String },
    /// Bytes of a file as it travels, compressed as a rule, that have come.
    Progress { file: &'static str, done: u64, total: u64 },
    /// A place did not have the files.
    SourceFailed { source: String, reason: String },
    /// A file was verified and stands under its name.
    Stored { path: PathBuf, bytes: u64 },
}

/// A place that was tried, and why it did not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub source: String,
    pub reason: String,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n  {}: {}", self.source, self.reason)
    }
}

/// Why files could not be brought. Each text is complete: it has no source to be printed after it.
#[derive(Debug, Error)]
pub enum FetchError {
    #[error(
        "{} could not be fetched; tried:{}\nTo bring it by hand, put {} (or the same with .gz) into a folder and type: {} --from FOLDER",
        .name.title(), list(.attempts), file_names(*.name), verify::download_command(&.dir.join(.name.key()).join("file"))
    )]
    NoSource { name: Name, dir: PathBuf, attempts: Vec<Attempt> },
    #[error("{}: {status}; delete it, or replace it with: {} --force", path.display(), verify::download_command(path))]
    Wrong { path: PathBuf, status: Status },
    #[error("{} cannot be written: {reason}; choose another folder with --data-dir or MNIST_CNN_DATA", path.display())]
    Write { path: PathBuf, reason: io::Error },
}

fn list(attempts: &[Attempt]) -> String {
    attempts.iter().map(ToString::to_string).collect()
}

fn file_names(name: Name) -> String {
    name.files().iter().map(|file| file.name).collect::<Vec<_>>().join(", ")
}

/// Sees to it that the files are below the data directory `dir`, each with the right length and
/// SHA-256; brings those that are missing, and gives the folder they are in.
///
/// # Errors
/// If a file is there that is not what it should be (it is left alone), if no source has the
/// missing ones, or they cannot be written.
pub fn ensure(
    name: Name,
    which: Which,
    dir: &Path,
    events: &mut dyn FnMut(Event),
) -> Result<PathBuf, FetchError> {
    download(name, which, dir, None, false, events)
}

/// Brings the files from `from`, or else from the sources, the one in [`MIRROR`] first; gives the
/// folder they are in.
///
/// Files that verify are kept, unless `force` brings them anew.
///
/// # Errors
/// As [`ensure`]; but with `force`, a file that is not what it should be is replaced.
pub fn download(
    name: Name,
    which: Which,
    dir: &Path,
    from: Option<&Path>,
    force: bool,
    events: &mut dyn FnMut(Event),
) -> Result<PathBuf, FetchError> {
    let mut wanted = Vec::new();
    for file in which.files(name) {
        if force {
            wanted.push(file);
            continue;
        }
        let FileReport { path, status } = verify::report(&verify::path(name, file, dir), file);
        match status {
            Status::Ok => {}
            Status::Missing => wanted.push(file),
            status => return Err(FetchError::Wrong { path, status }),
        }
    }
    let mirror = env::var_os(MIRROR).map(|base| base.to_string_lossy().into_owned());
    bring(name, wanted, dir, &places(name, from, mirror.as_deref()), events)?;
    Ok(dir.join(name.key()))
}

/// Where to look, in this order.
fn places<'a>(name: Name, from: Option<&'a Path>, mirror: Option<&str>) -> Vec<Place<'a>> {
    if let Some(folder) = from {
        return vec![Place::Folder(folder)];
    }
    let base = mirror.map(|base| base.trim().trim_end_matches('/')).filter(|base| !base.is_empty());
    let first = base.map(|base| Place::Mirror(format!("{base}/{}/", name.key())));
    first.into_iter().chain(name.origins().iter().map(Place::Origin)).collect()
}

/// Goes from place to place until nothing is wanted any more.
fn bring(
    name: Name,
    mut wanted: Vec<&'static DataFile>,
    dir: &Path,
    places: &[Place<'_>],
    events: &mut dyn FnMut(Event),
) -> Result<(), FetchError> {
    sweep(&dir.join(name.key()));
    let mut attempts = Vec::new();
    for place in places {
        if wanted.is_empty() {
            break;
        }
        let source = place.describe();
        events(Event::Source { title: name.title(), source: source.clone() });
        if let Err(reason) = bring_from(place, name, &mut wanted, dir, events)? {
            events(Event::SourceFailed { source: source.clone(), reason: reason.clone() });
            attempts.push(Attempt { source, reason });
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    Err(FetchError::NoSource { name, dir: dir.to_owned(), attempts })
}

/// A folder or a mirror that a person named, or one of the catalog's origins.
enum Place<'a> {
    Folder(&'a Path),
    /// The address of the data set's files, with the slash at its end.
    Mirror(String),
    Origin(&'a Origin),
}

impl Place<'_> {
    fn describe(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Mirror(folder) => format!("{folder} (from {MIRROR})"),
            Self::Origin(origin) => describe(origin),
        }
    }

    fn open(&self) -> Result<Source, String> {
        match self {
            Self::Folder(folder) => Ok(Source::Folder((*folder).to_owned())),
            Self::Mirror(folder) if !folder.starts_with("http://") && !folder.starts_with("https://") => {
                Err(format!("not an address: begin {MIRROR} with http:// or https://"))
            }
            Self::Mirror(folder) => Ok(Source::mirror(folder)),
            Self::Origin(origin) => Source::open(origin),
        }
    }
}

/// Takes what this place has. The outer error ends everything: no other place would help.
fn bring_from(
    place: &Place<'_>,
    name: Name,
    wanted: &mut Vec<&'static DataFile>,
    dir: &Path,
    events: &mut dyn FnMut(Event),
) -> Result<Result<(), String>, FetchError> {
    let source = match place.open() {
        Ok(source) => source,
        Err(reason) => return Ok(Err(reason)),
    };
    while let Some(&file) = wanted.first() {
        let mut progress = |done, total| events(Event::Progress { file: file.name, done, total });
        match source.take(file, &mut progress) {
            Err(reason) => return Ok(Err(reason)),
            Ok(content) => {
                let path = verify::path(name, file, dir);
                store(&path, &content).map_err(|reason| FetchError::Write { path: path.clone(), reason })?;
                events(Event::Stored { path, bytes: file.bytes });
                wanted.remove(0);
            }
        }
    }
    Ok(Ok(()))
}

#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod process_tests;
#[cfg(test)]
mod tests;
