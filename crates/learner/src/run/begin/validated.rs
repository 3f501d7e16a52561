//! What the validation images say about a model: `validation.json`, and the thresholds of its answers.

use dataset::ValidationSet;
use model::device::Opened;
use run_files::{ThresholdsFile, ValidationFile};

use crate::config::Config;
use crate::eval::evaluation::evaluate;
use crate::eval::logits::Logits;
use crate::eval::mistakes::worst;
use crate::eval::probabilities::{NotFinite, Probabilities};
use crate::eval::thresholds::{Decided, decide};
use crate::run::error::RunDirError;
use crate::run::evaluating::WORST;
use crate::run::run_dir::RunDir;

/// The contents of both files.
pub(super) struct Validated {
    thresholds: ThresholdsFile,
    validation: ValidationFile,
}

impl Validated {
    /// From the logits of a model for the validation images. The model is that of an epoch, 0 if it was imported.
    ///
    /// # Errors
    /// If a logit is not finite.
    pub(super) fn new(
        config: &Config,
        opened: &Opened,
        validation: &ValidationSet,
        logits: &Logits,
        epoch: usize,
        weights_sha256: &str,
    ) -> Result<Self, NotFinite> {
        let probabilities = Probabilities::new(logits)?;
        let Decided { thresholds, unsure, wrong_but_sure, ece } = decide(logits)?;
        let (weights_sha256, dataset) = (weights_sha256.to_owned(), config.data().dataset.to_string());
        let thresholds = ThresholdsFile {
            weights_sha256: weights_sha256.clone(),
            dataset: dataset.clone(),
            images: logits.len(),
            temperature: thresholds.temperature,
            least_energy: thresholds.least_energy,
            least_probability: thresholds.least_probability,
            least_known: thresholds.least_known,
            unsure,
            wrong_but_sure,
            ece,
        };
        let validation = ValidationFile {
            epoch,
            weights_sha256,
            dataset,
            backend: opened.backend.name().to_owned(),
            evaluation: evaluate(&probabilities, &config.description().classes),
            worst: worst(&probabilities, validation.subset(), WORST),
        };
        Ok(Self { thresholds, validation })
    }

    /// Writes both files. `validation.json` comes last: a run that has it is taken to be complete.
    pub(super) fn write(&self, run: &RunDir) -> Result<(), RunDirError> {
        run.write_thresholds(&self.thresholds)?;
        run.write_validation(&self.validation)
    }
}
