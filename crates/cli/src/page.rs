//! A run as the page shows it: gathered from its directory, with the images that it classified wrongly.

use std::fs;
use std::path::Path;

use anyhow::Context;
use dataset::Subset;
use learner::run_dir::{RunDir, RunDirError, now};
use model::{Architecture, Weights};
use report::{Evaluated, EvaluationFile, Filters, Image, LayerRow, Run};
use run_files::{TestFile, ValidationFile};
use serde::de::DeserializeOwned;

use crate::exit::note;
use crate::paths::short;
use crate::summary::shape;

/// Writes a run's page into its directory. `images` gives those that the run was evaluated on, if they
/// are at hand; without them the page has no gallery.
///
/// # Errors
/// If the run's files cannot be used, or the page cannot be written.
pub(crate) fn write(
    run: &RunDir,
    images: impl FnOnce(&EvaluationFile) -> anyhow::Result<Option<Subset>>,
) -> anyhow::Result<()> {
    let shown = gather(run, images)?;
    let html = report::page(&[shown], &now())?;
    Ok(run.write(&run.page(), html.as_bytes())?)
}

/// Writes a page with several runs side by side.
///
/// # Errors
/// If a run's files cannot be used, or the page cannot be written.
pub(crate) fn write_several(runs: &[Run], file: &Path) -> anyhow::Result<()> {
    let html = report::page(runs, &now())?;
    fs::write(file, html).with_context(|| format!("{} cannot be written", short(file)))
}

/// What the files of a run's directory say of it.
pub(crate) fn gather(
    run: &RunDir,
    images: impl FnOnce(&EvaluationFile) -> anyhow::Result<Option<Subset>>,
) -> anyhow::Result<Run> {
    let config = run.config()?;
    let (best, _) = run.best_model()?;
    let sha256 = best.weights.sha256()?;
    let evaluated = match evaluation(run, &sha256) {
        None => None,
        Some(file) => Some(match images(&file)? {
            Some(images) => Evaluated { gallery: gallery(&file, &images), file },
            None => Evaluated { file: without_mistakes(file), gallery: Vec::new() },
        }),
    };
    Ok(Run {
        name: short(run.path()),
        config: read(&run.config_file())?,
        info: json(&run.info_file())?,
        metrics: report::metrics(&read(&run.metrics())?).map_err(|error| damaged(&run.metrics(), &error))?,
        evaluated,
        times_tested: run.times_tested(),
        layers: layers(config.architecture()),
        filters: filters(&best.weights),
    })
}

/// The evaluation of the model that is the best one now: on the test set, or else on validation.
///
/// A run that was resumed after its test has another best model, which nobody has tested.
fn evaluation(run: &RunDir, sha256: &str) -> Option<EvaluationFile> {
    let test = readable(&run.test_file()).filter(|test: &TestFile| test.weights_sha256 == sha256);
    test.map(EvaluationFile::Test).or_else(|| {
        let validation: ValidationFile = readable(&run.validation_file())?;
        (validation.weights_sha256 == sha256).then_some(EvaluationFile::Validation(validation))
    })
}

/// A file that need not be there. If it is damaged, the rest of the page is worth having all the same.
fn readable<T: DeserializeOwned>(path: &Path) -> Option<T> {
    if !path.is_file() {
        return None;
    }
    json(path).map_err(|error| note(&format!("warning: {error:#}; it is left out of the report"))).ok()
}

/// Whether the run's best model has been tested.
pub(crate) fn is_tested(run: &RunDir, sha256: &str) -> bool {
    json::<TestFile>(&run.test_file()).is_ok_and(|test| test.weights_sha256 == sha256)
}

fn gallery(file: &EvaluationFile, images: &Subset) -> Vec<Image> {
    let image = |index: usize| {
        let i = (0..images.len()).find(|&i| images.index(i) == index)?;
        let [height, width] = [images.height(), images.width()];
        Some(Image { height, width, pixels: images.image(i).to_vec() })
    };
    // An image that is not there any more leaves an empty place.
    file.worst().iter().map(|mistake| image(mistake.index).unwrap_or_default()).collect()
}

fn without_mistakes(file: EvaluationFile) -> EvaluationFile {
    match file {
        EvaluationFile::Validation(file) => {
            EvaluationFile::Validation(ValidationFile { worst: Vec::new(), ..file })
        }
        EvaluationFile::Test(file) => EvaluationFile::Test(TestFile { worst: Vec::new(), ..file }),
    }
}

fn layers(architecture: &Architecture) -> Vec<LayerRow> {
    let layer = |layer: model::architecture::Layer| LayerRow {
        name: layer.name,
        kind: layer.kind,
        output: shape(&layer.output),
        parameters: layer.parameters,
        multiply_adds: layer.multiply_adds,
    };
    architecture.layers().into_iter().map(layer).collect()
}

/// The filters of the first unit, if there is one.
fn filters(weights: &Weights) -> Option<Filters> {
    let (shape, values) = weights.get("units.0.conv.weight")?;
    // [filters, channels, height, width]
    Some(Filters { shape: shape.try_into().ok()?, values: values.to_vec() })
}

fn read(path: &Path) -> Result<String, RunDirError> {
    fs::read_to_string(path).map_err(|error| damaged(path, &error))
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, RunDirError> {
    serde_json::from_str(&read(path)?).map_err(|error| damaged(path, &error))
}

fn damaged(path: &Path, problem: &dyn std::fmt::Display) -> RunDirError {
    RunDirError::Damaged {
        path: path.to_owned(),
        problem: format!("{problem}; expected the file as this program writes it; bring it back from a copy"),
    }
}
