//! Checkpoints: model, optimizer and position as one folder whose files are verified.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model::Weights;
use model::weights::WeightsError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::metrics::Score;

const WEIGHTS: &str = "weights.safetensors";
const OPTIMIZER: &str = "optimizer.bpk";
const STATE: &str = "state.json";
const MANIFEST: &str = "manifest.json";
/// The folder of the best model on validation.
const BEST: &str = "best";
const STAGING: &str = "staging";
/// Older checkpoints than this many are removed.
const KEPT: usize = 2;

/// Everything that a run needs to go on from here.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub position: Position,
    pub weights: Weights,
    /// The optimizer's state in Burn's own format.
    pub optimizer: Vec<u8>,
    pub is_best: bool,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The epoch under way or just finished, from 1.
    pub epoch: usize,
    /// Steps done in the whole run.
    pub step: usize,
    pub sums: EpochSums,
    pub best: Option<Best>,
}

impl Position {
    pub(crate) fn begin_epoch(&mut self, epoch: usize) {
        self.epoch = epoch;
        self.sums = EpochSums::default();
    }

    /// Notes the epoch's score on validation; whether it is the best so far.
    pub(crate) fn end_epoch(&mut self, score: Score) -> bool {
        let is_best = self.best.is_none_or(|best| score.is_better_than(&best.score));
        if is_best {
            self.best = Some(Best { epoch: self.epoch, score });
        }
        is_best
    }
}

/// The running sums of an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochSums {
    /// Sum of the steps' mean losses.
    pub loss: f64,
    pub steps: usize,
    pub hits: usize,
    pub pictures: usize,
}

impl EpochSums {
    pub(crate) fn add(&mut self, window: &Self) {
        self.loss += window.loss;
        self.steps += window.steps;
        self.hits += window.hits;
        self.pictures += window.pictures;
    }

    pub(crate) fn mean_loss(&self) -> f64 {
        self.loss / self.steps.max(1) as f64
    }

    pub(crate) fn accuracy(&self) -> f64 {
        self.hits as f64 / self.pictures.max(1) as f64
    }
}

/// The best epoch so far, on validation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Best {
    pub epoch: usize,
    pub score: Score,
}

/// SHA-256 and length of each file beside it; written last.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    files: Vec<ManifestEntry>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestEntry {
    name: String,
    bytes: usize,
    sha256: String,
}

/// Why a checkpoint is not usable. Each text is complete: it has no source to be printed after it.
#[derive(Debug, Error)]
pub enum CheckpointError {
    #[error("{}: {reason}", path.display())]
    Io { path: PathBuf, reason: io::Error },
    #[error("{}: {problem}; this checkpoint is damaged and cannot be used", path.display())]
    Damaged { path: PathBuf, problem: String },
    #[error("{}: {reason}", path.display())]
    Weights { path: PathBuf, reason: WeightsError },
}

/// Writes a snapshot below `dir` and removes checkpoints that are no longer kept.
///
/// A folder is filled beside its final place and renamed, so a half-written one never stands
/// under a checkpoint's name.
///
/// # Errors
/// If a file cannot be written.
pub fn save(dir: &Path, snapshot: &Snapshot) -> io::Result<PathBuf> {
    let weights = snapshot.weights.to_bytes().map_err(io::Error::other)?;
    let state = serde_json::to_vec_pretty(&snapshot.position)?;
    let target = dir.join(format!("step-{:08}", snapshot.position.step));
    let files = [(WEIGHTS, weights.as_slice()), (OPTIMIZER, &snapshot.optimizer), (STATE, &state)];
    write_folder(dir, &target, &files)?;
    if snapshot.is_best {
        write_folder(dir, &dir.join(BEST), &[(WEIGHTS, &weights), (STATE, &state)])?;
    }
    let steps = list(dir)?;
    for old in &steps[..steps.len().saturating_sub(KEPT)] {
        fs::remove_dir_all(old)?;
    }
    Ok(target)
}

/// The checkpoints below `dir`, oldest first, without the best one.
///
/// # Errors
/// If the folder cannot be read.
pub fn list(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut steps = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("step-") {
            steps.push(entry.path());
        }
    }
    steps.sort();
    Ok(steps)
}

/// The folder of the best model below `dir`.
pub fn best(dir: &Path) -> PathBuf {
    dir.join(BEST)
}

/// Weights and position of a checkpoint, verified against its manifest.
///
/// # Errors
/// If a file is missing, differs from the manifest, or is not what it should be.
pub fn load(checkpoint: &Path) -> Result<(Weights, Position), CheckpointError> {
    let manifest_path = checkpoint.join(MANIFEST);
    let manifest: Manifest = serde_json::from_slice(&read(&manifest_path)?)
        .map_err(|error| damaged(&manifest_path, error.to_string()))?;
    let verified = |name: &str| {
        let path = checkpoint.join(name);
        let bytes = read(&path)?;
        let found = entry(name, &bytes);
        match manifest.files.iter().find(|entry| entry.name == name) {
            Some(expected) if *expected == found => Ok((path, bytes)),
            Some(expected) => Err(damaged(
                &path,
                format!(
                    "found {} bytes with SHA-256 {}, expected {} bytes with {}",
                    found.bytes, found.sha256, expected.bytes, expected.sha256
                ),
            )),
            None => Err(damaged(&manifest_path, format!("{name} is not listed"))),
        }
    };
    let (path, bytes) = verified(WEIGHTS)?;
    let weights = Weights::from_bytes(&bytes).map_err(|reason| CheckpointError::Weights { path, reason })?;
    let (path, bytes) = verified(STATE)?;
    let position = serde_json::from_slice(&bytes).map_err(|error| damaged(&path, error.to_string()))?;
    Ok((weights, position))
}

fn write_folder(dir: &Path, target: &Path, files: &[(&str, &[u8])]) -> io::Result<()> {
    let staging = dir.join(STAGING);
    remove_if_there(&staging)?;
    fs::create_dir_all(&staging)?;
    for (name, bytes) in files {
        fs::write(staging.join(name), bytes)?;
    }
    let manifest = Manifest { files: files.iter().map(|(name, bytes)| entry(name, bytes)).collect() };
    fs::write(staging.join(MANIFEST), serde_json::to_vec_pretty(&manifest)?)?;
    remove_if_there(target)?;
    fs::rename(staging, target)
}

fn remove_if_there(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn entry(name: &str, bytes: &[u8]) -> ManifestEntry {
    let sha256 = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    ManifestEntry { name: name.to_owned(), bytes: bytes.len(), sha256 }
}

fn read(path: &Path) -> Result<Vec<u8>, CheckpointError> {
    fs::read(path).map_err(|reason| CheckpointError::Io { path: path.to_owned(), reason })
}

fn damaged(path: &Path, problem: String) -> CheckpointError {
    CheckpointError::Damaged { path: path.to_owned(), problem }
}

#[cfg(test)]
#[path = "checkpoint_tests.rs"]
mod tests;
