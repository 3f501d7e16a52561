//! Writes that survive a crash: a file is synced to the disk, and it gets its final name whole or not at all.
//!
//! All files of a run except TensorBoard's event files are written by the functions of this file, so that
//! tests can make each of their operations fail in turn. Each error says which operation failed, and where.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::fault;
use crate::run::store::limits::{self, DiskLimit};
use crate::run::store::operation::{failed, folder_of, shown};
use crate::run::store::partial::PartialFile;

/// Writes a file and waits until it is on the disk.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path).map_err(failed("creating", path))?;
    fill(&mut file, path, bytes)
}

fn fill(file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Err(error) = fault::io("write", path) {
        file.write_all(&bytes[..bytes.len() / 2])?;
        return Err(error);
    }
    file.write_all(bytes).map_err(failed("writing", path))?;
    fault::io("sync", path)?;
    file.sync_all().map_err(failed("syncing", path))
}

/// Replaces a file: writes the new one under another name and renames it. A reader sees the old file or the
/// new file, and never a part of it.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let PartialFile { path: partial, mut file } = PartialFile::create(path)?;
    // The file stays open until it is renamed, because it is locked for as long.
    let written = fill(&mut file, &partial, bytes).and_then(|()| rename(&partial, path));
    if written.is_err() {
        // If this removal fails as well, the partial file is removed when the folder is locked the next time.
        drop(fs::remove_file(&partial));
    }
    written
}

/// Renames a file or folder within its folder, and waits until the new name is on the disk.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fault::io("rename", from)?;
    let doing = || format!("renaming {} to", shown(from).display());
    fs::rename(from, to).map_err(|error| failed(&doing(), to)(error))?;
    sync_folder(folder_of(to)).map(drop)
}

/// Waits until the entries of a folder are on the disk. Says so if the file system cannot do that, which is no
/// error: there is nothing that a user could do about it.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<Option<DiskLimit>> {
    fault::io("sync", folder)?;
    limits::sync_folder(folder).map_err(failed("syncing the folder", folder))
}

/// Makes a folder and those around it, unless they are there.
pub(crate) fn create_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder).map_err(failed("making the folder", folder))
}

/// Removes a folder with everything in it, if it is there.
pub(crate) fn remove_folder(folder: &Path) -> io::Result<()> {
    fault::io("removal", folder)?;
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(failed("removing the folder", folder)),
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
        let mut file = open.map_err(failed("opening", path))?;
        if is_new {
            sync_folder(folder_of(path))?;
        }
        fault::io("truncation", path)?;
        let cut = file.set_len(length).and_then(|()| file.seek(SeekFrom::End(0)));
        cut.map_err(|error| failed(&format!("cutting to {length} bytes"), path)(error))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Appends a line, which must end in a line feed. It reaches the disk with the next [`Self::sync`].
    pub(crate) fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if let Err(error) = fault::io("write", &self.path) {
            self.file.write_all(&line[..line.len() / 2])?;
            return Err(error);
        }
        self.file.write_all(line).map_err(failed("writing", &self.path))
    }

    /// Waits until all lines are on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        fault::io("sync", &self.path)?;
        self.file.sync_data().map_err(failed("syncing", &self.path))
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn an_error_says_what_was_done_and_where() {
        let dir = TempDir::new().unwrap();
        let missing = dir.path().join("missing");
        let file = missing.join("file");
        let full = dir.path().join("full");
        fs::create_dir_all(full.join("within")).unwrap();
        let (missing_text, full_text) = (missing.display(), full.display());
        let says = |result: io::Result<()>, words: &str| {
            let text = result.unwrap_err().to_string();
            assert!(text.starts_with(words), "expected «{words}» in: {text}");
        };
        says(write(&file, b"x"), &format!("creating {missing_text}/file: "));
        says(replace(&file, b"x"), &format!("creating {missing_text}/file."));
        says(sync_folder(&missing).map(drop), &format!("syncing the folder {missing_text}: "));
        says(rename(&file, &full), &format!("renaming {missing_text}/file to {full_text}: "));
        says(Log::open(&file, 0).map(drop), &format!("opening {missing_text}/file: "));
        fs::write(&missing, "a file").unwrap();
        says(create_folder(&file), &format!("making the folder {missing_text}/file: "));
        says(remove_folder(&missing), &format!("removing the folder {missing_text}: "));
        says(replace(&full, b"x"), &format!("renaming {full_text}."));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "a partial file is left over");
    }
}
