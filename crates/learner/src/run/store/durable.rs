//! Writes that survive a crash: a file is synced to the disk, and it gets its final name whole or not at all.
//!
//! All files of a run except TensorBoard's event files are written by the functions of this file, so that
//! tests can make each of their operations fail in turn.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::fault;

/// Suffix of the name of a file that is not finished.
const PARTIAL: &str = ".partial";

/// Adds the path to an I/O error.
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

/// Replaces a file: writes the new one under another name and renames it. A reader sees the old file or the
/// new file, and never a part of it.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = partial(path);
    let written = write(&partial, bytes).and_then(|()| rename(&partial, path));
    if written.is_err() {
        // If this removal fails as well, the partial file is removed when the folder is locked the next time.
        drop(fs::remove_file(&partial));
    }
    written
}

/// The name under which this process writes the file. It contains the process's id, because two processes may
/// replace the same file at the same time.
fn partial(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{name}.{}{PARTIAL}", std::process::id()))
}

/// Whether `name` is the name of a partial file that [`replace`] writes for the file `of`.
pub(crate) fn is_partial(name: &str, of: &str) -> bool {
    let id = name.strip_prefix(of).and_then(|rest| rest.strip_prefix('.')?.strip_suffix(PARTIAL));
    id.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Renames a file or folder within its folder, and waits until the new name is on the disk.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fault::io("rename", from)?;
    fs::rename(from, to).map_err(at(from))?;
    sync_folder(to.parent().unwrap_or(Path::new(".")))
}

/// Waits until the entries of a folder are on the disk.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fault::io("sync", folder)?;
    // Other systems cannot open a folder as a file, and do not need a sync of its entries.
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

/// A file to which lines are appended.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Opens the file, which is made if it is missing, and cuts it off after its first `length` bytes.
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

    /// Appends a line, which must end in a line feed. It reaches the disk with the next [`Self::sync`].
    pub(crate) fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if let Err(error) = fault::io("write", &self.path) {
            self.file.write_all(&line[..line.len() / 2])?;
            return Err(error);
        }
        self.file.write_all(line).map_err(at(&self.path))
    }

    /// Waits until all lines are on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        fault::io("sync", &self.path)?;
        self.file.sync_data().map_err(at(&self.path))
    }
}
