//! Fetching a data set's files: source by source, verified, and whole or not at all.

use std::env;
use std::path::{Path, PathBuf};

use crate::catalog::{DataFile, Name};
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
mod partial;
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
/// is downloaded.
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
    let mut wanted = Vec::new();
    if name.files_of(splits).next().is_some() {
        expect_no_obstacle(&dir.join(name.key()))?;
    }
    for file in name.files_of(splits) {
        if force {
            wanted.push(file);
            continue;
        }
        let FileReport { path, status } = verify::report(&name.path(file, dir), file);
        match status {
            Status::Ok => {}
            Status::Missing => wanted.push(file),
            status => return Err(FetchError::Wrong { name, dir: dir.to_owned(), path, status }),
        }
    }
    let mirror = env::var_os(MIRROR).map(|base| base.to_string_lossy().into_owned());
    fetch(name, wanted, dir, &places(name, from, mirror.as_deref()), events)?;
    Ok(dir.join(name.key()))
}

/// Goes from place to place until all wanted files are there.
fn fetch(
    name: Name,
    mut wanted: Vec<&'static DataFile>,
    dir: &Path,
    places: &[Place<'_>],
    events: &mut dyn FnMut(FetchEvent),
) -> Result<(), FetchError> {
    if !wanted.is_empty() {
        expect_writable(&dir.join(name.key()))?;
    }
    sweep(&dir.join(name.key()));
    let mut attempts = Vec::new();
    for place in places {
        if wanted.is_empty() {
            break;
        }
        let source = place.to_string();
        events(FetchEvent::Source { title: name.title(), source: source.clone() });
        if let Err(reason) = fetch_from(place, name, &mut wanted, dir, events)? {
            events(FetchEvent::SourceFailed { source: source.clone(), reason: reason.clone() });
            attempts.push(Attempt { source, reason });
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    Err(FetchError::NoSource { name, dir: dir.to_owned(), attempts })
}

/// Stores the wanted files that this place has, and removes them from `wanted`.
///
/// The inner error is the reason why the place did not do, and the next place may be tried. The outer
/// error is one that no other place would help with.
fn fetch_from(
    place: &Place<'_>,
    name: Name,
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
        let mut progress = |done, total| events(FetchEvent::Progress { file: file.name, done, total });
        match source.take(file, &mut progress) {
            Err(missing) => {
                absent.push(missing);
                wanted.push(file);
            }
            Ok(content) => {
                let path = name.path(file, dir);
                store(&path, &content).map_err(|reason| FetchError::Write { path: path.clone(), reason })?;
                events(FetchEvent::Stored { path, bytes: file.bytes });
            }
        }
    }
    Ok(if absent.is_empty() { Ok(()) } else { Err(source.explain(&absent)) })
}
