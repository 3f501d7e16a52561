//! Checkpoints: a snapshot as one folder, which is there whole or not at all, and is used only if
//! every bit of it is as it was written.
//!
//! The folder of step 858 is `step-00000858`. It is filled under another name, synced, sealed by a
//! manifest, and then renamed. The best model is not kept twice: the newest checkpoint says which
//! step was best, so the two cannot contradict each other.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use network::{NamedTensors, TensorsError};
use thiserror::Error;

use crate::run::store::durable;
use crate::run::store::manifest::{self, Entry};
use crate::train::state::{Snapshot, TrainingState};

/// The model's file in a checkpoint's folder.
pub const WEIGHTS: &str = "weights.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const STATE: &str = "state.toml";
const MANIFEST: &str = "MANIFEST";
const FILES: [&str; 3] = [WEIGHTS, OPTIMIZER, STATE];

const STEP: &str = "step-";
/// A folder that is being filled.
const STAGING: &str = "staging-";
/// A folder that is being removed, file by file.
const REMOVED: &str = "removed-";
/// A folder that was damaged, and set aside.
const BROKEN: &str = "broken-";
/// Largest file of a checkpoint, in bytes: a thousand times what the lecture's network needs.
const LARGEST: u64 = 1 << 30;
/// Number of newest checkpoints that are kept, each with the best checkpoint that it names.
const KEPT: usize = 2;

/// Why a checkpoint is not usable. Each text is complete: it has no source to be printed after it.
#[derive(Debug, Error)]
pub enum CheckpointError {
    #[error("{}: {reason}", path.display())]
    Io { path: PathBuf, reason: io::Error },
    #[error("{}: {problem}; this checkpoint is damaged and cannot be used", path.display())]
    Damaged { path: PathBuf, problem: String },
    #[error("{}: {reason}", path.display())]
    Weights { path: PathBuf, reason: TensorsError },
    #[error("{}: none of its {count} checkpoints can be used; bring one back from a copy, or train anew. The newest: {newest}", dir.display())]
    NoneGood { dir: PathBuf, count: usize, newest: Box<CheckpointError> },
}

/// Writes a snapshot below `dir`, and removes checkpoints that are no longer kept.
///
/// # Errors
/// If something cannot be written; then what was there before is still there.
pub fn save(dir: &Path, snapshot: &Snapshot) -> io::Result<PathBuf> {
    let weights = snapshot.weights.to_bytes().map_err(io::Error::other)?;
    let optimizer = snapshot.optimizer.to_bytes().map_err(io::Error::other)?;
    let state = toml::to_string(&snapshot.state).map_err(io::Error::other)?;
    let name = name(snapshot.state.step);
    let (staging, target) = (dir.join(format!("{STAGING}{name}")), dir.join(&name));
    let filled = fill(&staging, [&weights, &optimizer, state.as_bytes()]);
    if let Err(error) = filled.and_then(|()| put_in_place(&staging, &target)) {
        // A full disk is the likely reason, so the space is freed at once. If that fails, the next start frees it.
        drop(fs::remove_dir_all(&staging));
        return Err(error);
    }
    prune(dir)?;
    Ok(target)
}

fn fill(staging: &Path, contents: [&[u8]; 3]) -> io::Result<()> {
    durable::remove_folder(staging)?;
    fs::create_dir_all(staging)?;
    for (name, content) in FILES.into_iter().zip(contents) {
        if content.len() as u64 > LARGEST {
            // A larger file would be refused by `load`.
            return Err(io::Error::other(format!("{name}: {}", too_large(content.len() as u64))));
        }
        durable::write(&staging.join(name), content)?;
    }
    let entries: Vec<Entry> =
        FILES.into_iter().zip(contents).map(|(name, content)| Entry::new(name, content)).collect();
    durable::write(&staging.join(MANIFEST), manifest::print(&entries).as_bytes())?;
    durable::sync_folder(staging)
}

fn too_large(length: u64) -> String {
    format!("found {length} bytes, expected {LARGEST} at most")
}

fn put_in_place(staging: &Path, target: &Path) -> io::Result<()> {
    // A checkpoint of the same step is there only if it could not be read when the run was resumed.
    if target.exists() {
        remove(target)?;
    }
    durable::rename(staging, target)
}

/// Renames the folder before its files go, so that a half-removed folder never has a checkpoint's name.
fn remove(checkpoint: &Path) -> io::Result<()> {
    let removed = beside(checkpoint, REMOVED);
    durable::rename(checkpoint, &removed)?;
    durable::remove_folder(&removed)
}

fn beside(checkpoint: &Path, prefix: &str) -> PathBuf {
    let name = checkpoint.file_name().unwrap_or_default().to_string_lossy();
    checkpoint.with_file_name(format!("{prefix}{name}"))
}

