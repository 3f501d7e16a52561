//! Tests a run's best model: evaluates it on the test images and writes the results into the run's folder.

use std::path::PathBuf;

use dataset::{Corruption, Subset, TestSet};
use model::Cnn;
use model::device::Opened;
use network::TensorsError;
use run_files::{CorruptionScore, CorruptionScores, TestFile, TestNote, names};
use thiserror::Error;

use crate::config::Config;
use crate::eval::evaluation::evaluate;
use crate::eval::logits::Logits;
use crate::eval::mistakes::worst;
use crate::eval::predict::predict;
use crate::eval::predictions_csv;
use crate::eval::probabilities::{NotFinite, Probabilities};
use crate::eval::score::Score;
use crate::random::corruption_generator;
use crate::run::best_model::BestModel;
use crate::run::data::checksums;
use crate::run::error::RunDirError;
use crate::run::folder::now;
use crate::run::run_dir::{NotedTest, RunDir};
use crate::run::store::limits::DiskLimit;

/// Number of wrongly classified images that `validation.json` lists, and `test.json` unless the caller
/// chooses another number.
pub const WORST: usize = 50;

/// Why a model could not be evaluated.
#[derive(Debug, Error)]
pub enum EvaluateError {
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    #[error("the model in {} cannot be used", folder.display())]
    Model { folder: PathBuf, source: TensorsError },
    #[error("{}", run.display())]
    NotFinite { run: PathBuf, source: NotFinite },
}

/// The options of a test.
#[derive(Clone, Copy, Debug)]
pub struct TestRequest<'a> {
    /// The run's name in `test.json`, as a person would write it.
    pub name: &'a str,
    /// How many wrongly classified images `test.json` lists.
    pub worst: usize,
    /// Whether to test on MNIST-C's fifteen corruptions as well.
    pub corruptions: bool,
}

/// The results of a test.
#[derive(Debug)]
pub struct TestedRun {
    /// The contents of `test.json`.
    pub file: TestFile,
    pub logits: Logits,
    pub probabilities: Probabilities,
    /// Set if the run's tests were counted without a lock.
    pub limit: Option<DiskLimit>,
}

/// How far a test has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestProgress {
    /// The number of images whose logits are computed.
    Images(usize),
    /// The number of corruptions that are done.
    Corruptions(usize),
}

/// Tests a run's best model on the test images. The test is noted in the run's `tests.jsonl`, and its results
/// are written to `test.json` and `predictions.csv`.
///
/// # Errors
/// If the model cannot be used, its logits are not finite, or a file cannot be written.
pub fn test(
    run: &RunDir,
    best: &BestModel,
    images: &TestSet,
    opened: &Opened,
    request: &TestRequest<'_>,
    progress: &mut dyn FnMut(TestProgress),
) -> Result<TestedRun, EvaluateError> {
    let config = run.config()?;
    let name = config.data().dataset;
    let model = load_model(&config, best, opened)?;
    let logits =
        predict(&model, images.subset(), &opened.device, &mut |done| progress(TestProgress::Images(done)));
    let probabilities = Probabilities::new(&logits)
        .map_err(|source| EvaluateError::NotFinite { run: run.path().to_owned(), source })?;
    let evaluation = evaluate(&probabilities, name.classes());
    let tested = now();
    let corruptions = if request.corruptions {
        Some(corrupted(&model, images, opened, progress))
    } else {
        // The scores of an earlier test of the same model are still valid, so they are kept.
        run.test_of(best).and_then(|before| before.corruptions)
    };
    let worst = worst(&probabilities, images.subset(), request.worst);
    let csv = predictions_csv::render(&probabilities, images.subset());
    run.write(names::PREDICTIONS, csv.as_bytes())?;
    let NotedTest { times_tested, limit } = run.note_test(&TestNote {
        tested: tested.clone(),
        weights_sha256: best.sha256.clone(),
        dataset: name.to_string(),
        accuracy: evaluation.accuracy,
    })?;
    let file = TestFile {
        run: request.name.to_owned(),
        epoch: best.epoch(),
        weights_sha256: best.sha256.clone(),
        dataset: name.to_string(),
        data_sha256: checksums(name),
        backend: opened.backend.name().to_owned(),
        tested,
        times_tested,
        evaluation,
        worst,
        corruptions,
    };
    run.write_test(&file)?;
    Ok(TestedRun { file, logits, probabilities, limit })
}

/// Loads a run's best model onto a device.
///
/// # Errors
/// If its weights do not fit the run's configuration.
pub fn load_model(config: &Config, best: &BestModel, opened: &Opened) -> Result<Cnn, EvaluateError> {
    Cnn::new(config.architecture(), &best.snapshot.weights, &opened.device)
        .map_err(|source| EvaluateError::Model { folder: best.folder.clone(), source })
}

/// The logits of a run's best model for these images.
pub(crate) fn predict_with(
    config: &Config,
    best: &BestModel,
    images: &Subset,
    opened: &Opened,
    progress: &mut dyn FnMut(usize),
) -> Result<Logits, EvaluateError> {
    Ok(predict(&load_model(config, best, opened)?, images, &opened.device, progress))
}

/// The accuracies on the test images after each of MNIST-C's fifteen corruptions. The corrupted images are
/// the same for every model.
fn corrupted(
    model: &Cnn,
    images: &TestSet,
    opened: &Opened,
    progress: &mut dyn FnMut(TestProgress),
) -> CorruptionScores {
    let mut each = Vec::with_capacity(Corruption::ALL.len());
    for corruption in Corruption::ALL {
        let corrupted = images.corrupted(corruption, |index| corruption_generator(corruption, index));
        let score = Score::new(&predict(model, corrupted.subset(), &opened.device, &mut |_| ()));
        each.push(CorruptionScore { name: corruption.name().to_owned(), accuracy: score.accuracy });
        progress(TestProgress::Corruptions(each.len()));
    }
    let mean_accuracy = each.iter().map(|score| score.accuracy).sum::<f64>() / each.len().max(1) as f64;
    CorruptionScores { mean_accuracy, each }
}
