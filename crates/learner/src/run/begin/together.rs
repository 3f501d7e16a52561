//! One run by several processes: process 0 keeps the run's folder, the others compute their part of each step.

use network::{NamedTensors, TensorsError};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::config::{Config, to_toml};
use crate::exchange::agreement::{Disagreement, agree};
use crate::exchange::{Exchange, Placement};
use crate::numerics;
use crate::run::data::{TrainingData, checksums};
use crate::train::FitError;
use crate::train::fit::{Outcome, fit};
use crate::train::observer::Observer;
use crate::train::state::Snapshot;
use model::device::Opened;

/// What process 0 tells the others before they load their images.
#[derive(Debug, Serialize, Deserialize)]
pub struct Task {
    /// The name of the backend.
    pub backend: String,
    /// The configuration as TOML.
    pub config: String,
}

/// Why processes cannot train together.
#[derive(Debug, Error)]
pub enum TogetherError {
    #[error(transparent)]
    Disagreement(#[from] Disagreement),
    #[error("what process 0 has sent cannot be read: {0}")]
    Broken(String),
    #[error(transparent)]
    Toml(#[from] toml::ser::Error),
}

/// Tells the other processes what is to be trained.
///
/// # Errors
/// If one of them is another version of the program, or computes in another way.
pub fn hand_out(exchange: &dyn Exchange, config: &Config, opened: &Opened) -> Result<(), TogetherError> {
    agree(exchange, "version", env!("CARGO_PKG_VERSION"))?;
    let task = Task { backend: opened.backend.name().to_owned(), config: to_toml(config)? };
    exchange.broadcast(serde_json::to_vec(&task).map_err(|error| TogetherError::Broken(error.to_string()))?);
    agree_on_arithmetic(exchange, opened)
}

/// Waits for what is to be trained. [`agree_on_arithmetic`] and [`agree_on_data`] come next.
///
/// # Errors
/// If a process is another version of the program.
pub fn receive(exchange: &dyn Exchange) -> Result<Task, TogetherError> {
    agree(exchange, "version", env!("CARGO_PKG_VERSION"))?;
    let bytes = exchange.broadcast(Vec::new());
    serde_json::from_slice(&bytes).map_err(|error| TogetherError::Broken(error.to_string()))
}

/// Checks that all processes compute with the same arithmetic and vector instructions.
///
/// # Errors
/// Names the first process that does not.
pub fn agree_on_arithmetic(exchange: &dyn Exchange, opened: &Opened) -> Result<(), TogetherError> {
    let numerics = numerics::of(opened);
    let level = numerics.level.as_deref().unwrap_or("none");
    let own = format!("version {} on {} with vector level {level}", numerics.version, opened.backend.name());
    Ok(agree(exchange, "arithmetic", &own)?)
}

/// Checks that all processes have the same images.
///
/// # Errors
/// Names the first process that does not.
pub fn agree_on_data(exchange: &dyn Exchange, config: &Config) -> Result<(), TogetherError> {
    let files = checksums(config.description());
    let lines: Vec<String> = files.into_iter().map(|(name, sha256)| format!("{name} {sha256}")).collect();
    Ok(agree(exchange, "data set", &format!("{}: {}", config.data().dataset, lines.join(", ")))?)
}

/// Computes this process's part of each step, to the run's end. The observer may stop the run.
///
/// # Errors
/// As [`fit`].
pub fn follow(
    config: &Config,
    data: &TrainingData,
    placement: Placement<'_>,
    observer: &mut dyn Observer,
) -> Result<Outcome, FitError> {
    let snapshot = shared(placement.exchange, None)?;
    fit(config.architecture(), config.train(), &data.train, &data.validation, placement, snapshot, observer)
}

/// Process 0's snapshot, which the others get.
pub(super) fn shared(
    exchange: &dyn Exchange,
    snapshot: Option<Snapshot>,
) -> Result<Option<Snapshot>, FitError> {
    if exchange.size() == 1 {
        return Ok(snapshot);
    }
    let own = snapshot.as_ref().map(to_bytes).transpose()?;
    let bytes = exchange.broadcast(own.unwrap_or_default());
    match (exchange.rank(), bytes.is_empty()) {
        (0, _) => Ok(snapshot),
        (_, true) => Ok(None),
        (_, false) => from_bytes(&bytes).map(Some),
    }
}

/// State, weights and the optimizer's state, each after its length.
fn to_bytes(snapshot: &Snapshot) -> Result<Vec<u8>, FitError> {
    let state = serde_json::to_vec(&snapshot.state).map_err(|error| FitError::Received(error.to_string()))?;
    let parts = [state, snapshot.weights.to_bytes()?, snapshot.optimizer.to_bytes()?];
    Ok(parts.iter().flat_map(|part| [&(part.len() as u64).to_le_bytes(), part.as_slice()].concat()).collect())
}

fn from_bytes(bytes: &[u8]) -> Result<Snapshot, FitError> {
    let mut rest = bytes;
    let mut part = || {
        let (length, behind) = rest.split_first_chunk()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (part, behind) = behind.split_at_checked(length)?;
        rest = behind;
        Some(part)
    };
    let (Some(state), Some(weights), Some(optimizer)) = (part(), part(), part()) else {
        return Err(FitError::Received(format!("a snapshot of {} bytes is cut", bytes.len())));
    };
    let tensors =
        |bytes| NamedTensors::from_bytes(bytes).map_err(|error: TensorsError| FitError::from(error));
    Ok(Snapshot {
        state: serde_json::from_slice(state).map_err(|error| FitError::Received(error.to_string()))?,
        weights: tensors(weights)?,
        optimizer: tensors(optimizer)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::state::TrainingState;

    #[test]
    fn a_snapshot_is_the_same_after_its_way() {
        let mut weights = NamedTensors::default();
        weights.insert("a.weight".into(), vec![2, 1], vec![0.1, -3.5]);
        let mut optimizer = NamedTensors::default();
        optimizer.insert("a.weight.momentum".into(), vec![2], vec![1e-30, 7.0]);
        let state = TrainingState { epoch: 2, step: 17, ..TrainingState::default() };
        let snapshot = Snapshot { state, weights, optimizer };
        let bytes = to_bytes(&snapshot).unwrap();
        assert_eq!(from_bytes(&bytes).unwrap(), snapshot);
        for length in 0..bytes.len() {
            assert!(from_bytes(&bytes[..length]).is_err(), "{length} bytes");
        }
    }
}
