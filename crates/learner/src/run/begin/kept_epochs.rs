//! The observer that keeps the weights of every epoch, to show later how the network learned.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use network::{ModelFile, NamedTensors, TensorsError};
use run_files::names;

use crate::config::Config;
use crate::eval::logits::Logits;
use crate::run::error::RunDirError;
use crate::run::folder::io_error;
use crate::run::run_dir::RunDir;
use crate::run::store::checkpoint::CheckpointError;
use crate::run::store::durable;
use crate::train::observer::Observer;
use crate::train::state::Snapshot;

/// An observer that writes the weights after each epoch into the run's folder `epochs`.
///
/// A resumed run writes the files of the epochs that it trains again, with the same bytes.
#[derive(Debug)]
pub(crate) struct EpochKeeper {
    folder: PathBuf,
    /// Whether the next snapshot is that of an epoch's end.
    is_validated: bool,
}

impl EpochKeeper {
    /// Keeps the weights that the run begins with as those of epoch 0. There are none if it has already taken steps.
    pub(crate) fn new(run: &RunDir, first: Option<&NamedTensors>) -> Result<Self, RunDirError> {
        let folder = run.file(names::EPOCHS);
        durable::create_folder(&folder).map_err(RunDirError::Write)?;
        let keeper = Self { folder, is_validated: false };
        if let Some(first) = first {
            keeper.write(0, first).map_err(RunDirError::Write)?;
        }
        Ok(keeper)
    }

    fn write(&self, epoch: usize, weights: &NamedTensors) -> io::Result<()> {
        let bytes = weights.to_bytes().map_err(io::Error::other)?;
        durable::replace(&file(&self.folder, epoch), &bytes)
    }
}

impl Observer for EpochKeeper {
    fn validated(&mut self, _logits: &Logits, _is_best: bool) {
        self.is_validated = true;
    }

    fn checkpoint(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        if std::mem::take(&mut self.is_validated) {
            self.write(snapshot.state.epoch, &snapshot.weights)?;
        }
        Ok(())
    }
}

fn file(folder: &Path, epoch: usize) -> PathBuf {
    folder.join(format!("{epoch}.safetensors"))
}

/// The epochs whose weights a run has kept, in order; 0 is before the first step. None if it was not asked to keep them.
///
/// # Errors
/// If the folder is there and cannot be read.
pub fn kept_epochs(run: &RunDir) -> Result<Vec<usize>, RunDirError> {
    let folder = run.file(names::EPOCHS);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(io_error(&folder))?,
    };
    let mut epochs = Vec::new();
    for entry in entries {
        let name = entry.map_err(io_error(&folder))?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".safetensors"));
        epochs.extend(stem.and_then(|stem| stem.parse::<usize>().ok()));
    }
    epochs.sort_unstable();
    Ok(epochs)
}

/// A model of a run with the weights that it has kept of an epoch. No validation images have judged its answers.
///
/// # Errors
/// If the run has not kept that epoch's weights, they are another network's, or `run.json` cannot be read.
pub fn model_file_of_epoch(run: &RunDir, epoch: usize, config: &Config) -> Result<ModelFile, RunDirError> {
    let path = file(&run.file(names::EPOCHS), epoch);
    let bytes = fs::read(&path).map_err(io_error(&path))?;
    let damaged = |reason: TensorsError| CheckpointError::Tensors { path: path.clone(), reason };
    let weights = NamedTensors::from_bytes(&bytes).map_err(damaged)?;
    config.architecture().check(&weights).map_err(damaged)?;
    let sha256 = weights.sha256().map_err(damaged)?;
    run.model_file_of(weights, sha256, None, config)
}
