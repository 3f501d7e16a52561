//! Partial files: a file is written under such a name, and gets its own name when it is whole.
//!
//! The name holds random digits, and the file must not be there yet. A process id would not do: processes of two
//! containers that share a disk can have the same one.
//!
//! A process that is killed leaves its partial file behind, and the next one that locks the folder removes it.
//! Another living process may be writing there, because a test writes its results beside a resumed training. So
//! a process holds the operating system's lock on its partial file until the file has its name. The lock ends
//! with the process, however it ends. A partial file that can be locked is therefore nobody's.
//!
//! Where files cannot be locked, and for the partial files of earlier versions, which did not lock them, only
//! the age is left to go by. A file of a run is written from memory within seconds, so one that has not changed
//! for an hour is nobody's.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::run::store::operation::failed;

/// Suffix of the name of a file that is not finished.
const SUFFIX: &str = ".partial";
/// Number of random digits in the name, which are hexadecimal.
const DIGITS: usize = 16;
/// Another process can be in the way only in the moment between the making of a file and its locking, so one
/// attempt is nearly always enough.
const ATTEMPTS: usize = 16;
/// A partial file that has not changed for so long is nobody's. The clocks of a computer and of the server of
/// its disk may differ by minutes.
const OLD: Duration = Duration::from_secs(3600);

/// A file that this process is writing, and that no other process sweeps.
#[derive(Debug)]
pub(crate) struct PartialFile {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
}

impl PartialFile {
    /// Makes an empty partial file beside the file that it will replace, and locks it.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub(crate) fn create(of: &Path) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let path = random_path(of);
            let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                opened => opened.map_err(failed("creating", &path))?,
            };
            match file.try_lock() {
                Ok(()) if path.try_exists().unwrap_or(true) => return Ok(Self { path, file }),
                // Where the file cannot be locked, `sweep` cannot lock it either, and goes by its age.
                Err(TryLockError::Error(_)) => return Ok(Self { path, file }),
                // Another process swept the file before it was locked here, so the next name is tried.
                Ok(()) | Err(TryLockError::WouldBlock) => {}
            }
        }
        Err(failed("writing", of)(io::Error::other("other processes lock or remove each partial file")))
    }
}

fn random_path(of: &Path) -> PathBuf {
    // The standard library draws the keys of each `RandomState` from the operating system's random numbers.
    let random = RandomState::new().build_hasher().finish();
    let name = of.file_name().unwrap_or_default().to_string_lossy();
    of.with_file_name(format!("{name}.{random:0width$x}{SUFFIX}", width = DIGITS))
}

/// Who wrote a partial file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// This version, which locks the file.
    Locking,
    /// An earlier version, which did not lock it and put its process id into the name.
    Earlier,
}

/// The version that gave a partial file this name, if it is the partial file of one that `of` holds for.
fn writer(name: &str, of: fn(&str) -> bool) -> Option<Writer> {
    let (_, tag) = name.strip_suffix(SUFFIX)?.rsplit_once('.').filter(|(name, _)| of(name))?;
    let is_hexadecimal = tag.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if tag.len() == DIGITS && is_hexadecimal {
        return Some(Writer::Locking);
    }
    // A process id has ten digits at most.
    let is_id = (1..=10).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then_some(Writer::Earlier)
}

/// Whether `name` is the name of a partial file of a file whose name `of` holds for.
pub(crate) fn is_partial(name: &str, of: fn(&str) -> bool) -> bool {
    writer(name, of).is_some()
}

/// Removes the partial files, of files whose names `of` holds for, that no process is writing any more.
///
/// # Errors
/// If the folder cannot be read, or such a file cannot be removed.
pub(crate) fn sweep(folder: &Path, of: fn(&str) -> bool) -> io::Result<()> {
    let reading = failed("reading the folder", folder);
    for entry in fs::read_dir(folder).map_err(&reading)? {
        let entry = entry.map_err(&reading)?;
        if let Some(writer) = writer(&entry.file_name().to_string_lossy(), of) {
            sweep_file(&entry.path(), writer)?;
        }
    }
    Ok(())
}

