//! Files that appear whole or not at all, and the removal of partial files that killed processes left.
//!
//! A file is written into its folder under another name, and renamed when it is safely on the disk.
//! While a process writes a file, it holds the operating system's lock on it. The lock ends with the
//! process, however the process ends. So a partial file that can be locked belongs to no living process.
//!
//! On a file system without locks only the age is left to go by. A file is written from memory within seconds,
//! so one that has not changed for an hour belongs to no living process either.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use tempfile::NamedTempFile;

/// The names of partial files begin with this.
pub(crate) const PREFIX: &str = ".partial-";
/// Another process can be in the way only in the moment between the making of a file and its locking, so one
/// attempt is nearly always enough.
const ATTEMPTS: usize = 16;
/// A partial file that cannot be locked is removed when it has not changed for so long. The clocks of a computer
/// and of the server of its disk may differ by minutes.
const OLD: Duration = Duration::from_secs(3600);

/// Writes a file under another name in its folder, and renames it when it is safely on the disk.
///
/// # Errors
/// If the folder or the file cannot be written; then nothing is left of the file.
pub(crate) fn store(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = create(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Creates a partial file and locks it. It is removed when this is dropped.
///
/// # Errors
/// If the file cannot be created.
pub(crate) fn create(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    for _ in 0..ATTEMPTS {
        let file = builder.tempfile_in(folder)?;
        match file.as_file().try_lock() {
            Ok(()) if file.path().try_exists().unwrap_or(true) => return Ok(file),
            // On a file system without locks `sweep` cannot lock the file either, and goes by its age.
            Err(TryLockError::Error(_)) => return Ok(file),
            // Another process swept the file before it was locked here, so the next one is tried.
            Ok(()) | Err(TryLockError::WouldBlock) => {}
        }
    }
    Err(io::Error::other("other processes lock or remove each partial file"))
}

/// Removes the partial files of processes that have ended.
///
/// Those of living processes, this one included, stay. So does a file that cannot be opened or removed:
/// it harms nothing.
pub(crate) fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_partial = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_partial {
            continue;
        }
        // Some network disks lock only files that are open for writing.
        if let Ok(file) = OpenOptions::new().read(true).write(true).open(entry.path())
            && is_abandoned(&file.try_lock(), unchanged_for(&file))
        {
            drop(fs::remove_file(entry.path()));
        }
    }
}

/// How long ago the file was changed; `None` if that is not known.
fn unchanged_for(file: &File) -> Option<Duration> {
    file.metadata().ok()?.modified().ok()?.elapsed().ok()
}

/// Whether no living process is writing the file, as far as the attempt to lock it and its age can tell.
fn is_abandoned(lock: &Result<(), TryLockError>, unchanged_for: Option<Duration>) -> bool {
    match lock {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => unchanged_for.is_some_and(|age| age > OLD),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_stored_file_is_whole_and_readable() {
        let data = TempDir::new().unwrap();
        let path = data.path().join("mnist/file");
        store(&path, b"content").unwrap();
        store(&path, b"new content").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new content");
        assert_eq!(names(path.parent().unwrap()), ["file"]);
    }

    #[test]
    fn a_file_that_cannot_take_its_place_leaves_nothing() {
        let data = TempDir::new().unwrap();
        fs::create_dir_all(data.path().join("file/in the way")).unwrap();
        store(&data.path().join("file"), b"content").unwrap_err();
        assert_eq!(names(data.path()), ["file"]);
    }

    #[test]
    fn without_locks_only_the_age_counts() {
        let without = || Err(TryLockError::Error(io::ErrorKind::Unsupported.into()));
        let (young, old) = (Some(OLD / 2), Some(2 * OLD));
        for (lock, age, expected) in [
            (without(), old, true),
            (without(), young, false),
            // The server's clock is ahead.
            (without(), None, false),
            (Ok(()), young, true),
            (Err(TryLockError::WouldBlock), old, false),
        ] {
            assert_eq!(is_abandoned(&lock, age), expected, "{lock:?} {age:?}");
        }
    }

    #[test]
    fn only_partial_files_that_nobody_writes_are_swept() {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path(".partial-dead"), b"half").unwrap();
        fs::write(path("partial-mine"), b"mine").unwrap();
        fs::create_dir(path(".partial-folder")).unwrap();
        let mut alive = create(folder.path()).unwrap();
        let name = alive.path().file_name().unwrap().to_string_lossy().into_owned();
        alive.write_all(b"whole").unwrap();
        sweep(folder.path());
        let mut expected = [name, ".partial-folder".to_owned(), "partial-mine".to_owned()];
        expected.sort();
        assert_eq!(names(folder.path()), expected);
        alive.persist(path("file")).unwrap();
        assert_eq!(fs::read(path("file")).unwrap(), b"whole");
        sweep(&folder.path().join("no such folder"));
    }
}
