//! Warns of what the file system of a run cannot do. Each limit is named once in a process.

use std::path::Path;

use learner::run::{DiskLimit, RunLock};

use crate::exit::note;
use crate::paths::short;

/// Warns of the limits of the folder in which this process trains.
pub(crate) fn warn_of_training(lock: &RunLock) {
    let folder = named(lock.path());
    for limit in lock.limits() {
        note(&match limit {
            DiskLimit::NoLocks => format!(
                "warning: {folder} is on a file system without locks; see to it that only one process at a time trains there"
            ),
            DiskLimit::NoFolderSync => format!(
                "note: {folder} is on a file system that cannot sync a folder; a power cut there may take back the newest checkpoint"
            ),
        });
    }
}

/// Warns that a test was counted without a lock.
pub(crate) fn warn_of_test(run: &Path, limit: Option<DiskLimit>) {
    if limit == Some(DiskLimit::NoLocks) {
        note(&format!(
            "warning: {} is on a file system without locks; of two tests that end there at the same time, one may not be counted",
            named(run)
        ));
    }
}

fn named(folder: &Path) -> String {
    match short(folder) {
        here if here == "." => "the current folder".to_owned(),
        folder => folder,
    }
}
