//! The reasons why a checkpoint cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use network::TensorsError;
use thiserror::Error;

/// Why a checkpoint cannot be used. Each text includes its cause, so no variant has a source.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// A file is missing, or the folder of the checkpoints cannot be listed.
    #[error("{}: {reason}", path.display())]
    Io { path: PathBuf, reason: io::Error },
    /// A file is there but the machine does not let it be read: permissions, a failing disk. The checkpoint
    /// may still be good.
    #[error(
        "{}: {reason}; this checkpoint may still be good, so no older one is used in its place: make the file \
         readable, or move the checkpoint's folder away to do without it",
        path.display()
    )]
    Unreadable { path: PathBuf, reason: io::Error },
    #[error("{}: {problem}; this checkpoint is damaged and cannot be used", path.display())]
    Damaged { path: PathBuf, problem: String },
    /// The checksums are right, but this version of the program does not know what the file holds.
    #[error(
        "{}: {problem}; the checksums are right, so another version of the program wrote this checkpoint",
        path.display()
    )]
    OtherVersion { path: PathBuf, problem: String },
    /// The run's events end before the checkpoint. Resuming from it would leave a gap in them.
    #[error("{}: metrics.jsonl lacks {missing}, which the run had written before this checkpoint", path.display())]
    Ahead { path: PathBuf, missing: String },
    #[error("{}: {reason}", path.display())]
    Tensors { path: PathBuf, reason: TensorsError },
    #[error(
        "{}: none of its {count} checkpoints can be used; bring one back from a copy, or train a new run. \
         The error of the newest one: {newest}",
        dir.display()
    )]
    NoneGood { dir: PathBuf, count: usize, newest: Box<CheckpointError> },
}

impl CheckpointError {
    /// Turns the error of an operation on a checkpoint's file into one that says what it means.
    pub(super) fn of_file(path: &Path, reason: io::Error) -> Self {
        let path = path.to_owned();
        match reason.kind() {
            io::ErrorKind::NotFound => Self::Io { path, reason },
            io::ErrorKind::NotADirectory => {
                Self::Damaged { path, problem: "found no folder around this file".to_owned() }
            }
            _ => Self::Unreadable { path, reason },
        }
    }

    /// Whether a file could not be read. The checkpoint itself may then still be good.
    pub fn is_unreadable(&self) -> bool {
        match self {
            Self::Unreadable { .. } => true,
            Self::Io { reason, .. } => reason.kind() != io::ErrorKind::NotFound,
            _ => false,
        }
    }

    /// Whether a file was missing. Another process that trains here may have removed the checkpoint.
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Io { reason, .. } => reason.kind() == io::ErrorKind::NotFound,
            Self::NoneGood { newest, .. } => newest.is_gone(),
            _ => false,
        }
    }

    /// Whether this checkpoint can never be used again as it is, so that an older one may take its place.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Damaged { .. }) || self.is_gone()
    }
}

/// A checkpoint that cannot be used.
#[derive(Debug)]
pub struct DamagedCheckpoint {
    pub path: PathBuf,
    pub error: CheckpointError,
}