/// Removes checkpoints that are no longer kept, also those that an interrupted [`save`] did not come to.
///
/// # Errors
/// If the folder cannot be read or something cannot be removed.
pub fn prune(dir: &Path) -> io::Result<()> {
    let checkpoints = list(dir)?;
    let (old, kept) = checkpoints.split_at(checkpoints.len().saturating_sub(KEPT));
    if old.is_empty() {
        return Ok(());
    }
    let best: Vec<PathBuf> = kept.iter().filter_map(|checkpoint| best_of(checkpoint)).collect();
    old.iter().filter(|checkpoint| !best.contains(checkpoint)).try_for_each(|checkpoint| remove(checkpoint))
}

/// The folder of the best model so far as this checkpoint names it. The checkpoint may be damaged.
fn best_of(checkpoint: &Path) -> Option<PathBuf> {
    let state: TrainingState = toml::from_str(&fs::read_to_string(checkpoint.join(STATE)).ok()?).ok()?;
    Some(checkpoint.with_file_name(name(state.best?.step)))
}

/// The name of the folder of a step's checkpoint.
fn name(step: usize) -> String {
    format!("{STEP}{step:08}")
}

/// The step of a folder, if it has the name of a checkpoint.
fn step_of(folder: &str) -> Option<usize> {
    let step = folder.strip_prefix(STEP)?.parse().ok()?;
    (name(step) == folder).then_some(step)
}

/// Removes what an interrupted [`save`] left over; only the holder of the run directory's lock may.
///
/// # Errors
/// If the folder cannot be read or something cannot be removed.
pub fn sweep(dir: &Path) -> io::Result<()> {
    for (name, path) in entries(dir)? {
        if name.starts_with(STAGING) || name.starts_with(REMOVED) {
            durable::remove_folder(&path)?;
        }
    }
    Ok(())
}

/// The checkpoints below `dir`, oldest first.
///
/// # Errors
/// If the folder cannot be read.
pub fn list(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = entries(dir)?;
    // They are sorted by number, because in the order of text a step of nine digits comes before one of eight.
    let mut steps: Vec<(usize, PathBuf)> =
        entries.into_iter().filter_map(|(name, path)| Some((step_of(&name)?, path))).collect();
    steps.sort();
    Ok(steps.into_iter().map(|(_, path)| path).collect())
}

fn entries(dir: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let named = |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), entry.path());
    fs::read_dir(dir)?.map(|entry| entry.map(named)).collect()
}

/// A checkpoint that cannot be used.
#[derive(Debug)]
pub struct DamagedCheckpoint {
    pub path: PathBuf,
    pub error: CheckpointError,
}

/// The newest checkpoint that is whole, and the newer ones that are not.
#[derive(Debug)]
pub struct Newest {
    pub snapshot: Snapshot,
    pub path: PathBuf,
    /// Newest first.
    pub damaged: Vec<DamagedCheckpoint>,
}

/// Finds the newest good checkpoint below `dir`; `None` if there is no checkpoint at all.
///
/// # Errors
/// If there are checkpoints and none is good, or the folder cannot be read.
pub fn newest(dir: &Path) -> Result<Option<Newest>, CheckpointError> {
    let checkpoints = list(dir).map_err(|reason| CheckpointError::Io { path: dir.to_owned(), reason })?;
    let count = checkpoints.len();
    let mut damaged = Vec::new();
    for path in checkpoints.into_iter().rev() {
        match load(&path) {
            Ok(snapshot) => return Ok(Some(Newest { snapshot, path, damaged })),
            Err(error) => damaged.push(DamagedCheckpoint { path, error }),
        }
    }
    let Some(DamagedCheckpoint { error, .. }) = damaged.into_iter().next() else { return Ok(None) };
    Err(CheckpointError::NoneGood { dir: dir.to_owned(), count, newest: Box::new(error) })
}

impl CheckpointError {
    /// Whether the file could not be read, which says nothing about the checkpoint itself.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Io { reason, .. } if reason.kind() != io::ErrorKind::NotFound)
    }

    /// Whether a file was no longer there: a process that trains may have removed the checkpoint meanwhile.
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Io { reason, .. } => reason.kind() == io::ErrorKind::NotFound,
            Self::NoneGood { newest, .. } => newest.is_gone(),
            Self::Damaged { .. } | Self::Weights { .. } => false,
        }
    }
}

/// Renames a damaged checkpoint so that it is no longer one, keeps it for a person to look at, and returns its new path.
///
/// # Errors
/// If it cannot be renamed.
pub fn set_aside(checkpoint: &Path) -> io::Result<PathBuf> {
    let mut target = beside(checkpoint, BROKEN);
    let mut number = 2;
    while target.exists() {
        target = beside(checkpoint, &format!("{BROKEN}{number}-"));
        number += 1;
    }
    durable::rename(checkpoint, &target)?;
    Ok(target)
}

