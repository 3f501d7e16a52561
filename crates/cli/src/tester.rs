//! Runs are tested here, for whoever asks: `test` on one, on several seeds, on two to compare.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use burn::tensor::Device;
use dataset::{Corruption, Name, Subset, TestSet};
use indicatif::ProgressBar;
use learner::checkpoint;
use learner::evaluate::{Predictions, predict};
use learner::metrics::{Score, evaluate};
use learner::mistakes::worst;
use learner::predictions_file;
use learner::probabilities::Probabilities;
use learner::random::corruption_generator;
use learner::run_dir::{RunDir, now};
use model::Cnn;
use model::device::{self, Opened};
use run_files::{CorruptionScore, CorruptionScores, TestFile, TestNote};
use serde::Deserialize;

use crate::args::{BackendArg, DataDirArg};
use crate::data;
use crate::exit::note;
use crate::paths::{data_dir, short};

/// Wrong pictures that are kept for the report, if nobody asks for more.
pub(crate) const WORST: usize = 50;

/// A run that was tested.
pub(crate) struct Tested {
    pub(crate) report: TestFile,
    pub(crate) dataset: Name,
    /// Logits.
    pub(crate) predictions: Predictions,
    pub(crate) probabilities: Probabilities,
}

/// What is asked beyond the table.
#[derive(Clone, Copy)]
pub(crate) struct Questions {
    /// How many wrong pictures are kept.
    pub(crate) worst: usize,
    pub(crate) corruptions: bool,
}

/// An opened device and the pictures, for as many runs as there are.
pub(crate) struct Tester {
    opened: Opened,
    data_dir: PathBuf,
    /// The data set loaded last.
    loaded: Option<(Name, TestSet)>,
}

impl Tester {
    pub(crate) fn new(backend: &BackendArg, data: &DataDirArg) -> anyhow::Result<Self> {
        let opened = device::open(backend.wish())?;
        if let Some(notice) = &opened.notice {
            note(&format!("note: {notice}"));
        }
        Ok(Self { opened, data_dir: data_dir(data), loaded: None })
    }

    pub(crate) fn hardware(&self) -> &str {
        &self.opened.hardware
    }

    /// The test pictures of a data set.
    pub(crate) fn pictures(&mut self, name: Name) -> anyhow::Result<&TestSet> {
        if self.loaded.as_ref().is_none_or(|(loaded, _)| *loaded != name) {
            self.loaded = Some((name, data::test_set(name, &self.data_dir)?));
        }
        self.loaded.as_ref().map(|(_, set)| set).context("a data set was loaded just now")
    }

    /// Tests a run's best model, notes it in the run's directory, and writes `test.json` and
    /// `predictions.csv` there.
    pub(crate) fn test(&mut self, run: &RunDir, questions: Questions) -> anyhow::Result<Tested> {
        let config = run.config()?;
        let name = config.data().dataset;
        let (best, checkpoint) = run.best_model()?;
        warn_of_damage(run);
        let model = Cnn::new(config.architecture(), &best.weights, &self.opened.device)
            .with_context(|| format!("the model in {} cannot be used", short(&checkpoint)))?;
        let (device, backend) = (self.opened.device.clone(), self.opened.backend);
        let pictures = self.pictures(name)?;
        let predictions = answers(&model, pictures.subset(), &device);
        let probabilities = Probabilities::new(&predictions).with_context(|| short(run.path()))?;
        let evaluation = evaluate(&probabilities, name.classes());
        let (tested, weights_sha256) = (now(), best.weights.sha256()?);
        let corruptions = if questions.corruptions {
            Some(corrupted(&model, pictures, &device))
        } else {
            corruptions_before(run, &weights_sha256)
        };
        let worst = worst(&probabilities, pictures.subset(), questions.worst);
        let csv = predictions_file::render(&probabilities, pictures.subset());
        run.write(&run.predictions(), csv.as_bytes())?;
        let times_tested = run.note_test(&TestNote {
            tested: tested.clone(),
            weights_sha256: weights_sha256.clone(),
            dataset: name.to_string(),
            accuracy: evaluation.accuracy,
        })?;
        let report = TestFile {
            run: short(run.path()),
            epoch: best.position.epoch,
            weights_sha256,
            dataset: name.to_string(),
            data_sha256: data::checksums(name),
            backend: backend.name().to_owned(),
            tested,
            times_tested,
            evaluation,
            worst,
            corruptions,
        };
        run.write_test(&report)?;
        Ok(Tested { report, dataset: name, predictions, probabilities })
    }
}

/// The best model is the one that the newest readable checkpoint names; a damaged one may know a better.
fn warn_of_damage(run: &RunDir) {
    let Ok(Some(newest)) = checkpoint::newest(&run.checkpoints()) else { return };
    for (_, error) in &newest.broken {
        note(&format!("warning: {error}\n  going back to {}", short(&newest.path)));
    }
}

/// What an earlier test of the same model said, which still holds.
fn corruptions_before(run: &RunDir, weights_sha256: &str) -> Option<CorruptionScores> {
    #[derive(Deserialize)]
    struct Before {
        weights_sha256: String,
        corruptions: Option<CorruptionScores>,
    }
    let text = fs::read(run.test_file()).ok()?;
    let before: Before = serde_json::from_slice(&text).ok()?;
    before.corruptions.filter(|_| before.weights_sha256 == weights_sha256)
}

fn answers(model: &Cnn, pictures: &Subset, device: &Device) -> Predictions {
    let bar = ProgressBar::new(pictures.len() as u64);
    let predictions = predict(model, pictures, device, &mut |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    predictions
}

/// MNIST-C: the test pictures corrupted in fifteen ways, always in the same way.
fn corrupted(model: &Cnn, pictures: &TestSet, device: &Device) -> CorruptionScores {
    let bar = ProgressBar::new(Corruption::ALL.len() as u64);
    let each: Vec<CorruptionScore> = Corruption::ALL
        .into_iter()
        .map(|corruption| {
            let worse = pictures.corrupted(corruption, |index| corruption_generator(corruption, index));
            let score = Score::new(&predict(model, worse.subset(), device, &mut |_| ()));
            bar.inc(1);
            CorruptionScore { name: corruption.name().to_owned(), accuracy: score.accuracy }
        })
        .collect();
    bar.finish_and_clear();
    let mean_accuracy = each.iter().map(|score| score.accuracy).sum::<f64>() / each.len().max(1) as f64;
    CorruptionScores { mean_accuracy, each }
}