fn sweep_file(path: &Path, writer: Writer) -> io::Result<()> {
    // Some network disks lock only files that are open for writing. A file that cannot be opened harms nothing.
    let Ok(file) = OpenOptions::new().read(true).write(true).open(path) else { return Ok(()) };
    // The lock is held during the removal. Otherwise a process that has just made the file could lock it
    // meanwhile, and would lose it.
    if !is_nobodys(writer, &file.try_lock(), unchanged_for(&file)) {
        return Ok(());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other.map_err(failed("removing", path)),
    }
}

/// How long ago the file was changed; `None` if that is not known.
fn unchanged_for(file: &File) -> Option<Duration> {
    file.metadata().ok()?.modified().ok()?.elapsed().ok()
}

/// Whether no living process is writing the file, as far as the attempt to lock it and its age can tell.
fn is_nobodys(writer: Writer, lock: &Result<(), TryLockError>, unchanged_for: Option<Duration>) -> bool {
    match lock {
        Err(TryLockError::WouldBlock) => false,
        Ok(()) if writer == Writer::Locking => true,
        Ok(()) | Err(TryLockError::Error(_)) => unchanged_for.is_some_and(|age| age > OLD),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use run_files::names::is_replaced;
    use tempfile::TempDir;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn two_processes_with_one_id_write_different_files() {
        let dir = TempDir::new().unwrap();
        let of = dir.path().join("test.json");
        let [first, second] = [(); 2].map(|()| PartialFile::create(&of).unwrap());
        assert_ne!(first.path, second.path);
        let id = std::process::id().to_string();
        for file in [&first, &second] {
            let name = file.path.file_name().unwrap().to_str().unwrap();
            assert_eq!(writer(name, |name| name == "test.json"), Some(Writer::Locking), "{name}");
            assert!(!name.contains(&format!(".{id}.")), "{name}");
        }
    }

    #[test]
    fn the_names_of_this_version_and_of_earlier_ones_are_known() {
        for (name, expected) in [
            ("run.json.0123456789abcdef.partial", Some(Writer::Locking)),
            ("run.json.0000000000000007.partial", Some(Writer::Locking)),
            ("run.json.4194304.partial", Some(Writer::Earlier)),
            ("run.json.7.partial", Some(Writer::Earlier)),
            ("run.json.0123456789abcdeF.partial", None),
            ("run.json.0123456789abcde.partial", None),
            ("run.json..partial", None),
            ("run.json.partial", None),
            ("run.json.7", None),
            ("film.7.partial", None),
        ] {
            assert_eq!(writer(name, |name| name == "run.json"), expected, "{name}");
        }
        assert!(is_partial("run.json.7.partial", is_replaced));
        assert!(!is_partial("film.7.partial", is_replaced));
    }

    #[test]
    fn a_file_that_a_process_is_writing_is_not_swept() {
        let dir = TempDir::new().unwrap();
        let of = dir.path().join("predictions.csv");
        let alive = PartialFile::create(&of).unwrap();
        drop(PartialFile::create(&of).unwrap());
        fs::write(dir.path().join("film.7.partial"), "").unwrap();
        assert_eq!(names(dir.path()).len(), 3);
        sweep(dir.path(), is_replaced).unwrap();
        let alive = alive.path.file_name().unwrap().to_str().unwrap();
        assert_eq!(names(dir.path()), ["film.7.partial", alive]);
    }

    #[test]
    fn a_file_of_an_earlier_version_is_swept_when_it_is_old() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("run.json.7.partial");
        fs::write(&path, "{").unwrap();
        sweep(dir.path(), is_replaced).unwrap();
        assert!(path.exists(), "a process of an earlier version may still be writing it");
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - 2 * OLD).unwrap();
        drop(file);
        sweep(dir.path(), is_replaced).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn without_locks_only_the_age_counts() {
        let without = || Err(TryLockError::Error(ErrorKind::Unsupported.into()));
        let (young, old) = (Some(OLD / 2), Some(2 * OLD));
        for (lock, age, expected) in [
            (without(), old, true),
            (without(), young, false),
            // The server's clock is ahead.
            (without(), None, false),
            (Ok(()), young, true),
            (Ok(()), None, true),
            (Err(TryLockError::WouldBlock), old, false),
        ] {
            assert_eq!(is_nobodys(Writer::Locking, &lock, age), expected, "{lock:?} {age:?}");
        }
    }
}
