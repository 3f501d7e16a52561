//! Images of one's own made into a data set: from class folders, IDX pairs, CSV files and NumPy's npz.
//!
//! What a file is, its content decides. The result has the same files as MNIST, with a description, and appears under
//! its name as a whole.

use std::path::{Path, PathBuf};

use crate::catalog::Entry;
use crate::description::{Description, LARGEST_SIDE, LONGEST_TEXT};
use crate::import::gather::Gathered;
use crate::import::parts::{Part, duplicates};
use crate::import::places::{Source, find};

pub use error::ImportError;
pub use images::Unread;
pub use parts::Duplicates;
pub use request::{Outcome, Progress, Request};

mod error;
mod gather;
mod images;
mod labelled;
pub mod memory;
mod numbering;
mod parts;
mod places;
mod request;
mod store;
pub mod tables;
#[cfg(test)]
mod tests;
mod upright;

/// Imports images as a data set in the data directory `dir`. `progress` hears how far it is.
///
/// Images that cannot be read are left out, and the outcome names them.
///
/// # Errors
/// If the request does not fit together, nothing can be imported from the places that it names, the images do not fit
/// into memory, or the data set cannot be written. Then nothing has changed.
pub fn import(
    request: &Request,
    dir: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Outcome, ImportError> {
    check(request, dir)?;
    let gathered = match find(&request.from, &request.test)? {
        Source::Folders(folders) => gather::from_folders(folders, request, progress)?,
        Source::Tables(tables) => gather::from_tables(tables, request)?,
    };
    let pixels = gathered.size[0] * gathered.size[1];
    let [train, test] = match &gathered.test {
        Some(test) => [Part::whole(&gathered.train, pixels), Part::whole(test, pixels)],
        None => Part::split(&gathered.train, pixels, request.test_fraction, request.seed),
    };
    expect_images(&gathered, [&train, &test])?;
    let mut description = describe(request, &gathered, [&train, &test]);
    description.check().map_err(ImportError::Request)?;
    let classes = gathered.classes.len();
    let train_counts = gathered.train.counts(&train.order, classes);
    let test_counts = test.from.counts(&test.order, classes);
    let duplicates = duplicates(&train, &test);
    let folder = store::store(request.name, dir, &mut description, [&train, &test], request.replace)?;
    let mut notes = gathered.notes.clone();
    notes.extend(without_images(&gathered.classes, &train_counts));
    Ok(Outcome {
        folder,
        description,
        train_counts,
        test_counts,
        files: gathered.files,
        from_colour: gathered.from_colour,
        duplicates,
        unreadable: gathered.unreadable,
        passed_over: gathered.passed_over,
        notes,
    })
}

/// Checks what can be checked before anything is read.
fn check(request: &Request, dir: &Path) -> Result<(), ImportError> {
    let refuse = |words: String| Err(ImportError::Request(words));
    if Entry::of(request.name).is_some() {
        return refuse(format!(
            "{} is a data set that the program knows; expected another name",
            request.name
        ));
    }
    let folder = request.name.folder(dir);
    if !request.replace && folder.symlink_metadata().is_ok() {
        return Err(ImportError::Exists { folder });
    }
    if request.from.is_empty() {
        return refuse("found no place to import from".to_owned());
    }
    if request.size.is_some_and(|size| size.iter().any(|side| !(1..=LARGEST_SIDE).contains(side))) {
        return refuse(format!("found a size of {:?}, expected 1 to {LARGEST_SIDE} pixels", request.size));
    }
    if !(request.test_fraction > 0.0 && request.test_fraction < 1.0) {
        return refuse(format!(
            "a test share of {}, expected one above 0 and below 1",
            request.test_fraction
        ));
    }
    Ok(())
}

/// Checks that both parts have images.
fn expect_images(gathered: &Gathered, [train, test]: [&Part<'_>; 2]) -> Result<(), ImportError> {
    let none = |part: &str| match gathered.unreadable.first() {
        Some(Unread { path, reason }) => Err(ImportError::source(
            path,
            format!("{reason}; this is the first file, and no {part} image can be read"),
        )),
        None => Err(ImportError::Request(format!("found no {part} images"))),
    };
    match (train.len(), test.len(), &gathered.test) {
        (0, _, _) => none("training"),
        (_, 0, Some(_)) => none("test"),
        (_, 0, None) => Err(ImportError::Request(
            "no class has two images that differ, so none can be split off for testing; name test images with --test"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

fn describe(request: &Request, gathered: &Gathered, [train, test]: [&Part<'_>; 2]) -> Description {
    let [height, width] = gathered.size;
    let places = |what: &str, places: &[PathBuf]| {
        places.iter().map(|place| source(&format!("{what}: "), place)).collect::<Vec<_>>()
    };
    let mut sources = places("images", &request.from);
    sources.extend(places("test images", &request.test));
    if gathered.test.is_none() {
        sources.push(format!(
            "test images: a share of {} of each class, split off with seed {}",
            request.test_fraction, request.seed
        ));
    }
    Description {
        title: request.title.clone().unwrap_or_else(|| request.name.to_string()),
        classes: gathered.classes.clone(),
        height,
        width,
        preparation: Some(gathered.preparation),
        licence: request.licence.clone(),
        sources,
        train_images: train.len(),
        test_images: test.len(),
        files: Vec::new(),
    }
}

/// A place as a line of a description, which has no control characters and is not too long.
fn source(what: &str, place: &Path) -> String {
    let path = std::path::absolute(place).unwrap_or_else(|_| place.to_owned());
    let text: String = path.to_string_lossy().chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    format!("{what}{}", text.trim()).chars().take(LONGEST_TEXT).collect()
}

/// Names the classes that no training image has.
fn without_images(classes: &[String], counts: &[usize]) -> Option<String> {
    let empty: Vec<&str> =
        classes.iter().zip(counts).filter(|(_, count)| **count == 0).map(|(name, _)| name.as_str()).collect();
    (!empty.is_empty()).then(|| format!("no training image has the class {}", empty.join(", ")))
}
