//! From verified files to sets in memory.

pub mod sample;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::catalog::{DataFile, Name, Part, Role};
use crate::idx::{IdxError, Images, Labels, parse_images, parse_labels};
use crate::sets::subset::{SetError, TestSet, TrainSet};
use crate::verify::{self, Mismatch};

/// Why a data set cannot be loaded. Each text is complete: it has no source to be printed after it.
#[derive(Debug, Error)]
pub enum LoadError {
    #[error("{}: {reason}; bring the files with: {}", path.display(), verify::download_command(path))]
    Io { path: PathBuf, reason: io::Error },
    #[error("{}: {reason}; the file is damaged or another one; bring it again with: {} --force", path.display(), verify::download_command(path))]
    Mismatch { path: PathBuf, reason: Mismatch },
    #[error("{}: {reason}", path.display())]
    Idx { path: PathBuf, reason: IdxError },
    #[error(transparent)]
    Set(#[from] SetError),
}

/// The training pictures below the data directory `dir`.
///
/// # Errors
/// If a file is missing, is not exactly what the catalog says, or does not parse.
pub fn load_train(name: Name, dir: &Path) -> Result<TrainSet, LoadError> {
    let (images, labels) = load(name, Part::Train, dir)?;
    Ok(TrainSet::from_images(images, labels, name.classes().len())?)
}

/// The test pictures below the data directory `dir`; training files are not touched.
///
/// # Errors
/// As [`load_train`].
pub fn load_test(name: Name, dir: &Path) -> Result<TestSet, LoadError> {
    let (images, labels) = load(name, Part::Test, dir)?;
    Ok(TestSet::from_images(images, labels, name.classes().len())?)
}

fn load(name: Name, part: Part, dir: &Path) -> Result<(Images, Labels), LoadError> {
    if name == Name::Sample {
        return sample::load(part);
    }
    let mut images = None;
    let mut labels = None;
    for file in name.files().iter().filter(|file| file.part == part) {
        let path = verify::path(name, file, dir);
        let bytes = read(&path, file)?;
        let idx = |reason| LoadError::Idx { path: path.clone(), reason };
        match file.role {
            Role::Images => images = Some(parse_images(&bytes).map_err(idx)?),
            Role::Labels => labels = Some(parse_labels(&bytes, name.classes().len()).map_err(idx)?),
        }
    }
    match (images, labels) {
        (Some(images), Some(labels)) => Ok((images, labels)),
        // The catalog lists both for each part.
        (images, labels) => Err(SetError::Count {
            images: images.map_or(0, |images| images.count()),
            labels: labels.map_or(0, |labels| labels.len()),
        }
        .into()),
    }
}

fn read(path: &Path, file: &DataFile) -> Result<Vec<u8>, LoadError> {
    let mismatch = |reason| LoadError::Mismatch { path: path.to_owned(), reason };
    let io = |reason| LoadError::Io { path: path.to_owned(), reason };
    let found = fs::metadata(path).map_err(io)?.len();
    if found != file.bytes {
        return Err(mismatch(Mismatch::Length { found, expected: file.bytes }));
    }
    let bytes = verify::read_bounded(path, file.bytes).map_err(io)?;
    verify::check(&bytes, file.bytes, file.sha256).map_err(mismatch)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
