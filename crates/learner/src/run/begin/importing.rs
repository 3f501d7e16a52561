//! Makes a run of a model that was trained elsewhere, so that it can be tested, inspected and reported on.

use std::path::Path;

use dataset::ValidationSet;
use model::Cnn;
use model::device::Opened;
use network::{NamedTensors, TensorsError};
use run_files::{WeightsSource, names};

use crate::config::Config;
use crate::eval::predict::predict;
use crate::eval::score::Score;
use crate::run::begin::validated::Validated;
use crate::run::best_model::BestModel;
use crate::run::data::TrainingData;
use crate::run::error::RunDirError;
use crate::run::evaluating::EvaluateError;
use crate::run::lock::RunLock;
use crate::run::machine::circumstances;
use crate::run::run_dir::RunDir;
use crate::run::store::checkpoint;
use crate::run::store::durable::Log;
use crate::train::state::{Best, Snapshot, TrainingState};

/// A run whose model was imported.
#[derive(Debug)]
pub struct ImportedRun {
    pub run: RunDir,
    pub model: BestModel,
    /// The score on the validation images, if they were given.
    pub score: Option<Score>,
}

/// Imports weights into a folder that was locked for it. `from` is the file as a person would write it. With `data`
/// the model is evaluated on the validation images first, as training does at its end.
///
/// # Errors
/// If the weights are not those of the configuration's network, the logits are not finite, or a file cannot be
/// written.
pub fn import(
    lock: &mut RunLock,
    config: &Config,
    weights: NamedTensors,
    from: &Path,
    data: Option<&TrainingData>,
    opened: &Opened,
) -> Result<ImportedRun, EvaluateError> {
    let unfit = |source: TensorsError| EvaluateError::Model { folder: from.to_owned(), source };
    let sha256 = weights.sha256().map_err(unfit)?;
    let network = Cnn::new(config.architecture(), &weights, &opened.device).map_err(unfit)?;
    let validated =
        data.map(|data| validate(&network, config, &data.validation, &sha256, opened, from)).transpose()?;
    let mut info = circumstances(config, opened, data.and_then(|data| data.data_dir.as_deref()));
    info.imported = Some(WeightsSource { from: from.display().to_string(), sha256 });
    let run = lock.begin_run(config, &info)?;
    // Readers of a run expect the file of its events. There are none.
    Log::open(&run.file(names::METRICS), 0).map_err(RunDirError::Write)?;
    let score = validated.as_ref().map(|(score, _)| *score);
    // Only training compares the score, and an imported run is not trained.
    let best = Best { epoch: 0, step: 0, score: score.unwrap_or_default() };
    let state = TrainingState { best: Some(best), ..TrainingState::default() };
    let snapshot = Snapshot { state, weights, optimizer: NamedTensors::default() };
    checkpoint::save(&run.checkpoints(), &snapshot).map_err(RunDirError::Write)?;
    if let Some((_, validated)) = &validated {
        validated.write(&run)?;
    }
    let model = run.best_model()?;
    Ok(ImportedRun { run, model, score })
}

/// The score of the model on the validation images, and what else they say about it.
fn validate(
    network: &Cnn,
    config: &Config,
    validation: &ValidationSet,
    weights_sha256: &str,
    opened: &Opened,
    from: &Path,
) -> Result<(Score, Validated), EvaluateError> {
    let logits = predict(network, validation.subset(), &opened.device, &mut |_| ());
    let validated = Validated::new(config, opened, validation, &logits, 0, weights_sha256)
        .map_err(|source| EvaluateError::NotFinite { run: from.to_owned(), source })?;
    Ok((Score::new(&logits), validated))
}
