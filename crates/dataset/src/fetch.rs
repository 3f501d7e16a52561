//! Fetching a data set's files: source by source, verified, and whole or not at all.

use std::env;
use std::path::{Path, PathBuf};

use crate::catalog::{DataFile, Entry, Name};
use crate::split::Split;
use crate::verify::{self, FileReport, Status};
use partial::{store, sweep};
use place::{Place, places};
use target::{expect_no_obstacle, expect_writable};

pub use error::{Attempt, FetchError};
pub use event::FetchEvent;
pub use place::MIRROR;

mod certificates;
mod client;
mod error;
mod event;
mod mirror;
pub(crate) mod partial;
mod place;
mod search;
mod source;
mod target;

#[cfg(test)]
mod tests;

/// Makes sure that the files with these splits are below the data directory `dir`, each with the right
/// length and SHA-256. Fetches those that are missing, and returns the folder that the files are in.
///
/// # Errors
/// If a file is in its place but has another length or SHA-256 (it is left alone), if no source has the
/// missing files, or if they cannot be written: as far as that can be told, it is found out before anything
/// is downloaded. The files of a data set of one's own come from nowhere, so a missing one is an error.
pub fn ensure(
    name: Name,
    splits: &[Split],
    dir: &Path,
    events: &mut dyn FnMut(FetchEvent),
) -> Result<PathBuf, FetchError> {
    download(name, splits, dir, None, false, events)
}

/// Fetches the files with these splits from the folder `from`, or without one from the sources, of which
/// the one in [`MIRROR`] comes first. Returns the folder that the files are in.
///
/// In the folder, and up to two levels below it, a file may have any name and be packed with gzip or not: its
/// content decides, and names only say where to look first.
///
/// Files that verify are kept, unless `force` asks to fetch them again.
///
/// # Errors
/// As [`ensure`]; but with `force`, a file that does not verify is replaced.
pub fn download(
    name: Name,
    splits: &[Split],
    dir: &Path,
    from: Option<&Path>,
    force: bool,
    events: &mut dyn FnMut(FetchEvent),
) -> Result<PathBuf, FetchError> {
    let Some(entry) = Entry::of(name) else {
        expect_own(name, splits, dir)?;
        return Ok(name.folder(dir));
    };
    let mut wanted = Vec::new();
    if entry.files_of(splits).next().is_some() {
        expect_no_obstacle(&name.folder(dir))?;
    }
    for file in entry.files_of(splits) {
        if force {
            wanted.push(file);
            continue;
        }
        let FileReport { path, status } = verify::report(&entry.path(file, dir), file);
        match status {
            Status::Ok => {}
            Status::Missing => wanted.push(file),
            status => return Err(wrong(name, dir, path, status)),
        }
    }
    let mirror = env::var_os(MIRROR).map(|base| base.to_string_lossy().into_owned());
    fetch(entry, wanted, dir, &places(entry, from, mirror.as_deref()), events)?;
    Ok(name.folder(dir))
}

/// Checks that the files of a data set of one's own are there.
fn expect_own(name: Name, splits: &[Split], dir: &Path) -> Result<(), FetchError> {
    for FileReport { path, status } in verify::verify(name, splits, dir)? {
        match status {
            Status::Ok => {}
            Status::Missing => return Err(FetchError::Missing { name, dir: dir.to_owned(), path }),
            status => return Err(wrong(name, dir, path, status)),
        }
    }
    Ok(())
}

fn wrong(name: Name, dir: &Path, path: PathBuf, status: Status) -> FetchError {
    FetchError::Wrong { name, dir: dir.to_owned(), path, status: Box::new(status) }
}

/// Goes from place to place until all wanted files are there.
fn fetch(
    entry: Entry,
    mut wanted: Vec<&'static DataFile>,
    dir: &Path,
    places: &[Place<'_>],
    events: &mut dyn FnMut(FetchEvent),
) -> Result<(), FetchError> {
    if !wanted.is_empty() {
        expect_writable(&entry.name().folder(dir))?;
    }
    sweep(&entry.name().folder(dir));
    let mut attempts = Vec::new();
    for place in places {
        if wanted.is_empty() {
            break;
        }
        let source = place.to_string();
        events(FetchEvent::Source { title: entry.title(), source: source.clone() });
        if let Err(reason) = fetch_from(place, entry, &mut wanted, dir, events)? {
            events(FetchEvent::SourceFailed { source: source.clone(), reason: reason.clone() });
            attempts.push(Attempt { source, reason });
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    Err(FetchError::NoSource { entry, dir: dir.to_owned(), attempts })
}

/// Stores the wanted files that this place has, and removes them from `wanted`.
///
/// The inner error is the reason why the place did not do, and the next place may be tried. The outer
/// error is one that no other place would help with.
fn fetch_from(
    place: &Place<'_>,
    entry: Entry,
    wanted: &mut Vec<&'static DataFile>,
    dir: &Path,
    events: &mut dyn FnMut(FetchEvent),
) -> Result<Result<(), String>, FetchError> {
    let source = match place.open() {
        Ok(source) => source,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut absent = Vec::new();
    for file in std::mem::take(wanted) {
        if !absent.is_empty() && !source.goes_on() {
            wanted.push(file);
            continue;
        }
        let mut progress = |done, total| events(FetchEvent::Progress { file: &file.name, done, total });
        match source.take(file, &mut progress) {
            Err(missing) => {
                absent.push(missing);
                wanted.push(file);
            }
            Ok(content) => {
                let path = entry.path(file, dir);
                store(&path, &content).map_err(|reason| FetchError::Write { path: path.clone(), reason })?;
                events(FetchEvent::Stored { path, bytes: file.bytes });
            }
        }
    }
    Ok(if absent.is_empty() { Ok(()) } else { Err(source.explain(&absent)) })
}
