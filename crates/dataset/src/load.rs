//! Data sets from their files into memory.

use std::io;
use std::path::Path;

use crate::catalog::{DataFile, Name, Role};
use crate::idx::{Images, Labels, parse_images, parse_labels};
use crate::sets::subset::SetError;
use crate::sets::{TestSet, TrainSet};
use crate::split::Split;
use crate::verify::content;
use crate::verify::obstacle::obstacle_of_file;

pub use error::LoadError;

mod error;
pub mod sample;
#[cfg(test)]
mod tests;

/// The training images of a data set, from the files below the data directory `dir`.
///
/// # Errors
/// If a file is missing, differs from what the catalog says, or does not parse.
pub fn load_train(name: Name, dir: &Path) -> Result<TrainSet, LoadError> {
    let (images, labels) = load(name, Split::Train, dir)?;
    Ok(TrainSet::from_images(images, labels, name.classes().len())?)
}

/// The test images of a data set, from the files below the data directory `dir`. Training files are not
/// read.
///
/// # Errors
/// As [`load_train`].
pub fn load_test(name: Name, dir: &Path) -> Result<TestSet, LoadError> {
    let (images, labels) = load(name, Split::Test, dir)?;
    Ok(TestSet::from_images(images, labels, name.classes().len())?)
}

/// All images and labels of the files with this split.
fn load(name: Name, split: Split, dir: &Path) -> Result<(Images, Labels), LoadError> {
    if name == Name::Sample {
        return sample::load(split);
    }
    let mut images = None;
    let mut labels = None;
    for file in name.files_of(&[split]) {
        let bytes = read(name, file, dir)?;
        let idx = |reason| LoadError::Idx { path: name.path(file, dir), reason };
        match file.role {
            Role::Images => images = Some(parse_images(&bytes).map_err(idx)?),
            Role::Labels => labels = Some(parse_labels(&bytes, name.classes().len()).map_err(idx)?),
        }
    }
    match (images, labels) {
        (Some(images), Some(labels)) => Ok((images, labels)),
        // The catalog lists a file of images and one of labels for each split, so this does not happen.
        (images, labels) => Err(SetError::Count {
            images: images.map_or(0, |images| images.count()),
            labels: labels.map_or(0, |labels| labels.len()),
        }
        .into()),
    }
}

/// The content of a file, which is exactly what the catalog says.
fn read(name: Name, file: &'static DataFile, dir: &Path) -> Result<Vec<u8>, LoadError> {
    let path = name.path(file, dir);
    match content::read(&path, file) {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(reason)) => {
            Err(LoadError::Mismatch { name, dir: dir.to_owned(), path, reason: Box::new(reason) })
        }
        Err(error) => {
            let obstacle = obstacle_of_file(&path);
            let reason = obstacle.map_or(error, |obstacle| io::Error::other(obstacle.to_string()));
            Err(LoadError::Io { name, dir: dir.to_owned(), path, reason })
        }
    }
}
