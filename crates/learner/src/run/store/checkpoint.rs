//! Checkpoints: folders that each hold one snapshot. A checkpoint is written whole or not at all, and it is
//! read only if every bit of it is as it was written.
//!
//! The folder of step 858 is `step-00000858`. It is filled under another name, completed by a manifest,
//! synced to the disk, and then renamed. The best model has no copy of its own. The newest checkpoint names
//! the step of the best one instead, so that a copy can never contradict it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use network::{NamedTensors, TensorsError};
use thiserror::Error;

use crate::run::store::durable;
use crate::run::store::manifest::{self, Entry};
use crate::train::state::{Snapshot, TrainingState};

/// The name of the weights' file in a checkpoint's folder.
pub const WEIGHTS: &str = "weights.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const STATE: &str = "state.toml";
const MANIFEST: &str = "MANIFEST";
const FILES: [&str; 3] = [WEIGHTS, OPTIMIZER, STATE];

/// Prefix of the name of a checkpoint.
const STEP: &str = "step-";
/// Prefix of the name of a folder that is being filled.
const STAGING: &str = "staging-";
/// Prefix of the name of a checkpoint whose files are being removed.
const REMOVED: &str = "removed-";
/// Prefix of the name of a damaged checkpoint that was set aside.
const BROKEN: &str = "broken-";
/// Largest size of a file of a checkpoint, in bytes: a thousand times what the lecture's network needs.
const LARGEST: u64 = 1 << 30;
/// Number of newest checkpoints that are kept. The best checkpoint that each of them names is kept as well.
const KEPT: usize = 2;

/// Why a checkpoint cannot be used. Each text includes its cause, so no variant has a source.
#[derive(Debug, Error)]
pub enum CheckpointError {
    #[error("{}: {reason}", path.display())]
    Io { path: PathBuf, reason: io::Error },
    #[error("{}: {problem}; this checkpoint is damaged and cannot be used", path.display())]
    Damaged { path: PathBuf, problem: String },
    #[error("{}: {reason}", path.display())]
    Tensors { path: PathBuf, reason: TensorsError },
    #[error(
        "{}: none of its {count} checkpoints can be used; bring one back from a copy, or train a new run. \
         The error of the newest one: {newest}",
        dir.display()
    )]
    NoneGood { dir: PathBuf, count: usize, newest: Box<CheckpointError> },
}

/// Writes a snapshot as a checkpoint below `dir`, removes the checkpoints that are no longer kept, and
/// returns the path of the new one.
///
/// # Errors
/// If a file cannot be written or removed. The newest earlier checkpoint is then still there.
pub fn save(dir: &Path, snapshot: &Snapshot) -> io::Result<PathBuf> {
    let weights = snapshot.weights.to_bytes().map_err(io::Error::other)?;
    let optimizer = snapshot.optimizer.to_bytes().map_err(io::Error::other)?;
    let state = toml::to_string(&snapshot.state).map_err(io::Error::other)?;
    let name = name(snapshot.state.step);
    let (staging, target) = (dir.join(format!("{STAGING}{name}")), dir.join(&name));
    let filled = fill(&staging, [&weights, &optimizer, state.as_bytes()]);
    if let Err(error) = filled.and_then(|()| put_in_place(&staging, &target)) {
        // A full disk is the likely reason, so the space is freed at once. If this fails as well, `sweep`
        // frees the space when the run is resumed.
        drop(fs::remove_dir_all(&staging));
        return Err(error);
    }
    prune(dir)?;
    Ok(target)
}

/// Writes the files of a checkpoint and its manifest into the folder `staging`.
fn fill(staging: &Path, contents: [&[u8]; 3]) -> io::Result<()> {
    durable::remove_folder(staging)?;
    durable::create_folder(staging)?;
    for (name, content) in FILES.into_iter().zip(contents) {
        if content.len() as u64 > LARGEST {
            // `load` would refuse a larger file, so it must not be written.
            return Err(io::Error::other(format!("{name}: {}", too_large(content.len() as u64))));
        }
        durable::write(&staging.join(name), content)?;
    }
    let entries: Vec<Entry> =
        FILES.into_iter().zip(contents).map(|(name, content)| Entry::new(name, content)).collect();
    durable::write(&staging.join(MANIFEST), manifest::print(&entries).as_bytes())?;
    durable::sync_folder(staging).map(drop)
}

fn too_large(length: u64) -> String {
    format!("found {length} bytes, expected {LARGEST} at most")
}

fn put_in_place(staging: &Path, target: &Path) -> io::Result<()> {
    // There is a checkpoint of the same step only if its files could not be read when the run was resumed.
    if target.exists() {
        remove(target)?;
    }
    durable::rename(staging, target)
}

/// Removes a checkpoint. The folder is renamed before its files are removed, so that a folder that lacks some
/// files never has the name of a checkpoint.
fn remove(checkpoint: &Path) -> io::Result<()> {
    let removed = beside(checkpoint, REMOVED);
    durable::rename(checkpoint, &removed)?;
    durable::remove_folder(&removed)
}

/// The path of a checkpoint with this prefix before its name.
fn beside(checkpoint: &Path, prefix: &str) -> PathBuf {
    let name = checkpoint.file_name().unwrap_or_default().to_string_lossy();
    checkpoint.with_file_name(format!("{prefix}{name}"))
}

