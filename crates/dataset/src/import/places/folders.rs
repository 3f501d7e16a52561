//! Folders with one folder for each class, and folders for training and testing that hold such folders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::import::error::ImportError;
use crate::import::places::listing::{Listing, list, list_below};

/// What people call the folder of each part, in lower case.
const TRAIN: [&str; 2] = ["train", "training"];
const TEST: [&str; 2] = ["test", "testing"];
const VALIDATION: [&str; 3] = ["val", "valid", "validation"];
/// A folder that holds nothing but one folder is only a wrapping. There are at most so many.
const MOST_WRAPPINGS: usize = 8;

/// The files of each class, by the name of its folder.
pub(crate) type Classes = BTreeMap<String, Vec<PathBuf>>;

/// What a folder is.
pub(crate) enum Shape {
    /// One folder for each class, maybe apart for training and testing.
    Folders(Folders),
    /// Only files, which may be tables.
    Files(Vec<PathBuf>),
}

/// The images of class folders.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    pub(crate) train: Classes,
    pub(crate) test: Option<Classes>,
    /// What lies beside the class folders, or cannot be an image.
    pub(crate) beside: Vec<PathBuf>,
    pub(crate) notes: Vec<String>,
}

/// Looks at a folder.
pub(crate) fn look(folder: &Path) -> Result<Shape, ImportError> {
    let listing = unwrap(folder)?;
    if listing.folders.is_empty() {
        return Ok(Shape::Files(listing.files));
    }
    let named = |names: &[&str]| {
        let found = |path: &&PathBuf| names.contains(&name_of(path).to_lowercase().as_str());
        listing.folders.iter().find(found).cloned()
    };
    let Some(train) = named(&TRAIN).filter(|train| list(train).is_ok_and(|inner| !inner.folders.is_empty()))
    else {
        let mut found = Folders::default();
        found.train = classes(&listing, &mut found.beside)?;
        return Ok(Shape::Folders(found));
    };
    let mut found = Folders::default();
    found.train = classes(&list(&train)?, &mut found.beside)?;
    let (test, validation) = (named(&TEST), named(&VALIDATION));
    match (&test, &validation) {
        (Some(test), Some(validation)) => found.notes.push(format!(
            "{} is not used, because there is {}; training holds validation images out by itself",
            validation.display(),
            test.display()
        )),
        (None, Some(validation)) => found
            .notes
            .push(format!("there is no test folder, so {} becomes the test images", validation.display())),
        _ => {}
    }
    if let Some(test) = test.as_ref().or(validation.as_ref()) {
        found.test = Some(classes(&list(test)?, &mut found.beside)?);
    }
    let used = [Some(train), test, validation];
    let others = listing.folders.into_iter().filter(|path| !used.contains(&Some(path.clone())));
    found.notes.extend(others.map(|path| format!("{} is not used: it is no part", path.display())));
    found.notes.extend(
        (!listing.files.is_empty())
            .then(|| format!("{} files beside the folders of the parts are not used", listing.files.len())),
    );
    Ok(Shape::Folders(found))
}

/// What is in a folder, or in the one inside of folders that hold nothing else.
fn unwrap(folder: &Path) -> Result<Listing, ImportError> {
    let mut listing = list(folder)?;
    for _ in 0..MOST_WRAPPINGS {
        match listing.folders.as_slice() {
            [only] if listing.files.is_empty() && !TRAIN.contains(&name_of(only).to_lowercase().as_str()) => {
                listing = list(only)?;
            }
            _ => break,
        }
    }
    Ok(listing)
}

