//! What some file systems cannot do: lock a file, or sync a folder. A run is kept there all the same.
//!
//! Network file systems without a lock service, some disks of clusters and some cloud storages have no locks.
//! SMB shares, the shared folders of virtual machines and many FUSE file systems cannot sync a folder. Both are
//! told apart from a failing disk by the error number, so that a failing disk stays an error.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Something that the file system of a folder cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskLimit {
    /// Files cannot be locked, so other processes cannot be kept out.
    NoLocks,
    /// Folders cannot be synced, so a power cut may take back the newest names of files.
    NoFolderSync,
}

/// The number of ENOLCK, and on Apple's systems that of ENOTSUP, for which the standard library has no kind.
/// BSD and Apple's systems have one numbering, the others another.
const NO_LOCKS: &[i32] = if cfg!(target_vendor = "apple") {
    &[77, 45]
} else if cfg!(any(
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly"
)) {
    &[77]
} else if cfg!(any(target_os = "linux", target_os = "android")) {
    &[37]
} else {
    &[]
};

/// The number of EBADF on every Unix. A folder that was opened a moment ago has a good descriptor, so this says
/// that a folder cannot be synced through a descriptor that only reads.
const BAD_DESCRIPTOR: i32 = 9;

/// Whether locking failed because the file system has no locks: ENOLCK, ENOSYS, EOPNOTSUPP or ENOTSUP.
pub(crate) fn is_without_locks(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported
        || error.raw_os_error().is_some_and(|code| NO_LOCKS.contains(&code))
}

/// Whether the sync of a folder failed because the file system cannot do it: EINVAL, ENOSYS, EOPNOTSUPP,
/// ENOTSUP or EBADF.
fn is_without_folder_sync(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported)
        || error.raw_os_error().is_some_and(|code| {
            (cfg!(unix) && code == BAD_DESCRIPTOR) || (cfg!(target_vendor = "apple") && code == 45)
        })
}

/// Locks a file unless another process has locked it. Says whether the file system has no locks.
///
/// # Errors
/// If another process holds the lock, or locking fails for another reason than a lack of locks.
pub(crate) fn try_lock(file: &File) -> Result<Option<DiskLimit>, TryLockError> {
    match file.try_lock() {
        Err(TryLockError::Error(error)) if is_without_locks(&error) => Ok(Some(DiskLimit::NoLocks)),
        other => other.map(|()| None),
    }
}

/// Waits for the lock of a file. Says whether the file system has no locks.
///
/// # Errors
/// If locking fails for another reason than a lack of locks.
pub(crate) fn lock(file: &File) -> io::Result<Option<DiskLimit>> {
    match file.lock() {
        Err(error) if is_without_locks(&error) => Ok(Some(DiskLimit::NoLocks)),
        other => other.map(|()| None),
    }
}

/// Waits until the entries of a folder are on the disk. Says whether the file system cannot do that.
///
/// # Errors
/// If the folder cannot be opened, or the sync fails for another reason than that it cannot be done.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<Option<DiskLimit>> {
    // Other systems cannot open a folder as a file, and do not need a sync of its entries.
    if !cfg!(unix) {
        return Ok(None);
    }
    let opened = match File::open(folder) {
        // Files may be written into a folder that may not be read, and such a folder cannot be opened.
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::IsADirectory) => {
            return Ok(Some(DiskLimit::NoFolderSync));
        }
        opened => opened?,
    };
    match opened.sync_all() {
        Err(error) if is_without_folder_sync(&error) => Ok(Some(DiskLimit::NoFolderSync)),
        other => other.map(|()| None),
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    const EIO: i32 = 5;
    const EBADF: i32 = 9;
    const EAGAIN: i32 = 11;
    const EACCES: i32 = 13;
    const EINVAL: i32 = 22;
    const ENOSPC: i32 = 28;
    const ENOLCK: i32 = 37;
    const ENOSYS: i32 = 38;
    const EOPNOTSUPP: i32 = 95;
    const ESTALE: i32 = 116;
    const EDQUOT: i32 = 122;
    const ALL: [i32; 11] =
        [EIO, EBADF, EAGAIN, EACCES, EINVAL, ENOSPC, ENOLCK, ENOSYS, EOPNOTSUPP, ESTALE, EDQUOT];

    fn those(of: fn(&io::Error) -> bool) -> Vec<i32> {
        ALL.into_iter().filter(|code| of(&io::Error::from_raw_os_error(*code))).collect()
    }

    #[test]
    fn a_lack_of_locks_is_told_from_a_lock_that_is_held_and_from_a_failing_disk() {
        assert_eq!(those(is_without_locks), [ENOLCK, ENOSYS, EOPNOTSUPP]);
        assert!(is_without_locks(&ErrorKind::Unsupported.into()));
    }

    #[test]
    fn a_folder_that_cannot_be_synced_is_told_from_a_failing_disk() {
        assert_eq!(those(is_without_folder_sync), [EBADF, EINVAL, ENOSYS, EOPNOTSUPP]);
    }
}
