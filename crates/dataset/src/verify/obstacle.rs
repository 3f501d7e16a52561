//! What stands in the way of a folder: a link to nothing, or a file in a folder's place.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why a path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The part of the path that stands in the way.
    pub path: PathBuf,
    /// What it is, as the words after the path.
    what: String,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path.display(), self.what)
    }
}

/// What keeps this folder from being made or read. Every part of the path that is there must be a folder, or
/// a link to one.
pub fn obstacle(folder: &Path) -> Option<Obstacle> {
    let mut parts: Vec<&Path> = folder.ancestors().filter(|part| !part.as_os_str().is_empty()).collect();
    parts.reverse();
    for part in parts {
        if let Some(obstacle) = broken_link(part) {
            return Some(obstacle);
        }
        // Where nothing is yet, nothing is in the way.
        if !fs::metadata(part).ok()?.is_dir() {
            return Some(Obstacle { path: part.to_owned(), what: "is a file, expected a folder".to_owned() });
        }
    }
    None
}

/// What keeps the file at this path from being read, if something stands in its place or above it.
pub(crate) fn obstacle_of_file(path: &Path) -> Option<Obstacle> {
    path.parent().and_then(obstacle).or_else(|| broken_link(path))
}

/// A link at exactly this path, if it cannot be followed to its end.
fn broken_link(path: &Path) -> Option<Obstacle> {
    let target = fs::read_link(path).ok()?;
    let error = fs::metadata(path).err()?;
    let target = target.display();
    let what = match error.kind() {
        io::ErrorKind::NotFound => format!("is a link to nothing: {target} is not there"),
        _ => format!("is a link to {target}, which cannot be followed: {error}"),
    };
    Some(Obstacle { path: path.to_owned(), what })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn links_to_nothing_circles_and_files_are_told_and_folders_are_not() {
        let dir = TempDir::new().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("file"), b"").unwrap();
        symlink(at("folder"), at("good")).unwrap();
        symlink("/no/such/disk", at("dangling")).unwrap();
        symlink(at("b"), at("a")).unwrap();
        symlink(at("a"), at("b")).unwrap();
        for fine in ["folder", "folder/new/newer", "good/new", "new"] {
            assert_eq!(obstacle(&at(fine)), None, "{fine}");
        }
        for (path, part, what) in [
            ("dangling", "dangling", "is a link to nothing: /no/such/disk is not there"),
            ("dangling/mnist", "dangling", "is a link to nothing"),
            ("good/../dangling/x/y", "good/../dangling", "is a link to nothing"),
            ("a/mnist", "a", "which cannot be followed: "),
            ("file", "file", "is a file, expected a folder"),
            ("file/mnist", "file", "is a file, expected a folder"),
        ] {
            let found = obstacle(&at(path)).unwrap();
            assert_eq!(found.path, at(part), "{path}");
            assert!(found.to_string().contains(what), "{path}: {found}");
        }
        assert_eq!(broken_link(&at("file")), None);
        assert_eq!(broken_link(&at("nothing")), None);
    }
}
