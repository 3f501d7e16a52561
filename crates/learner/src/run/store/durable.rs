//! Writing that survives a crash: synced, under the final name whole or not at all.
//!
//! Every operation that a full disk or a pulled plug can hit goes through here, so that the
//! tests can let each of them fail in turn.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::fault;

/// Ends the name of a file that is not finished.
const PARTIAL: &str = ".partial";

/// An error that says where it happened.
fn at(path: &Path) -> impl Fn(io::Error) -> io::Error {
    |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Writes a file and waits until it is on the disk.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path).map_err(at(path))?;
    if let Err(error) = fault::io("write", path) {
        file.write_all(&bytes[..bytes.len() / 2])?;
        return Err(error);
    }
    file.write_all(bytes).map_err(at(path))?;
    fault::io("sync", path)?;
    file.sync_all().map_err(at(path))
}

/// Writes a file beside its place and renames it: a reader sees the old one or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = partial(path);
    let written = write(&partial, bytes).and_then(|()| rename(&partial, path));
    if written.is_err() {
        // The error says what happened; what is left over is removed on the next start if not now.
        drop(fs::remove_file(&partial));
    }
    written
}

/// A name of this process's own: two may replace the same file at once.
fn partial(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{name}.{}{PARTIAL}", std::process::id()))
}

/// Whether a file of this name was left over by [`replace`] of the file `of`.
pub(crate) fn is_partial(name: &str, of: &str) -> bool {
    let id = name.strip_prefix(of).and_then(|rest| rest.strip_prefix('.')?.strip_suffix(PARTIAL));
    id.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Renames a file or folder within its folder, and waits until that is on the disk.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fault::io("rename", from)?;
    fs::rename(from, to).map_err(at(from))?;
    sync_folder(to.parent().unwrap_or(Path::new(".")))
}

/// Waits until the entries of a folder are on the disk.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fault::io("sync", folder)?;
    // Elsewhere a folder cannot be opened as a file, and its entries need no sync of their own.
    if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
    } else {
        Ok(())
    }
}

/// Removes a folder with everything in it, if it is there.
pub(crate) fn remove_folder(folder: &Path) -> io::Result<()> {
    fault::io("removal", folder)?;
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(at(folder)),
    }
}

/// A file that grows by lines.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Opens the file, without what comes after its first `length` bytes.
    pub(crate) fn open(path: &Path, length: u64) -> io::Result<Self> {
        let is_new = !path.exists();
        let open = OpenOptions::new().create(true).write(true).truncate(false).open(path);
        let mut file = open.map_err(at(path))?;
        if is_new {
            sync_folder(path.parent().unwrap_or(Path::new(".")))?;
        }
        fault::io("truncation", path)?;
        file.set_len(length).and_then(|()| file.seek(SeekFrom::End(0))).map_err(at(path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    pub(crate) fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if let Err(error) = fault::io("write", &self.path) {
            self.file.write_all(&line[..line.len() / 2])?;
            return Err(error);
        }
        self.file.write_all(line).map_err(at(&self.path))
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        fault::io("sync", &self.path)?;
        self.file.sync_data().map_err(at(&self.path))
    }
}