/// The checkpoint of the best model so far, as the newest good checkpoint tells.
#[derive(Debug)]
pub(crate) struct Best {
    pub(crate) snapshot: Snapshot,
    pub(crate) path: PathBuf,
    /// Newer checkpoints that are damaged, newest first.
    pub(crate) damaged: Vec<DamagedCheckpoint>,
}

/// Finds the best model so far; `None` before the end of the first epoch.
///
/// # Errors
/// As [`newest`], and if the best checkpoint itself is damaged.
pub(crate) fn best(dir: &Path) -> Result<Option<Best>, CheckpointError> {
    let Some(Newest { snapshot, path, damaged }) = newest(dir)? else { return Ok(None) };
    let Some(best) = snapshot.state.best else { return Ok(None) };
    if best.step == snapshot.state.step {
        return Ok(Some(Best { snapshot, path, damaged }));
    }
    let path = dir.join(name(best.step));
    Ok(Some(Best { snapshot: load(&path)?, path, damaged }))
}

/// Whether there may be a best model. This looks quickly and verifies nothing.
pub fn may_have_best(dir: &Path) -> bool {
    list(dir).is_ok_and(|all| all.iter().any(|checkpoint| best_of(checkpoint).is_some()))
}

/// A checkpoint, if every bit of it is as it was written.
///
/// # Errors
/// If a file is missing, differs from the manifest, or is not what it should be.
pub fn load(checkpoint: &Path) -> Result<Snapshot, CheckpointError> {
    let path = checkpoint.join(MANIFEST);
    let damaged = |problem: String| CheckpointError::Damaged { path: path.clone(), problem };
    let entries = manifest::parse(&read(&path, Expected::AtMost(manifest::LONGEST))?)
        .map_err(|error| damaged(error.to_string()))?;
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    if names != FILES {
        return Err(damaged(format!("found the files {}, expected {}", names.join(", "), FILES.join(", "))));
    }
    let (path, bytes) = verified(checkpoint, &entries[0])?;
    let weights = named_tensors(path, &bytes)?;
    let (path, bytes) = verified(checkpoint, &entries[1])?;
    let optimizer = named_tensors(path, &bytes)?;
    let (path, bytes) = verified(checkpoint, &entries[2])?;
    let state = toml::from_slice(&bytes)
        .map_err(|error| CheckpointError::Damaged { path, problem: error.message().to_owned() })?;
    Ok(Snapshot { state, weights, optimizer })
}

fn named_tensors(path: PathBuf, bytes: &[u8]) -> Result<NamedTensors, CheckpointError> {
    NamedTensors::from_bytes(bytes).map_err(|reason| CheckpointError::Weights { path, reason })
}

fn verified(checkpoint: &Path, expected: &Entry) -> Result<(PathBuf, Vec<u8>), CheckpointError> {
    let path = checkpoint.join(&expected.name);
    let bytes = read(&path, Expected::Exactly(expected.length))?;
    let found = Entry::new(&expected.name, &bytes);
    if found == *expected {
        return Ok((path, bytes));
    }
    let problem = format!("found SHA-256 {}, expected {}", found.sha256, expected.sha256);
    Err(CheckpointError::Damaged { path, problem })
}

/// How long a file may be; nothing longer is read into memory.
#[derive(Clone, Copy)]
enum Expected {
    Exactly(u64),
    AtMost(u64),
}

fn read(path: &Path, expected: Expected) -> Result<Vec<u8>, CheckpointError> {
    let io = |reason: io::Error| CheckpointError::Io { path: path.to_owned(), reason };
    let metadata = fs::metadata(path).map_err(io)?;
    let found = metadata.len();
    let problem = match expected {
        _ if !metadata.is_file() => "found something else, expected a file".to_owned(),
        Expected::Exactly(length) if found != length => format!("found {found} bytes, expected {length}"),
        Expected::Exactly(length) if length > LARGEST => too_large(length),
        Expected::AtMost(length) if found > length => {
            format!("found {found} bytes, expected {length} at most")
        }
        Expected::Exactly(length) | Expected::AtMost(length) => {
            let mut bytes = Vec::new();
            // A file that grows meanwhile is cut off, and refused for its SHA-256.
            File::open(path).and_then(|file| file.take(length).read_to_end(&mut bytes)).map_err(io)?;
            return Ok(bytes);
        }
    };
    Err(CheckpointError::Damaged { path: path.to_owned(), problem })
}

#[cfg(test)]
#[path = "checkpoint_tests.rs"]
mod tests;
