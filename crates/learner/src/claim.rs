//! One process at a directory of a run, or of several: a lock of the operating system, held for as long as it trains.
//!
//! The lock goes with the process, however it ends, so there is nothing stale to clean up after a
//! crash. A new run never takes a directory in which there is anything but what a run that ended
//! before it had a configuration left over.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use run_files::{RunInfo, SeedsInfo};

use crate::checkpoint;
use crate::config::Config;
use crate::durable;
use crate::run_dir::{
    CHECKPOINTS, CONFIG, INFO, PAGE, PREDICTIONS, RunDir, RunDirError, TEST, VALIDATION, at,
};
use crate::seeds::{SEEDS, SEEDS_CONFIG, SeedsDir};

const LOCK: &str = "lock";

/// A run directory that no other process trains in, until this is dropped.
#[derive(Debug)]
pub struct Claim {
    run: RunDir,
    _lock: File,
    /// Made for this run, and nothing in it yet: it goes when the run does not come about.
    is_disposable: bool,
}

impl Claim {
    /// Claims a directory for a new run.
    ///
    /// # Errors
    /// If there is something in it, if another process holds it, or it cannot be made.
    pub fn new_run(path: &Path) -> Result<Self, RunDirError> {
        match Self::make(path) {
            // Another process, whose run did not come about, has just taken its directory away.
            Err(RunDirError::Io { reason, .. }) if reason.kind() == io::ErrorKind::NotFound => {
                Self::make(path)
            }
            claim => claim,
        }
    }

    fn make(path: &Path) -> Result<Self, RunDirError> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(at(parent))?;
        let is_disposable = match fs::create_dir(path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(at(path)(error)),
        };
        // A lock is not put into somebody's folder; but where there is one, it says more than the rest.
        if !path.join(LOCK).is_file() {
            check_vacant(path)?;
        }
        let claim = Self { run: RunDir { path: path.to_owned() }, _lock: lock(path)?, is_disposable };
        check_vacant(path)?;
        sweep(path).map_err(RunDirError::Write)?;
        durable::sync_folder(parent).map_err(RunDirError::Write)?;
        Ok(claim)
    }

    /// Claims the first of `stem-1`, `stem-2`, ... below `runs` that nobody has.
    ///
    /// # Errors
    /// If no directory can be made there.
    pub fn numbered(runs: &Path, stem: &str) -> Result<Self, RunDirError> {
        let mut number = 1;
        loop {
            match Self::new_run(&runs.join(format!("{stem}-{number}"))) {
                Err(RunDirError::Exists { .. } | RunDirError::Locked(_)) => number += 1,
                claim => return claim,
            }
        }
    }

    /// Claims a run that is there, to go on with it, and removes what an interruption left over.
    ///
    /// # Errors
    /// If there is no run, or another process holds it.
    pub fn existing(path: &Path) -> Result<Self, RunDirError> {
        let run = RunDir::open(path)?;
        let lock = lock(path)?;
        sweep(path).map_err(RunDirError::Write)?;
        Ok(Self { run, _lock: lock, is_disposable: false })
    }

    /// Claims a folder of several runs that is there, to go on with it; each run has a lock of its own.
    ///
    /// # Errors
    /// If there is no such folder, or another process holds it.
    pub fn existing_seeds(path: &Path) -> Result<Self, RunDirError> {
        SeedsDir::open(path)?;
        let lock = lock(path)?;
        sweep(path).map_err(RunDirError::Write)?;
        Ok(Self { run: RunDir { path: path.to_owned() }, _lock: lock, is_disposable: false })
    }

    /// The run in the directory, or yet to come there.
    pub fn run(&self) -> &RunDir {
        &self.run
    }

    /// Writes what a new run begins with: its circumstances and its configuration.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn begin(&mut self, config: &Config, info: &RunInfo) -> Result<(), RunDirError> {
        self.is_disposable = false;
        let checkpoints = self.run.checkpoints();
        fs::create_dir_all(&checkpoints).map_err(at(&checkpoints))?;
        self.run.write_info(info)?;
        // Last: a directory with a configuration is a run.
        self.run.write_config(config)
    }

    /// Makes of the directory a folder of several runs, which are then claimed one by one.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn begin_seeds(&mut self, config: &Config, info: SeedsInfo) -> Result<SeedsDir, RunDirError> {
        self.is_disposable = false;
        SeedsDir::create(&self.run.path, config, info)
    }

    /// Notes in a folder of several runs that it goes on, perhaps with a changed configuration.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn go_on_seeds(&self, config: &Config) -> Result<(), RunDirError> {
        let seeds = SeedsDir::open(&self.run.path)?;
        if seeds.config()? == *config { Ok(()) } else { seeds.write_config(config) }
    }

    /// Notes in a run that is there that it goes on, perhaps with a changed configuration.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn go_on(&self, config: &Config, info: &RunInfo) -> Result<(), RunDirError> {
        let checkpoints = self.run.checkpoints();
        fs::create_dir_all(&checkpoints).map_err(at(&checkpoints))?;
        if self.run.config()? != *config {
            self.run.write_config(config)?;
        }
        self.run.write_info(info)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.is_disposable {
            drop(fs::remove_file(self.run.path.join(LOCK)));
            drop(fs::remove_dir(&self.run.path));
        }
    }
}

