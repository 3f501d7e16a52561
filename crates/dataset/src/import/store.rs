//! The files of a data set of one's own, which appear together or not at all.
//!
//! They are written into a partial folder beside the place where they belong, and the folder is renamed when all are on
//! the disk. While a process writes such a folder, it holds the lock on a file in it, so that a partial folder of a
//! process that has ended can be told and removed.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::catalog::{DataFile, Name, Role};
use crate::description::Description;
use crate::import::error::ImportError;
use crate::import::parts::Part;
use crate::split::Split;

const PARTIAL: &str = ".partial-import-";
const REPLACED: &str = ".replaced-";
const LOCK: &str = "lock";
/// A partial folder that cannot be locked is removed when it is so old.
const OLD: Duration = Duration::from_secs(3600);

/// Writes both parts and their description to the folder of this name in a data directory.
///
/// # Errors
/// If something cannot be written, or the folder is there and must not be replaced. Then nothing has changed.
pub(crate) fn store(
    name: Name,
    dir: &Path,
    description: &mut Description,
    parts: [&Part<'_>; 2],
    replace: bool,
) -> Result<PathBuf, ImportError> {
    let folder = name.folder(dir);
    fs::create_dir_all(dir).map_err(ImportError::io(dir))?;
    sweep(dir);
    if !replace && folder.symlink_metadata().is_ok() {
        return Err(ImportError::Exists { folder });
    }
    let partial = tempfile::Builder::new().prefix(PARTIAL).tempdir_in(dir).map_err(ImportError::io(dir))?;
    let place = partial.path();
    let lock = File::create_new(place.join(LOCK)).map_err(ImportError::io(place))?;
    // Without locks its age protects the folder.
    drop(lock.try_lock());
    description.files.clear();
    for (split, part) in [Split::Train, Split::Test].into_iter().zip(parts) {
        let size = [description.height, description.width];
        for role in [Role::Images, Role::Labels] {
            let file = write(place, split, role, part, size).map_err(ImportError::io(&folder))?;
            description.files.push(file);
        }
    }
    description.write(place).map_err(ImportError::io(&folder))?;
    readable(place).map_err(ImportError::io(&folder))?;
    fs::remove_file(place.join(LOCK)).map_err(ImportError::io(&folder))?;
    put(name, dir, place, replace)?;
    // Nothing is left of it under this name.
    drop(partial.keep());
    sync(dir);
    Ok(folder)
}

/// Renames the partial folder to its own name. What it replaces is set aside, and comes back if that fails.
fn put(name: Name, dir: &Path, partial: &Path, replace: bool) -> Result<(), ImportError> {
    let folder = name.folder(dir);
    let aside = dir.join(format!("{REPLACED}{name}"));
    let was_there = replace && folder.symlink_metadata().is_ok();
    if was_there {
        fs::rename(&folder, &aside).map_err(ImportError::io(&folder))?;
    }
    match fs::rename(partial, &folder) {
        Ok(()) => {
            if was_there {
                drop(fs::remove_dir_all(&aside));
            }
            Ok(())
        }
        Err(reason) => {
            if was_there {
                fs::rename(&aside, &folder).map_err(ImportError::io(&folder))?;
            }
            // Another process may have been faster.
            match folder.symlink_metadata() {
                Ok(_) => Err(ImportError::Exists { folder }),
                Err(_) => Err(ImportError::Io { path: folder, reason }),
            }
        }
    }
}

/// Lets others read the folder, which was made for this user alone.
fn readable(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    sync(folder);
    Ok(())
}

/// Brings a folder's entries to the disk, where the system can do that.
fn sync(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        drop(folder.sync_all());
    }
}

/// Writes an IDX file of a part. It is not kept in memory.
fn write(folder: &Path, split: Split, role: Role, part: &Part<'_>, size: [usize; 2]) -> io::Result<DataFile> {
    let (images, labels) = match split {
        Split::Test => ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
        Split::Train | Split::Validation => ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    };
    let name = if role == Role::Images { images } else { labels };
    let mut file = Summed {
        file: BufWriter::new(OpenOptions::new().write(true).create_new(true).open(folder.join(name))?),
        digest: Sha256::new(),
        bytes: 0,
    };
    let [height, width] = size;
    let header: &[usize] = match role {
        Role::Images => &[0x803, part.len(), height, width],
        Role::Labels => &[0x801, part.len()],
    };
    for number in header {
        file.write(&(*number as u32).to_be_bytes())?;
    }
    for i in &part.order {
        let i = *i as usize;
        match role {
            Role::Images => file.write(part.from.image(i, height * width))?,
            Role::Labels => file.write(&part.from.labels[i..=i])?,
        }
    }
    let Summed { file, digest, bytes } = file;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(DataFile {
        split,
        role,
        name: Cow::Borrowed(name),
        bytes,
        sha256: Cow::Owned(hex::encode(digest.finalize())),
        image_size: size.map(|side| side as u32),
        packed_bytes: 0,
    })
}

/// A file whose SHA-256 and length are known when it is written.
struct Summed {
    file: BufWriter<File>,
    digest: Sha256,
    bytes: u64,
}

impl Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }
}

/// Removes the partial folders of processes that have ended. A data set that a process set aside when it ended comes
/// back, unless another one has its place.
fn sweep(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.to_string_lossy();
        if let Some(data_set) = name.strip_prefix(REPLACED) {
            let folder = dir.join(data_set);
            if folder.symlink_metadata().is_ok() {
                drop(fs::remove_dir_all(path));
            } else {
                drop(fs::rename(path, folder));
            }
        } else if name.starts_with(PARTIAL) && is_abandoned(&path) {
            drop(fs::remove_dir_all(path));
        }
    }
}

fn is_abandoned(partial: &Path) -> bool {
    let lock = OpenOptions::new().read(true).write(true).open(partial.join(LOCK));
    match lock.map(|file| file.try_lock()) {
        Ok(Ok(())) => true,
        Ok(Err(TryLockError::WouldBlock)) => false,
        // The lock is made and removed in a moment; or the file system has no locks.
        Ok(Err(TryLockError::Error(_))) | Err(_) => {
            let changed = fs::metadata(partial).and_then(|data| data.modified());
            changed.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > OLD))
        }
    }
}
