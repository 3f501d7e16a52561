//! Removes a data set of one's own, and nothing else that lies in its folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::catalog::{Entry, Name};
use crate::description::error::RemoveError;
use crate::description::fields::{Description, FILE};
use crate::fetch::partial::sweep;

/// What was removed of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    pub folder: PathBuf,
    /// The files that were there, with their lengths in bytes.
    pub files: Vec<(PathBuf, u64)>,
    /// How many other files and folders lie in the folder. It is removed only if there are none.
    pub others: usize,
}

/// Removes the files that a data set's description names, then the description, then the folder if it is empty.
/// Of a file that is a link, the link is removed.
///
/// # Errors
/// If the data set is one of the catalog's, has no description, or cannot be removed. The description is removed
/// last, so that the rest can be removed when the reason has gone.
pub fn remove(name: Name, dir: &Path) -> Result<Removed, RemoveError> {
    if Entry::of(name).is_some() {
        return Err(RemoveError::Catalog(name));
    }
    let description = Description::of(name, dir)?;
    let folder = name.folder(dir);
    let mut files = Vec::new();
    for file in description.files.iter().map(|file| &*file.name).chain([FILE]) {
        let path = folder.join(file);
        let bytes = fs::symlink_metadata(&path).map_or(0, |metadata| metadata.len());
        match fs::remove_file(&path) {
            Ok(()) => files.push((path, bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(reason) => return Err(RemoveError::Io { path, reason }),
        }
    }
    sweep(&folder);
    let others = fs::read_dir(&folder).map_or(0, Iterator::count);
    if others == 0 {
        // A folder that is a link to an empty one stays, which harms nothing.
        drop(fs::remove_dir(&folder));
    }
    Ok(Removed { folder, files, others })
}
