//! Data sets from their files into memory.

use std::io;
use std::path::Path;

use crate::catalog::{DataFile, Entry, Name, Role};
use crate::description::Description;
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
/// If there is no such data set, or a file is missing, differs from what the data set's description says, or does not
/// parse.
pub fn load_train(name: Name, dir: &Path) -> Result<TrainSet, LoadError> {
    let description = Description::of(name, dir)?;
    let (images, labels) = load(name, &description, Split::Train, dir)?;
    Ok(TrainSet::from_images(images, labels, description.classes.len())?)
}

/// The test images of a data set, from the files below the data directory `dir`. Training files are not
/// read.
///
/// # Errors
/// As [`load_train`].
pub fn load_test(name: Name, dir: &Path) -> Result<TestSet, LoadError> {
    let description = Description::of(name, dir)?;
    let (images, labels) = load(name, &description, Split::Test, dir)?;
    Ok(TestSet::from_images(images, labels, description.classes.len())?)
}

/// All images and labels of the files with this split.
fn load(
    name: Name,
    description: &Description,
    split: Split,
    dir: &Path,
) -> Result<(Images, Labels), LoadError> {
    if Entry::of(name) == Some(Entry::Sample) {
        return sample::load(split);
    }
    let size = [description.height, description.width];
    let mut images = None;
    let mut labels = None;
    for file in description.files_of(&[split]) {
        let path = name.folder(dir).join(&*file.name);
        let bytes = read(name, file, &path, dir)?;
        let idx = |reason| LoadError::Idx { path: path.clone(), reason };
        match file.role {
            Role::Labels => labels = Some(parse_labels(&bytes, description.classes.len()).map_err(idx)?),
            Role::Images => {
                let parsed = parse_images(&bytes).map_err(idx)?;
                // As many bytes can be images of another height and width.
                if [parsed.height(), parsed.width()] != size {
                    let found = [parsed.height(), parsed.width()];
                    return Err(LoadError::Size { path, found, expected: size });
                }
                images = Some(parsed);
            }
        }
    }
    match (images, labels) {
        (Some(images), Some(labels)) => Ok((images, labels)),
        // A description lists a file of images and one of labels for each split, so this does not happen.
        (images, labels) => Err(SetError::Count {
            images: images.map_or(0, |images| images.count()),
            labels: labels.map_or(0, |labels| labels.len()),
        }
        .into()),
    }
}

/// The content of a file, which is exactly what the data set's description says.
fn read(name: Name, file: &DataFile, path: &Path, dir: &Path) -> Result<Vec<u8>, LoadError> {
    let (dir, path) = (dir.to_owned(), path.to_owned());
    match content::read(&path, file) {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(reason)) => Err(LoadError::Mismatch { name, dir, path, reason: Box::new(reason) }),
        Err(error) => {
            let obstacle = obstacle_of_file(&path);
            let reason = obstacle.map_or(error, |obstacle| io::Error::other(obstacle.to_string()));
            Err(LoadError::Io { name, dir, path, reason })
        }
    }
}
