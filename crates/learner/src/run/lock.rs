//! A lock on the folder of a run or of several runs, so that only one process at a time trains there.
//!
//! The operating system releases the lock when the process ends, so a crash leaves no stale lock behind. A
//! new run takes a folder only if the folder is empty. Files of a run that was ended before its configuration
//! was written do not count, because there is nothing in them to lose.
//!
//! Some file systems have no locks. A run is trained there all the same, and the lock says that it protects
//! nothing, so that the user can see to it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use dataset::verify::obstacle;
use run_files::{RunInfo, SeedsInfo, names};

use crate::config::Config;
use crate::run::error::RunDirError;
use crate::run::folder::{Folder, io_error};
use crate::run::run_dir::RunDir;
use crate::run::seeds_dir::SeedsDir;
use crate::run::store::limits::{self, DiskLimit};
use crate::run::store::operation::{failed, folder_of};
use crate::run::store::{checkpoint, durable, partial};

const LOCK: &str = "lock";

/// A locked folder. No other process trains in it until this value is dropped, unless its file system has no
/// locks ([`Self::limits`]).
#[derive(Debug)]
pub struct RunLock {
    folder: Folder,
    _file: File,
    /// Whether the folder was made by this lock and no run was begun in it. Such a folder is removed when the
    /// lock is dropped.
    is_disposable: bool,
    limits: Vec<DiskLimit>,
}

impl RunLock {
    /// Locks a folder for a new run or for several. The folder is made if it is not there.
    ///
    /// # Errors
    /// If the folder is not empty, if another process has locked it, or if it cannot be made.
    pub fn new_run(path: &Path) -> Result<Self, RunDirError> {
        match Self::make(path) {
            // Another process had the folder, began no run in it, and has just removed it. So it can be made
            // again.
            Err(RunDirError::Io { reason, .. } | RunDirError::Write(reason))
                if reason.kind() == io::ErrorKind::NotFound =>
            {
                Self::make(path)
            }
            lock => lock,
        }
    }

    fn make(path: &Path) -> Result<Self, RunDirError> {
        if let Some(obstacle) = obstacle(path) {
            return Err(RunDirError::Blocked(obstacle));
        }
        let parent = folder_of(path);
        durable::create_folder(parent).map_err(RunDirError::Write)?;
        let is_disposable = match fs::create_dir(path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(RunDirError::Write(failed("making the folder", path)(error))),
        };
        // A folder of something else must not get a lock file, so the other files are checked before the lock
        // is taken. If there is a lock file already, the lock is tried first, because "another process is
        // training here" is then a better error than "the folder is not empty".
        if !path.join(LOCK).is_file() {
            check_vacant(path)?;
        }
        let mut lock = Self::lock(path, is_disposable)?;
        check_vacant(path)?;
        lock.prepare().map_err(RunDirError::Write)?;
        durable::sync_folder(parent).map_err(RunDirError::Write)?;
        Ok(lock)
    }

    /// Locks the first free folder of `stem-1`, `stem-2`, ... below `runs`.
    ///
    /// # Errors
    /// If no folder can be made below `runs`.
    pub fn numbered(runs: &Path, stem: &str) -> Result<Self, RunDirError> {
        let mut number = 1;
        loop {
            match Self::new_run(&runs.join(format!("{stem}-{number}"))) {
                Err(RunDirError::Exists { .. } | RunDirError::Locked(_)) => number += 1,
                Ok(lock) if !lock.is_certainly_own() => number += 1,
                lock => return lock,
            }
        }
    }

    /// Locks an existing run so that it can be resumed, and removes the unfinished files of an interruption.
    ///
    /// # Errors
    /// If `path` is not a run, or another process has locked it.
    pub fn existing_run(path: &Path) -> Result<Self, RunDirError> {
        RunDir::open(path)?;
        Self::existing(path)
    }

    /// Locks an existing folder of several runs so that it can be resumed. Each of its runs also has a lock
    /// of its own.
    ///
    /// # Errors
    /// If `path` is not a folder of several runs, or another process has locked it.
    pub fn existing_seeds(path: &Path) -> Result<Self, RunDirError> {
        SeedsDir::open(path)?;
        Self::existing(path)
    }

