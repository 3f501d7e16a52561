//! What is in a folder, without what systems and programs leave there.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::import::error::ImportError;

/// Files and folders that no person made, in lower case. So are those whose names begin with a dot.
const LEFT_BEHIND: [&str; 4] = ["thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"];

/// What is in a folder, each kind in the order of the names.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) files: Vec<PathBuf>,
    /// Links to nothing, pipes and devices, which nobody should wait for.
    pub(crate) others: Vec<PathBuf>,
}

/// Lists a folder. Links are followed.
pub(crate) fn list(folder: &Path) -> Result<Listing, ImportError> {
    let mut listing = Listing::default();
    for entry in fs::read_dir(folder).map_err(ImportError::io(folder))? {
        let path = entry.map_err(ImportError::io(folder))?.path();
        if is_left_behind(&path) {
            continue;
        }
        match fs::metadata(&path) {
            Ok(data) if data.is_dir() => listing.folders.push(path),
            Ok(data) if data.is_file() => listing.files.push(path),
            _ => listing.others.push(path),
        }
    }
    listing.folders.sort();
    listing.files.sort();
    listing.others.sort();
    Ok(listing)
}

/// All files in a folder and in those below it, in an order that does not depend on the file system. No folder is
/// entered twice, so links in circles end.
pub(crate) fn list_below(folder: &Path) -> Result<Listing, ImportError> {
    let mut all = Listing::default();
    let root = fs::canonicalize(folder).map_err(ImportError::io(folder))?;
    let mut seen = HashSet::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        let real = fs::canonicalize(&folder).map_err(ImportError::io(&folder))?;
        // A link to a folder that this one is in would bring the images of all other classes.
        if (root != real && root.starts_with(&real)) || !seen.insert(real) {
            continue;
        }
        let mut listing = list(&folder)?;
        all.files.append(&mut listing.files);
        all.others.append(&mut listing.others);
        left.extend(listing.folders.into_iter().rev());
    }
    Ok(all)
}

fn is_left_behind(path: &Path) -> bool {
    let Some(name) = path.file_name() else { return false };
    let name = name.to_string_lossy().to_lowercase();
    name.starts_with('.') || LEFT_BEHIND.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn names(paths: &[PathBuf], dir: &Path) -> Vec<String> {
        paths.iter().map(|path| path.strip_prefix(dir).unwrap().display().to_string()).collect()
    }

    #[test]
    fn what_systems_leave_behind_is_passed_over() {
        let dir = TempDir::new().unwrap();
        for name in ["b.png", "a.png", ".DS_Store", "Thumbs.db", "desktop.ini", "._a.png"] {
            fs::write(dir.path().join(name), b"x").unwrap();
        }
        for name in ["__MACOSX", ".git", "c"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let listing = list(dir.path()).unwrap();
        assert_eq!(names(&listing.files, dir.path()), ["a.png", "b.png"]);
        assert_eq!(names(&listing.folders, dir.path()), ["c"]);
    }

    #[test]
    #[cfg(unix)]
    fn links_in_circles_end_and_links_to_nothing_are_no_files() {
        use std::os::unix::fs::symlink;
        let dir = TempDir::new().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/b/1.png"), b"x").unwrap();
        symlink(at("a"), at("a/b/again")).unwrap();
        symlink(at("a/b"), at("a/other")).unwrap();
        fs::create_dir(at("c")).unwrap();
        fs::write(at("c/2.png"), b"x").unwrap();
        symlink(dir.path(), at("a/all")).unwrap();
        symlink("/no/such/file", at("a/nothing.png")).unwrap();
        let listing = list_below(&at("a")).unwrap();
        assert_eq!(names(&listing.files, dir.path()), ["a/b/1.png"]);
        assert_eq!(names(&listing.others, dir.path()), ["a/nothing.png"]);
    }
}
