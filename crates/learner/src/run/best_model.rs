//! The best model of a run on validation, as one value that is read and hashed once and then handed on.

use std::path::{Path, PathBuf};

use crate::run::error::RunDirError;
use crate::run::store::checkpoint::{self, CheckpointError, DamagedCheckpoint};
use crate::train::state::Snapshot;

/// A run's best model on validation.
#[derive(Debug)]
pub struct BestModel {
    pub snapshot: Snapshot,
    /// The folder of its checkpoint.
    pub folder: PathBuf,
    /// SHA-256 of `weights.safetensors`, in hexadecimal.
    pub sha256: String,
    /// Newer checkpoints that are damaged and were passed over; one of them may have known of a better model.
    pub damaged: Vec<DamagedCheckpoint>,
}

impl BestModel {
    /// The best model that the checkpoints below `checkpoints` know of; `None` before the end of the first epoch.
    pub(crate) fn read(checkpoints: &Path) -> Result<Option<Self>, RunDirError> {
        let find = || if checkpoints.is_dir() { checkpoint::best(checkpoints) } else { Ok(None) };
        let found = match find() {
            // A process that trains here may have removed a checkpoint after it was listed and before it was read.
            Err(error) if error.is_gone() => find()?,
            found => found?,
        };
        let Some(checkpoint::Best { snapshot, path, damaged }) = found else { return Ok(None) };
        let sha256 = snapshot
            .weights
            .sha256()
            .map_err(|reason| CheckpointError::Weights { path: path.clone(), reason })?;
        Ok(Some(Self { snapshot, folder: path, sha256, damaged }))
    }

    /// The epoch at whose end the model was the best so far, from 1.
    pub fn epoch(&self) -> usize {
        self.snapshot.state.epoch
    }

    /// The path of the weights, a safetensors file.
    pub fn weights_file(&self) -> PathBuf {
        self.folder.join(checkpoint::WEIGHTS)
    }
}