    fn existing(path: &Path) -> Result<Self, RunDirError> {
        let mut lock = Self::lock(path, false)?;
        lock.prepare().map_err(RunDirError::Write)?;
        Ok(lock)
    }

    /// Locks a folder that is there.
    fn lock(path: &Path, is_disposable: bool) -> Result<Self, RunDirError> {
        let (file, limit) = lock(path)?;
        Ok(Self {
            folder: Folder::new(path),
            _file: file,
            is_disposable,
            limits: limit.into_iter().collect(),
        })
    }

    /// Removes what an interruption left in the folder, and finds out whether the folder can be synced.
    fn prepare(&mut self) -> io::Result<()> {
        sweep(self.path())?;
        let limit = durable::sync_folder(self.path())?;
        self.limits.extend(limit);
        Ok(())
    }

    /// Whether no other process can have this new folder. Without locks another process may have just made it
    /// for itself, so only a folder that was made here is certainly nobody else's.
    fn is_certainly_own(&self) -> bool {
        self.is_disposable || !self.limits.contains(&DiskLimit::NoLocks)
    }

    /// What the file system of the folder cannot do.
    pub fn limits(&self) -> &[DiskLimit] {
        &self.limits
    }

    /// The locked folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Begins a run in the folder: writes the run's circumstances and its configuration.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn begin_run(&mut self, config: &Config, info: &RunInfo) -> Result<RunDir, RunDirError> {
        self.is_disposable = false;
        RunDir::create(&self.folder, config, info)
    }

    /// Makes the folder a folder of several runs, which are then locked and begun one by one. `data_dir` is the
    /// data directory of their images.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn begin_seeds(
        &mut self,
        config: &Config,
        info: SeedsInfo,
        data_dir: Option<&Path>,
    ) -> Result<SeedsDir, RunDirError> {
        self.is_disposable = false;
        SeedsDir::create(&self.folder, config, info, data_dir)
    }

    /// Writes the circumstances and the configuration of a run that is resumed.
    ///
    /// # Errors
    /// If the folder is not a run, or a file cannot be written.
    pub fn resume_run(&self, config: &Config, info: &RunInfo) -> Result<RunDir, RunDirError> {
        let run = RunDir::open(self.path())?;
        run.note_resume(config, info)?;
        Ok(run)
    }

    /// Writes the configuration and the data directory of a folder of several runs that is resumed.
    ///
    /// # Errors
    /// If the folder is not one of several runs, or the file cannot be written.
    pub fn resume_seeds(&self, config: &Config, data_dir: Option<&Path>) -> Result<SeedsDir, RunDirError> {
        let seeds = SeedsDir::open(self.path())?;
        seeds.note_resume(config, data_dir)?;
        Ok(seeds)
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        if self.is_disposable {
            drop(fs::remove_file(self.folder.file(LOCK)));
            drop(fs::remove_dir(self.folder.path()));
        }
    }
}

/// Locks the lock file of a folder. Says whether the file system has no locks.
fn lock(path: &Path) -> Result<(File, Option<DiskLimit>), RunDirError> {
    let name = path.join(LOCK);
    let io = |reason| RunDirError::Io { path: name.clone(), reason };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&name).map_err(io)?;
    let limit = match limits::try_lock(&file) {
        Ok(limit) => limit,
        Err(TryLockError::WouldBlock) => return Err(RunDirError::Locked(path.to_owned())),
        Err(TryLockError::Error(reason)) => return Err(RunDirError::Write(failed("locking", &name)(reason))),
    };
    // The process that held the lock before may have removed its folder after the file was opened and before it
    // was locked. Then the locked file is no longer at this path, and its lock protects nothing.
    match is_at(&file, &name) {
        Ok(true) => Ok((file, limit)),
        Ok(false) => Err(RunDirError::Locked(path.to_owned())),
        Err(reason) => Err(io(reason)),
    }
}

/// Whether an open file is still the file at this path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let there = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        there => there?,
    };
    let open = file.metadata()?;
    Ok((open.dev(), open.ino()) == (there.dev(), there.ino()))
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}

