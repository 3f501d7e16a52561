//! Tests a run's best model: evaluates it on test images, counts the test, and writes the results.

use std::path::{Path, PathBuf};

use dataset::{Corruption, Description, Name, Subset, TestSet};
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
use crate::run::error::{RunDirError, Unwritten};
use crate::run::folder::{now, write_json_result, write_result};
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
    #[error("{}", run.display())]
    Unfit { run: PathBuf, source: UnfitData },
}

/// Why a model cannot be tested on a data set that it was not trained on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnfitData {
    #[error("{}", other_classes(trained, data))]
    Classes { trained: Box<Description>, data: Box<Description> },
    /// The labels were not given the numbers of the model's classes.
    #[error("found labels of {found} classes, expected the numbers of the model's {expected}")]
    Numbers { found: usize, expected: usize },
    #[error("found images of {}x{} pixels, expected {}x{}", found[0], found[1], expected[0], expected[1])]
    Size { found: [usize; 2], expected: [usize; 2] },
}

/// Both data sets with their classes, and the first one that the model does not know.
fn other_classes(trained: &Description, data: &Description) -> String {
    let [own, others] = [trained, data].map(|data| listed(&data.classes));
    let (own_title, title) = (&trained.title, &data.title);
    let unknown = data.numbers_among(&trained.classes).err().unwrap_or_default();
    format!(
        "the model was trained on the classes of {own_title} ({own}), but those of {title} are {others}; expected \
         classes that the model knows, and {unknown:?} is none of them"
    )
}

/// The names of classes in a row: all of them, or the first ones of many.
fn listed(classes: &[String]) -> String {
    const MOST: usize = 12;
    match classes.len().saturating_sub(MOST) {
        0 | 1 => classes.join(", "),
        more => format!("{} and {more} more", classes[..MOST].join(", ")),
    }
}

/// The options of a test.
#[derive(Clone, Copy, Debug)]
pub struct TestRequest<'a> {
    /// The run's name in `test.json`, as a person would write it.
    pub name: &'a str,
    /// The data set whose test images are given.
    pub dataset: Name,
    /// What this data set is. The images are numbered by the classes of the run, though: see [`check_fit`].
    pub description: &'a Description,
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
    /// Why the test is not in the log of the run's tests, if it could not be written there.
    pub uncounted: Option<Unwritten>,
    /// Set if the run's tests were counted without a lock.
    pub limit: Option<DiskLimit>,
}

impl TestedRun {
    /// Writes `predictions.csv` and `test.json` into a folder, which is made if it is missing. The results on
    /// another data set than the run's own have the data set's name in their names. If one file cannot be
    /// written, the other is written all the same.
    pub fn save(&self, images: &TestSet, folder: &Path) -> [Result<PathBuf, Unwritten>; 2] {
        let name = |name: &str| match &self.file.trained_on {
            None => name.to_owned(),
            Some(_) => names::on_other_data(name, &self.file.dataset),
        };
        let csv = predictions_csv::render(&self.probabilities, images.subset());
        [
            write_result(folder, &name(names::PREDICTIONS), csv.as_bytes()),
            write_json_result(folder, &name(names::TEST), &self.file),
        ]
    }
}

/// How far a test has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestProgress {
    /// The number of images whose logits are computed.
    Images(usize),
    /// The number of corruptions that are done.
    Corruptions(usize),
}

/// Tests a run's best model on test images, and counts the test in the run's `tests.jsonl`. No other file is
/// written, so that the results can be shown before [`TestedRun::save`] writes them.
///
/// # Errors
/// If the images do not fit the model, the model cannot be used, or its logits are not finite. A test that
/// cannot be counted is not an error; [`TestedRun::uncounted`] says why.
pub fn test(
    run: &RunDir,
    best: &BestModel,
    images: &TestSet,
    opened: &Opened,
    request: &TestRequest<'_>,
    progress: &mut dyn FnMut(TestProgress),
) -> Result<TestedRun, EvaluateError> {
    let config = run.config()?;
    let (trained, name) = (config.data().dataset, request.dataset);
    let unfit = |source| EvaluateError::Unfit { run: run.path().to_owned(), source };
    check_fit(config.description(), request.description).map_err(unfit)?;
    check_numbers(&config, images.subset()).map_err(unfit)?;
    check_size(&config, images.subset()).map_err(unfit)?;
    let model = load_model(&config, best, opened)?;
    let logits =
        predict(&model, images.subset(), &opened.device, &mut |done| progress(TestProgress::Images(done)));
    let probabilities = Probabilities::new(&logits)
        .map_err(|source| EvaluateError::NotFinite { run: run.path().to_owned(), source })?;
    let evaluation = evaluate(&probabilities, &config.description().classes);
    let tested = now();
    let corruptions = if request.corruptions {
        Some(corrupted(&model, images, opened, progress))
    } else {
        // The scores of an earlier test of the same model are still valid, so they are kept.
        run.test_of(best).filter(|_| name == trained).and_then(|before| before.corruptions)
    };
    let (NotedTest { times_tested, limit }, uncounted) = count(
        run,
        &TestNote {
            tested: tested.clone(),
            weights_sha256: best.sha256.clone(),
            dataset: name.to_string(),
            accuracy: evaluation.accuracy,
        },
    );
    let file = TestFile {
        run: request.name.to_owned(),
        epoch: best.epoch(),
        weights_sha256: best.sha256.clone(),
        dataset: name.to_string(),
        trained_on: (name != trained).then(|| trained.to_string()),
        data_sha256: checksums(request.description),
        backend: opened.backend.name().to_owned(),
        tested,
        times_tested,
        evaluation,
        worst: worst(&probabilities, images.subset(), request.worst),
        corruptions,
    };
    Ok(TestedRun { file, logits, probabilities, uncounted, limit })
}

