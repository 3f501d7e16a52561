//! Finds data sets: the catalog's, and those of one's own in a data directory.

use std::fs;
use std::path::Path;

use crate::catalog::{Entry, Name};
use crate::description::error::{DescriptionError, Unknown};
use crate::description::fields::{Description, FILE};
use crate::description::text::is_in;

/// A data set that there is, with its description or what is wrong with it.
#[derive(Debug)]
pub struct Known {
    pub name: Name,
    pub description: Result<Description, DescriptionError>,
}

impl Description {
    /// The description of a data set: the catalog's, or the one in the data set's folder below the data directory
    /// `dir`. For a data set of the catalog nothing is read.
    ///
    /// # Errors
    /// If there is no such data set, or its description cannot be read.
    pub fn of(name: Name, dir: &Path) -> Result<Self, DescriptionError> {
        if let Some(entry) = Entry::of(name) {
            return Ok(entry.into());
        }
        let folder = name.folder(dir);
        if !is_in(&folder) {
            let known = names(dir);
            return Err(Unknown { name, dir: dir.to_owned(), known }.into());
        }
        let path = folder.join(FILE);
        let description = Self::read(&path)?;
        if description.files.is_empty() {
            return Err(DescriptionError::invalid(
                &path,
                "found no files, expected images and labels of train and of test",
            ));
        }
        Ok(description)
    }

    /// The description of a data set in the catalog, for programs that have no data directory.
    ///
    /// # Errors
    /// If the data set is not in the catalog.
    pub fn in_catalog(name: Name) -> Result<Self, DescriptionError> {
        let unknown = || Unknown { name, dir: "".into(), known: names(Path::new("")) };
        Entry::of(name).map(Into::into).ok_or_else(|| unknown().into())
    }
}

/// All data sets: first the catalog's, then those of one's own below the data directory `dir`, by their names.
pub fn known(dir: &Path) -> Vec<Known> {
    let describe = |name| Known { name, description: Description::of(name, dir) };
    names(dir).into_iter().map(describe).collect()
}

fn names(dir: &Path) -> Vec<Name> {
    let mut own: Vec<Name> = Vec::new();
    // Without a directory there is nothing to look for: the working directory is not meant.
    let entries = if dir.as_os_str().is_empty() { None } else { fs::read_dir(dir).ok() };
    for entry in entries.into_iter().flatten().flatten() {
        let name = entry.file_name().to_str().and_then(|name| name.parse().ok());
        own.extend(name.filter(|name| Entry::of(*name).is_none() && is_in(&entry.path())));
    }
    own.sort();
    Entry::ALL.into_iter().map(Entry::name).chain(own).collect()
}
