//! The texts of I/O errors: what was done, to which file or folder, and what the system answered.

use std::io;
use std::path::{Path, PathBuf};

/// Adds to an I/O error what was being done to which path, as in "syncing the folder runs/a: ...".
pub(crate) fn failed(doing: &str, path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| {
        let path = shown(path);
        io::Error::new(error.kind(), format!("{doing} {}: {error}", path.display()))
    }
}

/// The folder that a file or folder lies in. For a bare name it is the current folder.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The path as a message names it. A dot alone would tell the reader nothing, so the current folder is written
/// out.
pub(crate) fn shown(path: &Path) -> PathBuf {
    let is_here = path.as_os_str().is_empty() || path == Path::new(".");
    let here = || std::env::current_dir().unwrap_or_else(|_| PathBuf::from("the current folder"));
    if is_here { here() } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_operation_and_never_a_dot_alone() {
        let text = |path: &str| {
            let error = failed("syncing the folder", Path::new(path))(io::Error::other("no"));
            error.to_string()
        };
        assert_eq!(text("runs/a"), "syncing the folder runs/a: no");
        let here = std::env::current_dir().unwrap();
        for path in ["", ".", "./"] {
            assert_eq!(text(path), format!("syncing the folder {}: no", here.display()), "«{path}»");
        }
        let error = failed("writing", Path::new("a"))(io::ErrorKind::StorageFull.into());
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_bare_name_lies_in_the_current_folder() {
        assert_eq!(folder_of(Path::new("tmp")), Path::new("."));
        assert_eq!(folder_of(Path::new("runs/a")), Path::new("runs"));
        assert_eq!(folder_of(Path::new("/")), Path::new("."));
    }
}
