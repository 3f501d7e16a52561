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

    /// The folder for something that its holder begins there now, and that stays when the lock is gone.
    pub(crate) fn begin(&mut self) -> &Folder {
        self.is_disposable = false;
        &self.folder
    }

    /// Whether a process has locked the folder at this moment. On a file system without locks nothing is known to be
    /// locked.
    pub fn is_held(path: &Path) -> bool {
        let Ok(file) = File::open(path.join(LOCK)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
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
        names::SWEEP_SPACE | names::SWEEP_CONFIG => true,
        names::CHECKPOINTS => fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none()),
        name => partial::is_partial(name, names::is_replaced),
    };
    for entry in fs::read_dir(path).map_err(io_error(path))? {
        let entry = entry.map_err(io_error(path))?;
        if !is_left_over(&entry.file_name().to_string_lossy(), &entry.path()) {
            let is_run =
                [names::CONFIG, names::SEEDS, names::SWEEP].iter().any(|name| path.join(name).is_file());
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
#[path = "lock_tests.rs"]
mod tests;