fn lock(path: &Path) -> Result<File, RunDirError> {
    let name = path.join(LOCK);
    let io = |reason| RunDirError::Io { path: name.clone(), reason };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&name).map_err(io)?;
    match file.try_lock() {
        // The one before may have removed its directory between the two lines above.
        Ok(()) if is_at(&file, &name) => Ok(file),
        Ok(()) | Err(TryLockError::WouldBlock) => Err(RunDirError::Locked(path.to_owned())),
        Err(TryLockError::Error(reason)) => Err(io(reason)),
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// Whether there is nothing but what a process leaves that ends before its run has a configuration.
fn check_vacant(path: &Path) -> Result<(), RunDirError> {
    let is_left_over = |name: &str, path: &Path| match name {
        LOCK | INFO | SEEDS_CONFIG => true,
        CHECKPOINTS => fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none()),
        name => is_left_over_file(name),
    };
    for entry in fs::read_dir(path).map_err(at(path))? {
        let entry = entry.map_err(at(path))?;
        if !is_left_over(&entry.file_name().to_string_lossy(), &entry.path()) {
            let is_run = path.join(CONFIG).is_file() || SeedsDir::is_at(path);
            return Err(RunDirError::Exists { path: path.to_owned(), is_run });
        }
    }
    Ok(())
}

fn is_left_over_file(name: &str) -> bool {
    let written = [CONFIG, INFO, TEST, VALIDATION, PREDICTIONS, PAGE, SEEDS, SEEDS_CONFIG];
    written.into_iter().any(|of| durable::is_partial(name, of))
}

/// Removes half-written files, which are nobody's while this process holds the lock.
fn sweep(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if is_left_over_file(&entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path())?;
        }
    }
    match checkpoint::sweep(&path.join(CHECKPOINTS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_directory_has_one_process_at_a_time() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("run");
        let first = Claim::new_run(&path).unwrap();
        assert!(matches!(Claim::new_run(&path), Err(RunDirError::Locked(_))));
        let numbered = Claim::numbered(dir.path(), "n").unwrap();
        let next = Claim::numbered(dir.path(), "n").unwrap();
        assert_eq!(
            (numbered.run().path(), next.run().path()),
            (&*dir.path().join("n-1"), &*dir.path().join("n-2"))
        );
        drop(first);
        // A run that did not come about leaves nothing.
        assert!(!path.exists());
    }

    #[test]
    fn a_new_run_takes_nothing_but_leftovers() {
        let dir = TempDir::new().unwrap();
        let write = |name: &str| fs::write(dir.path().join(name), "x").unwrap();
        for name in [LOCK, INFO, "config.toml.7.partial"] {
            write(name);
        }
        fs::create_dir(dir.path().join(CHECKPOINTS)).unwrap();
        let claim = Claim::new_run(dir.path()).unwrap();
        assert!(!dir.path().join("config.toml.7.partial").exists());
        drop(claim);
        assert!(dir.path().exists());
        write("film.partial");
        assert!(matches!(Claim::new_run(dir.path()), Err(RunDirError::Exists { is_run: false, .. })));
        fs::remove_file(dir.path().join("film.partial")).unwrap();
        write(CONFIG);
        assert!(matches!(Claim::new_run(dir.path()), Err(RunDirError::Exists { is_run: true, .. })));
        fs::remove_file(dir.path().join(CONFIG)).unwrap();
        fs::create_dir(dir.path().join(CHECKPOINTS).join("step-00000001")).unwrap();
        assert!(matches!(Claim::new_run(dir.path()), Err(RunDirError::Exists { is_run: false, .. })));
    }
}
