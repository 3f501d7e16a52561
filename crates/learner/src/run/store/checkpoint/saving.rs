//! Writes checkpoints and removes those that are no longer kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use network::tensors::LARGEST_FILE;

use crate::run::store::checkpoint::error::{CheckpointError, DamagedCheckpoint};
use crate::run::store::checkpoint::layout::{FILES, MANIFEST, beside, entries, list, name};
use crate::run::store::checkpoint::reading::skim;
use crate::run::store::durable;
use crate::run::store::manifest::{self, Entry};
use crate::train::state::Snapshot;

/// Prefix of the name of a folder that is being filled.
const STAGING: &str = "staging-";
/// Prefix of the name of a checkpoint whose files are being removed.
const REMOVED: &str = "removed-";
/// Prefix of the name of a damaged checkpoint that was set aside.
const BROKEN: &str = "broken-";
/// Prefix of the name of a good checkpoint that was set aside because the run's events do not reach it.
const AHEAD: &str = "ahead-";
/// Number of newest checkpoints that are kept. The best checkpoint that each of them names is kept as well.
const KEPT: usize = 2;

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
        let length = content.len() as u64;
        if length > LARGEST_FILE {
            // `load` would refuse a larger file, so it must not be written. A configuration whose tensors
            // would need one is refused, so this can only be an endless logging window.
            let problem = format!("{name}: found {length} bytes, expected {LARGEST_FILE} at most");
            return Err(io::Error::other(problem));
        }
        durable::write(&staging.join(name), content)?;
    }
    let entries: Vec<Entry> =
        FILES.into_iter().zip(contents).map(|(name, content)| Entry::new(name, content)).collect();
    durable::write(&staging.join(MANIFEST), manifest::print(&entries).as_bytes())?;
    durable::sync_folder(staging).map(drop)
}

fn put_in_place(staging: &Path, target: &Path) -> io::Result<()> {
    // A checkpoint of the same step can only have been put here by somebody else while the run went on.
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

/// Removes the checkpoints that are no longer kept, also those that an interrupted [`save`] did not remove.
///
/// A checkpoint is removed only if enough newer ones can be read, because a newer one that cannot be read
/// would be no replacement. One that itself cannot be read is never removed: it may still be good.
///
/// # Errors
/// If the folder cannot be read or a checkpoint cannot be removed.
pub fn prune(dir: &Path) -> io::Result<()> {
    let checkpoints = list(dir)?;
    if checkpoints.len() <= KEPT {
        return Ok(());
    }
    let readable = (0..checkpoints.len()).rev().filter_map(|i| Some((i, skim(&checkpoints[i]).ok()?)));
    let (kept, best): (Vec<usize>, Vec<Option<PathBuf>>) = readable.take(KEPT).unzip();
    let Some(&oldest_kept) = kept.get(KEPT - 1) else { return Ok(()) };
    let best: Vec<PathBuf> = best.into_iter().flatten().collect();
    for checkpoint in checkpoints[..oldest_kept].iter().filter(|checkpoint| !best.contains(checkpoint)) {
        if !skim(checkpoint).is_err_and(|error| error.is_unreadable()) {
            remove(checkpoint)?;
        }
    }
    Ok(())
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

/// Sets a checkpoint aside that cannot be used: renames it, so that it no longer counts as a checkpoint and a
/// person can still look at it. Returns its new path.
///
/// # Errors
/// If the checkpoint cannot be renamed.
pub fn set_aside(damaged: &DamagedCheckpoint) -> io::Result<PathBuf> {
    let prefix = if matches!(damaged.error, CheckpointError::Ahead { .. }) { AHEAD } else { BROKEN };
    let mut target = beside(&damaged.path, prefix);
    let mut number = 2;
    while target.exists() {
        target = beside(&damaged.path, &format!("{prefix}{number}-"));
        number += 1;
    }
    durable::rename(&damaged.path, &target)?;
    Ok(target)
}
