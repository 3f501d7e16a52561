//! Finds the checkpoint to resume from and the checkpoint of the best model.

use std::io;
use std::path::{Path, PathBuf};

use crate::run::store::checkpoint::error::{CheckpointError, DamagedCheckpoint};
use crate::run::store::checkpoint::layout::{list, name};
use crate::run::store::checkpoint::reading::{best_of, load};
use crate::train::state::{Snapshot, TrainingState};

/// The newest good checkpoint.
#[derive(Debug)]
pub struct Newest {
    pub snapshot: Snapshot,
    pub path: PathBuf,
    /// Newer checkpoints that cannot be used, the newest first.
    pub damaged: Vec<DamagedCheckpoint>,
}

/// Finds the newest good checkpoint below `dir`; `None` if there is no checkpoint at all.
///
/// # Errors
/// If there are checkpoints but none is good, or if a newer one or the folder cannot be read.
pub fn newest(dir: &Path) -> Result<Option<Newest>, CheckpointError> {
    newest_reached(dir, |_state| Ok(None))
}

/// As [`newest`], but a checkpoint is passed over if the run's events do not reach it. `lacks` says which of
/// the events that the run had written before this training state are missing, if any are.
///
/// A checkpoint that is damaged or ahead of the events is passed over. One that merely cannot be read may be
/// good again tomorrow, and one of another version is good for that version. Going back past them would
/// throw away work, so they are errors.
///
/// # Errors
/// As [`newest`], and the errors of `lacks`.
pub(crate) fn newest_reached<E: From<CheckpointError>>(
    dir: &Path,
    lacks: impl Fn(&TrainingState) -> Result<Option<String>, E>,
) -> Result<Option<Newest>, E> {
    let checkpoints = match list(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        list => list.map_err(|reason| CheckpointError::Io { path: dir.to_owned(), reason })?,
    };
    let count = checkpoints.len();
    let mut damaged = Vec::new();
    for path in checkpoints.into_iter().rev() {
        let error = match load(&path) {
            Ok(snapshot) => match lacks(&snapshot.state)? {
                None => return Ok(Some(Newest { snapshot, path, damaged })),
                Some(missing) => CheckpointError::Ahead { path: path.clone(), missing },
            },
            Err(error) if error.is_final() => error,
            Err(error) => return Err(error.into()),
        };
        damaged.push(DamagedCheckpoint { path, error });
    }
    let Some(DamagedCheckpoint { error, .. }) = damaged.into_iter().next() else { return Ok(None) };
    Err(CheckpointError::NoneGood { dir: dir.to_owned(), count, newest: Box::new(error) }.into())
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

/// Whether a checkpoint below `dir` names a best model. This is quick, because no checkpoint is verified. A
/// checkpoint that cannot be read may name one.
pub fn may_have_best(dir: &Path) -> bool {
    match list(dir) {
        Ok(all) => all.iter().any(|checkpoint| match best_of(checkpoint) {
            Ok(best) => best.is_some(),
            Err(error) => error.is_unreadable(),
        }),
        Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
    }
}
