//! Reads checkpoints and verifies every bit of them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use network::NamedTensors;
use network::tensors::LARGEST_FILE;

use crate::run::store::checkpoint::error::CheckpointError;
use crate::run::store::checkpoint::layout::{FILES, MANIFEST, STATE, name};
use crate::run::store::manifest::{self, Entry, ManifestError};
use crate::train::state::{Snapshot, TrainingState};

/// Reads a checkpoint and verifies every bit of it.
///
/// # Errors
/// If a file is missing, differs from the manifest, or is not valid.
pub fn load(checkpoint: &Path) -> Result<Snapshot, CheckpointError> {
    let [weights, optimizer, state] = listed(checkpoint)?;
    let (path, bytes) = verified(checkpoint, &weights)?;
    let weights = named_tensors(path, &bytes)?;
    let (path, bytes) = verified(checkpoint, &optimizer)?;
    let optimizer = named_tensors(path, &bytes)?;
    let (path, bytes) = verified(checkpoint, &state)?;
    // The bytes are those that were written, so they are not damaged.
    let state = toml::from_slice(&bytes)
        .map_err(|error| CheckpointError::OtherVersion { path, problem: error.message().to_owned() })?;
    Ok(Snapshot { state, weights, optimizer })
}

/// Checks quickly that each file of a checkpoint can be read and has the length that the manifest says, and
/// returns the path of the best checkpoint that this one names. The checksums are not verified.
///
/// # Errors
/// If a file is missing, cannot be read, or has another length, or if the training state is not valid.
pub(super) fn skim(checkpoint: &Path) -> Result<Option<PathBuf>, CheckpointError> {
    for entry in listed(checkpoint)? {
        let path = checkpoint.join(&entry.name);
        let (mut file, _) = open(&path, Expected::Exactly(entry.length))?;
        // A failing disk is noticed only when something is read.
        file.read(&mut [0]).map_err(|reason| CheckpointError::of_file(&path, reason))?;
    }
    best_of(checkpoint)
}

/// The path of the best checkpoint that this checkpoint names. Neither of them is verified.
///
/// # Errors
/// If the training state cannot be read.
pub(super) fn best_of(checkpoint: &Path) -> Result<Option<PathBuf>, CheckpointError> {
    let path = checkpoint.join(STATE);
    let bytes = read(&path, Expected::AtMost(LARGEST_FILE))?;
    let state: TrainingState = toml::from_slice(&bytes)
        .map_err(|error| CheckpointError::Damaged { path, problem: error.message().to_owned() })?;
    Ok(state.best.map(|best| checkpoint.with_file_name(name(best.step))))
}

/// What the manifest says about each of a checkpoint's files, in the order of [`FILES`].
fn listed(checkpoint: &Path) -> Result<[Entry; FILES.len()], CheckpointError> {
    let path = checkpoint.join(MANIFEST);
    let bytes = read(&path, Expected::AtMost(manifest::LONGEST))?;
    let entries = manifest::parse(&bytes).map_err(|error| {
        let (path, problem) = (path.clone(), error.to_string());
        match error {
            ManifestError::Version { .. } => CheckpointError::OtherVersion { path, problem },
            _ => CheckpointError::Damaged { path, problem },
        }
    })?;
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    if names == FILES
        && let Ok(entries) = entries.clone().try_into()
    {
        return Ok(entries);
    }
    let problem = format!("found the files {}, expected {}", names.join(", "), FILES.join(", "));
    Err(CheckpointError::OtherVersion { path, problem })
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
    let (file, length) = open(path, expected)?;
    let mut bytes = Vec::new();
    // If the file grows meanwhile, the rest is not read. The SHA-256 then shows whether it changed.
    file.take(length).read_to_end(&mut bytes).map_err(|reason| CheckpointError::of_file(path, reason))?;
    Ok(bytes)
}

/// Opens a file of an expected length, and returns it with the number of bytes that may be read.
fn open(path: &Path, expected: Expected) -> Result<(File, u64), CheckpointError> {
    let io = |reason: io::Error| CheckpointError::of_file(path, reason);
    let metadata = fs::metadata(path).map_err(io)?;
    let found = metadata.len();
    let problem = match expected {
        _ if !metadata.is_file() => "found something else, expected a file".to_owned(),
        Expected::Exactly(length) if found != length => format!("found {found} bytes, expected {length}"),
        Expected::Exactly(length) if length > LARGEST_FILE => {
            format!("found {length} bytes, expected {LARGEST_FILE} at most")
        }
        Expected::AtMost(length) if found > length => {
            format!("found {found} bytes, expected {length} at most")
        }
        Expected::Exactly(length) | Expected::AtMost(length) => {
            return Ok((File::open(path).map_err(io)?, length));
        }
    };
    Err(CheckpointError::Damaged { path: path.to_owned(), problem })
}