/// The files of each class folder. What is no file, and files beside the folders, are added to `beside`.
pub(crate) fn classes(listing: &Listing, beside: &mut Vec<PathBuf>) -> Result<Classes, ImportError> {
    beside.extend(listing.files.iter().chain(&listing.others).cloned());
    let mut classes = Classes::new();
    for folder in &listing.folders {
        let Some(name) = folder.file_name().and_then(|name| name.to_str()) else {
            let reason = "the folder's name is not UTF-8, so it cannot become the name of a class; rename it";
            return Err(ImportError::source(folder, reason));
        };
        let mut below = list_below(folder)?;
        beside.append(&mut below.others);
        // Two places may have the same class.
        classes.entry(name.trim().to_owned()).or_default().append(&mut below.files);
    }
    Ok(classes)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Class names in the order of their labels: as numbers if all are whole numbers, otherwise as text, byte by byte, which
/// is torchvision's order.
pub(crate) fn in_order(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort();
    let number =
        |name: &String| name.bytes().all(|byte| byte.is_ascii_digit()).then(|| name.parse::<u64>().ok());
    if names.iter().all(|name| number(name).flatten().is_some()) {
        names.sort_by_key(|name| number(name).flatten());
    }
    names
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn tree(files: &[&str]) -> TempDir {
        let dir = TempDir::new().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        dir
    }

    fn folders(dir: &TempDir) -> Folders {
        let Shape::Folders(found) = look(dir.path()).unwrap() else { panic!("files") };
        found
    }

    fn counts(classes: &Classes) -> Vec<(&str, usize)> {
        classes.iter().map(|(name, files)| (name.as_str(), files.len())).collect()
    }

    #[test]
    fn whole_numbers_are_ordered_as_numbers_and_other_names_as_text() {
        let order = |names: &[&str]| in_order(names.iter().map(ToString::to_string)).join(" ");
        assert_eq!(order(&["10", "9", "0", "11", "1"]), "0 1 9 10 11");
        assert_eq!(order(&["007", "10", "9"]), "007 9 10");
        assert_eq!(order(&["10", "9", "x"]), "10 9 x");
        assert_eq!(order(&["cat", "Zebra", "dog"]), "Zebra cat dog");
        assert_eq!(order(&["99999999999999999999", "1000"]), "1000 99999999999999999999");
        assert_eq!(order(&["+1", "0"]), "+1 0");
    }

    #[test]
    fn class_folders_are_found_with_what_is_below_and_beside_them() {
        let dir = tree(&["cat/1.png", "cat/more/2.png", "dog/1.png", "README.txt", "dog/.DS_Store"]);
        let found = folders(&dir);
        assert_eq!(counts(&found.train), [("cat", 2), ("dog", 1)]);
        assert!(found.test.is_none() && found.notes.is_empty());
        assert_eq!(found.beside, [dir.path().join("README.txt")]);
    }

    #[test]
    fn parts_are_found_by_their_names_and_said() {
        let dir = tree(&["x/train/a/1.png", "x/train/b/1.png", "x/val/a/1.png"]);
        let found = folders(&dir);
        assert_eq!(
            (counts(&found.train), counts(&found.test.unwrap())),
            (vec![("a", 1), ("b", 1)], vec![("a", 1)])
        );
        assert!(found.notes[0].contains("x/val becomes the test images"), "{:?}", found.notes);

        let dir =
            tree(&["Training/a/1.png", "testing/b/1.png", "validation/a/1.png", "extra/1.png", "LICENSE"]);
        let found = folders(&dir);
        assert_eq!((counts(&found.train), counts(&found.test.unwrap())), (vec![("a", 1)], vec![("b", 1)]));
        let notes = found.notes.join("\n");
        for words in ["validation is not used", "extra is not used", "1 files beside"] {
            assert!(notes.contains(words), "{notes}");
        }
        // Trains are a class of vehicles.
        let dir = tree(&["train/1.png", "plane/1.png", "test/1.png"]);
        assert_eq!(counts(&folders(&dir).train), [("plane", 1), ("test", 1), ("train", 1)]);
    }

    #[test]
    fn a_folder_without_folders_holds_files() {
        let dir = tree(&["raw/train-images", "raw/train-labels"]);
        let Shape::Files(files) = look(dir.path()).unwrap() else { panic!("folders") };
        assert_eq!(files.len(), 2);
    }
}
