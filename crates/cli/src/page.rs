//! A run as the page shows it: gathered from its directory, with the pictures it was wrong about.

use std::fs;
use std::path::Path;

use anyhow::Context;
use dataset::Subset;
use learner::run_dir::{RunDir, RunDirError, now};
use network::{Architecture, NamedTensors};
use report::{Filters, Judged, Layer, Picture, Run, Split, Test};

use crate::exit::note;
use crate::paths::short;
use crate::summary::shape;

/// Writes a run's page into its directory. `pictures` gives those that the run was judged on, if they
/// are at hand; without them the page has no gallery.
///
/// # Errors
/// If the run's files cannot be used, or the page cannot be written.
pub(crate) fn write(
    run: &RunDir,
    pictures: impl FnOnce(Split) -> anyhow::Result<Option<Subset>>,
) -> anyhow::Result<()> {
    let shown = gather(run, pictures)?;
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
    pictures: impl FnOnce(Split) -> anyhow::Result<Option<Subset>>,
) -> anyhow::Result<Run> {
    let config = run.config()?;
    let (best, _) = run.best_model()?;
    let sha256 = best.weights.sha256()?;
    let judged = match judgement(run, &sha256) {
        None => None,
        Some((on, mut result)) => {
            let pictures = pictures(on)?;
            if pictures.is_none() {
                result.worst.clear();
            }
            let gallery = pictures.map_or_else(Vec::new, |pictures| gallery(&result, &pictures));
            Some(Judged { on, result, gallery })
        }
    };
    Ok(Run {
        name: short(run.path()),
        config: read(&run.config_file())?,
        info: json(&run.info_file())?,
        events: report::events(&read(&run.metrics())?).map_err(|error| damaged(&run.metrics(), &error))?,
        judged,
        times_tested: run.times_tested(),
        layers: layers(config.architecture()),
        filters: filters(&best.weights),
    })
}

/// The judgement of the model that is the best one now: on the test set, or else on validation.
///
/// A run that went on after it was tested has another best model, which nobody has tested.
fn judgement(run: &RunDir, sha256: &str) -> Option<(Split, Test)> {
    for (on, file) in [(Split::Test, run.test_file()), (Split::Validation, run.validation_file())] {
        if !file.is_file() {
            continue;
        }
        match json::<Test>(&file) {
            Ok(result) if result.weights_sha256 == sha256 => return Some((on, result)),
            Ok(_) => {}
            // The rest of the page is worth having.
            Err(error) => note(&format!("warning: {error:#}; it is left out of the report")),
        }
    }
    None
}

/// Whether the run's best model has been tested.
pub(crate) fn is_tested(run: &RunDir, sha256: &str) -> bool {
    json::<Test>(&run.test_file()).is_ok_and(|test| test.weights_sha256 == sha256)
}

fn gallery(result: &Test, pictures: &Subset) -> Vec<Picture> {
    let picture = |index: usize| {
        let i = (0..pictures.len()).find(|&i| pictures.index(i) == index)?;
        let [height, width] = [pictures.height(), pictures.width()];
        Some(Picture { height, width, pixels: pictures.image(i).to_vec() })
    };
    // A picture that is not there any more leaves an empty place.
    result.worst.iter().map(|mistake| picture(mistake.index).unwrap_or_default()).collect()
}

fn layers(architecture: &Architecture) -> Vec<Layer> {
    let layer = |layer: network::LayerRow| Layer {
        name: layer.name,
        kind: layer.kind,
        output: shape(&layer.output),
        parameters: layer.parameters,
        multiply_adds: layer.multiply_adds,
    };
    architecture.layers().into_iter().map(layer).collect()
}

/// Of the first unit, if there is one.
fn filters(weights: &NamedTensors) -> Option<Filters> {
    let (shape, values) = weights.get("units.0.conv.weight")?;
    // [filters, channels, height, width]
    Some(Filters { shape: shape.try_into().ok()?, values: values.to_vec() })
}

fn read(path: &Path) -> Result<String, RunDirError> {
    fs::read_to_string(path).map_err(|error| damaged(path, &error))
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, RunDirError> {
    serde_json::from_str(&read(path)?).map_err(|error| damaged(path, &error))
}

fn damaged(path: &Path, problem: &dyn std::fmt::Display) -> RunDirError {
    RunDirError::Damaged {
        path: path.to_owned(),
        problem: format!("{problem}; expected the file as this program writes it; bring it back from a copy"),
    }
}
