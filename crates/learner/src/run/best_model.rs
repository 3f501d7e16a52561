//! The best model of a run, as one value that is read and hashed once and then handed on.

use std::path::{Path, PathBuf};

use crate::run::error::RunDirError;
use crate::run::store::checkpoint::{self, BestCheckpoint, CheckpointError, DamagedCheckpoint};
use crate::train::state::Snapshot;

/// The model of a run with the best score on the validation images.
#[derive(Debug)]
pub struct BestModel {
    /// The snapshot after the best epoch.
    pub snapshot: Snapshot,
    /// The folder of the snapshot's checkpoint.
    pub folder: PathBuf,
    /// SHA-256 of `weights.safetensors`, in hexadecimal.
    pub sha256: String,
    /// Newer checkpoints that are damaged and were passed over. One of them may have named a better model.
    pub damaged: Vec<DamagedCheckpoint>,
}

impl BestModel {
    /// Reads the best model that the newest good checkpoint below `checkpoints` names. It is `None` before
    /// the end of the first epoch.
    pub(crate) fn read(checkpoints: &Path) -> Result<Option<Self>, RunDirError> {
        let found = match checkpoint::best(checkpoints) {
            // A process that trains here may remove a checkpoint between the listing and the reading of it. A
            // second try then finds the newer checkpoints.
            Err(error) if error.is_gone() => checkpoint::best(checkpoints)?,
            found => found?,
        };
        let Some(BestCheckpoint { snapshot, path, damaged }) = found else { return Ok(None) };
        let sha256 = snapshot
            .weights
            .sha256()
            .map_err(|reason| CheckpointError::Tensors { path: path.clone(), reason })?;
        Ok(Some(Self { snapshot, folder: path, sha256, damaged }))
    }

    /// The epoch after which the model was saved, from 1.
    pub fn epoch(&self) -> usize {
        self.snapshot.state.epoch
    }

    /// The path of `weights.safetensors`.
    pub fn weights_file(&self) -> PathBuf {
        self.folder.join(checkpoint::WEIGHTS)
    }
}