/// Removes the checkpoints that are no longer kept, also those that an interrupted [`save`] did not remove.
///
/// # Errors
/// If the folder cannot be read or a checkpoint cannot be removed.
pub fn prune(dir: &Path) -> io::Result<()> {
    let checkpoints = list(dir)?;
    let (old, kept) = checkpoints.split_at(checkpoints.len().saturating_sub(KEPT));
    if old.is_empty() {
        return Ok(());
    }
    let best: Vec<PathBuf> = kept.iter().filter_map(|checkpoint| best_of(checkpoint)).collect();
    old.iter().filter(|checkpoint| !best.contains(checkpoint)).try_for_each(|checkpoint| remove(checkpoint))
}

/// The path of the best checkpoint that this checkpoint names. Neither of them is verified.
fn best_of(checkpoint: &Path) -> Option<PathBuf> {
    let state: TrainingState = toml::from_str(&fs::read_to_string(checkpoint.join(STATE)).ok()?).ok()?;
    Some(checkpoint.with_file_name(name(state.best?.step)))
}

/// The name of the checkpoint of a step.
fn name(step: usize) -> String {
    format!("{STEP}{step:08}")
}

/// The step of the checkpoint with this name; `None` if the name is not that of a checkpoint.
fn step_of(folder: &str) -> Option<usize> {
    let step = folder.strip_prefix(STEP)?.parse().ok()?;
    (name(step) == folder).then_some(step)
}

/// Removes the folders that an interrupted [`save`] left behind. The caller must hold the lock of the run, so
/// that no other process is using these folders.
///
/// # Errors
/// If the folder cannot be read or one of its folders cannot be removed.
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
    // The steps are sorted as numbers. As text, a step of nine digits could come before a step of eight.
    let mut steps: Vec<(usize, PathBuf)> =
        entries.into_iter().filter_map(|(name, path)| Some((step_of(&name)?, path))).collect();
    steps.sort();
    Ok(steps.into_iter().map(|(_, path)| path).collect())
}

/// The name and the path of each entry of a folder.
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

/// The newest good checkpoint.
#[derive(Debug)]
pub struct Newest {
    pub snapshot: Snapshot,
    pub path: PathBuf,
    /// Newer checkpoints that are damaged, the newest first.
    pub damaged: Vec<DamagedCheckpoint>,
}

/// Finds the newest good checkpoint below `dir`; `None` if there is no checkpoint at all.
///
/// # Errors
/// If there are checkpoints but none is good, or if the folder cannot be read.
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
    /// Whether a file could not be read. The checkpoint itself may then still be good.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Io { reason, .. } if reason.kind() != io::ErrorKind::NotFound)
    }

    /// Whether a file was missing. Another process that trains here may have removed the checkpoint.
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Io { reason, .. } => reason.kind() == io::ErrorKind::NotFound,
            Self::NoneGood { newest, .. } => newest.is_gone(),
            Self::Damaged { .. } | Self::Tensors { .. } => false,
        }
    }
}

/// Sets a damaged checkpoint aside: renames it, so that it no longer counts as a checkpoint and a person can
/// still look at it. Returns its new path.
///
/// # Errors
/// If the checkpoint cannot be renamed.
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

/// The checkpoint of the best model so far, which the newest good checkpoint names.
#[derive(Debug)]
pub(crate) struct BestCheckpoint {
    pub(crate) snapshot: Snapshot,
    pub(crate) path: PathBuf,
    /// Newer checkpoints that are damaged, newest first.
    pub(crate) damaged: Vec<DamagedCheckpoint>,
}

/// Finds the checkpoint of the best model so far; `None` before the end of the first epoch.
///
/// # Errors
/// If [`newest`] fails, or if the best checkpoint is damaged.
pub(crate) fn best(dir: &Path) -> Result<Option<BestCheckpoint>, CheckpointError> {
    let Some(Newest { snapshot, path, damaged }) = newest(dir)? else { return Ok(None) };
    let Some(best) = snapshot.state.best else { return Ok(None) };
    if best.step == snapshot.state.step {
        return Ok(Some(BestCheckpoint { snapshot, path, damaged }));
    }
    let path = dir.join(name(best.step));
    Ok(Some(BestCheckpoint { snapshot: load(&path)?, path, damaged }))
}

/// Whether a checkpoint below `dir` names a best model. This is quick, because no checkpoint is verified.
pub fn may_have_best(dir: &Path) -> bool {
    list(dir).is_ok_and(|all| all.iter().any(|checkpoint| best_of(checkpoint).is_some()))
}

/// Reads a checkpoint and verifies every bit of it.
///
/// # Errors
/// If a file is missing, differs from the manifest, or is not valid.
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
    NamedTensors::from_bytes(bytes).map_err(|reason| CheckpointError::Tensors { path, reason })
}

/// The path and the content of a checkpoint's file, after a check that it is as the manifest says.
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

/// The length that a file may have, in bytes. A file of another length is not read.
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
            // If the file grows meanwhile, the rest is not read. The SHA-256 then shows whether it changed.
            File::open(path).and_then(|file| file.take(length).read_to_end(&mut bytes)).map_err(io)?;
            return Ok(bytes);
        }
    };
    Err(CheckpointError::Damaged { path: path.to_owned(), problem })
}

#[cfg(test)]
#[path = "checkpoint_tests.rs"]
mod tests;