/// Appends a test to the run's log, and says how often the run was tested on this data set. If the log cannot be
/// written, the tests that it already has are counted, and this one.
fn count(run: &RunDir, note: &TestNote) -> (NotedTest, Option<Unwritten>) {
    let before = run.times_tested(&note.dataset);
    match run.note_test(note) {
        Ok(noted) => (noted, None),
        Err(source) => {
            let noted = NotedTest { times_tested: before + 1, limit: None };
            (noted, Some(Unwritten { path: run.file(names::TESTS), source: Box::new(source) }))
        }
    }
}

/// Checks that a model of one data set can be tested on another one: that the model knows all its classes, by their
/// names, and images of its size. Returns the model's number of each class. The labels need these numbers before the
/// test, by [`TestSet::renumbered`]; a class that the model knows and the data set lacks has no images then.
///
/// # Errors
/// If the model does not know a class, or the sizes differ.
pub fn check_fit(trained: &Description, data: &Description) -> Result<Vec<u8>, UnfitData> {
    let Ok(numbers) = data.numbers_among(&trained.classes) else {
        let [trained, data] = [trained, data].map(|data| Box::new(data.clone()));
        return Err(UnfitData::Classes { trained, data });
    };
    let [expected, found] = [trained, data].map(|data| [data.height, data.width]);
    if found == expected { Ok(numbers) } else { Err(UnfitData::Size { found, expected }) }
}

fn check_numbers(config: &Config, images: &Subset) -> Result<(), UnfitData> {
    let (found, expected) = (images.classes(), config.architecture().classes());
    if found == expected { Ok(()) } else { Err(UnfitData::Numbers { found, expected }) }
}

fn check_size(config: &Config, images: &Subset) -> Result<(), UnfitData> {
    let input = config.architecture().input();
    let (found, expected) = ([images.height(), images.width()], [input.height, input.width]);
    if found == expected { Ok(()) } else { Err(UnfitData::Size { found, expected }) }
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

#[cfg(test)]
mod tests {
    use dataset::idx::{Images, Labels};

    use super::*;

    #[test]
    fn a_model_is_tested_only_on_images_of_its_classes_and_size() {
        let [mnist, fashion, sample] = [Name::MNIST, Name::FASHION_MNIST, Name::SAMPLE]
            .map(|name| Description::in_catalog(name).unwrap());
        assert_eq!(check_fit(&mnist, &sample), Ok((0..10).collect()));
        let few = Description { classes: vec!["7".to_owned(), "3".to_owned()], ..mnist.clone() };
        assert_eq!(check_fit(&mnist, &few), Ok(vec![7, 3]));
        assert!(check_fit(&few, &mnist).unwrap_err().to_string().ends_with("and \"0\" is none of them"));
        let refused = check_fit(&fashion, &mnist).unwrap_err().to_string();
        assert!(
            refused.contains("Fashion-MNIST (T-shirt/top, ") && refused.contains("MNIST are 0, 1, "),
            "{refused}"
        );
        assert!(refused.ends_with("and \"0\" is none of them"), "{refused}");
        let many = Description { classes: (0..256).map(|i| i.to_string()).collect(), ..mnist.clone() };
        let refused = check_fit(&mnist, &many).unwrap_err().to_string();
        assert!(refused.contains("10, 11 and 244 more; ") && refused.ends_with("and \"10\" is none of them"));
        let wide = Description { width: 32, ..mnist.clone() };
        assert_eq!(
            check_fit(&mnist, &wide).unwrap_err().to_string(),
            "found images of 28x32 pixels, expected 28x28"
        );
        let config = Config::new(Default::default(), &Description::in_catalog).unwrap();
        let of_size = |height: usize, width: usize| {
            let images = Images::new(1, height, width, vec![0; height * width]).unwrap();
            let set = TestSet::from_images(images, Labels::new(vec![0], 10).unwrap(), 10).unwrap();
            check_size(&config, set.subset())
        };
        assert_eq!(of_size(28, 28), Ok(()));
        assert_eq!(of_size(32, 28), Err(UnfitData::Size { found: [32, 28], expected: [28, 28] }));
    }
}