/// Refuses a folder that holds anything but the files of a run that was ended before its configuration was
/// written.
fn check_vacant(path: &Path) -> Result<(), RunDirError> {
    let is_left_over = |name: &str, path: &Path| match name {
        LOCK | names::RUN | names::DATASET | names::INITIAL | names::SEEDS_CONFIG => true,
        names::CHECKPOINTS => fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none()),
        name => partial::is_partial(name, names::is_replaced),
    };
    for entry in fs::read_dir(path).map_err(io_error(path))? {
        let entry = entry.map_err(io_error(path))?;
        if !is_left_over(&entry.file_name().to_string_lossy(), &entry.path()) {
            let is_run = path.join(names::CONFIG).is_file() || SeedsDir::is_at(path);
            return Err(RunDirError::Exists { path: path.to_owned(), is_run });
        }
    }
    Ok(())
}

/// Removes what an interruption left behind. The folders of unfinished checkpoints are nobody's, because this
/// process holds the lock. A partial file may be that of a test, which does not take the lock.
fn sweep(path: &Path) -> io::Result<()> {
    partial::sweep(path, names::is_replaced)?;
    match checkpoint::sweep(&path.join(names::CHECKPOINTS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::run::store::partial::PartialFile;

    #[test]
    fn a_directory_has_one_process_at_a_time() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("run");
        let first = RunLock::new_run(&path).unwrap();
        assert!(matches!(RunLock::new_run(&path), Err(RunDirError::Locked(_))));
        let numbered = RunLock::numbered(dir.path(), "n").unwrap();
        let next = RunLock::numbered(dir.path(), "n").unwrap();
        assert_eq!((numbered.path(), next.path()), (&*dir.path().join("n-1"), &*dir.path().join("n-2")));
        drop(first);
        // A lock under which no run was begun removes the folder that it made.
        assert!(!path.exists());
    }

    #[test]
    fn a_resume_leaves_the_partial_file_of_a_running_test_alone() {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join(names::CONFIG), "").unwrap();
        let test = PartialFile::create(&dir.path().join(names::TEST)).unwrap();
        drop(RunLock::existing_run(dir.path()).unwrap());
        assert!(test.path.exists(), "the test lost its result");
        // A process that ends without giving the file its name lets go of the lock as well.
        let PartialFile { path, file } = test;
        drop(file);
        drop(RunLock::existing_run(dir.path()).unwrap());
        assert!(!path.exists());
    }

    #[test]
    fn without_locks_only_a_folder_that_was_made_here_is_certainly_own() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("run");
        let mut made = RunLock::new_run(&path).unwrap();
        assert!(made.is_certainly_own());
        made.limits.push(DiskLimit::NoLocks);
        assert!(made.is_certainly_own());
        drop(made);
        fs::create_dir(&path).unwrap();
        let mut found = RunLock::new_run(&path).unwrap();
        assert!(found.is_certainly_own());
        found.limits.push(DiskLimit::NoLocks);
        assert!(!found.is_certainly_own());
    }

    #[test]
    fn a_new_run_takes_nothing_but_leftovers() {
        let dir = TempDir::new().unwrap();
        let write = |name: &str| fs::write(dir.path().join(name), "x").unwrap();
        let partial = "config.toml.0123456789abcdef.partial";
        for name in [LOCK, names::RUN, names::INITIAL, partial, "config.toml.7.partial"] {
            write(name);
        }
        fs::create_dir(dir.path().join(names::CHECKPOINTS)).unwrap();
        let lock = RunLock::new_run(dir.path()).unwrap();
        assert!(!dir.path().join(partial).exists());
        drop(lock);
        assert!(dir.path().exists());
        write("film.partial");
        assert!(matches!(RunLock::new_run(dir.path()), Err(RunDirError::Exists { is_run: false, .. })));
        fs::remove_file(dir.path().join("film.partial")).unwrap();
        write(names::CONFIG);
        assert!(matches!(RunLock::new_run(dir.path()), Err(RunDirError::Exists { is_run: true, .. })));
        fs::remove_file(dir.path().join(names::CONFIG)).unwrap();
        fs::create_dir(dir.path().join(names::CHECKPOINTS).join("step-00000001")).unwrap();
        assert!(matches!(RunLock::new_run(dir.path()), Err(RunDirError::Exists { is_run: false, .. })));
    }
}
