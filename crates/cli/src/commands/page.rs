//! Makes the page of a run from its folder, its network's layers and the images that were classified wrongly.

use std::fs;
use std::path::Path;

use dataset::{Split, Subset};
use learner::run::{BestModel, RunDir, now};
use network::{Architecture, NamedTensors};
use report::{Evaluated, EvaluationFile, Filters, Image, LayerRow, Run};
use run_files::{Mistake, TestFile, names};

use crate::exit::note;
use crate::paths::short;
use crate::ui::numbers::shape;

/// Writes a run's page into its folder. `images` gives the images that the run was evaluated on, if they
/// are at hand; without them the page has no gallery.
///
/// # Errors
/// If the run's files cannot be used, or the page cannot be written.
pub(crate) fn write(
    run: &RunDir,
    best: &BestModel,
    images: &dyn Fn(Split) -> Option<Subset>,
) -> anyhow::Result<()> {
    let html = html(&[gather(run, best, images)?])?;
    Ok(run.write(names::PAGE, html.as_bytes())?)
}

/// Whether a file is a whole page that shows the models whose weights have these SHA-256s. A page that does not
/// is of other runs or of other models.
pub(crate) fn shows(file: &Path, weights_sha256: &[&str]) -> bool {
    let Ok(page) = fs::read(file) else { return false };
    let page = String::from_utf8_lossy(&page);
    page.trim_end().ends_with("</html>") && weights_sha256.iter().all(|sha256| page.contains(sha256))
}

/// A page that shows one run, or several side by side.
///
/// # Errors
/// If the page cannot be made.
pub(crate) fn html(runs: &[Run]) -> anyhow::Result<String> {
    Ok(report::page(runs, &now())?)
}

/// Hands the images of one split to [`write()`] or [`gather`], for a command that has loaded only these.
pub(crate) fn only(split: Split, images: &Subset) -> impl Fn(Split) -> Option<Subset> {
    move |wanted| (wanted == split).then(|| images.clone())
}

/// Collects what the page shows of a run and of its best model.
///
/// # Errors
/// If the run's files cannot be used.
pub(crate) fn gather(
    run: &RunDir,
    best: &BestModel,
    images: &dyn Fn(Split) -> Option<Subset>,
) -> anyhow::Result<Run> {
    let (shown, warnings) = Run::read(run.path(), short(run.path()), &best.sha256)?;
    for warning in warnings {
        // A damaged file must not keep the rest of the page from being shown.
        note(&format!("warning: {warning}; it is left out of the report"));
    }
    complete(shown, run, best, images)
}

/// As [`gather`], for a run that was tested just now. The page shows this test, wherever its files were written.
///
/// # Errors
/// As [`gather`].
pub(crate) fn gather_tested(
    run: &RunDir,
    best: &BestModel,
    test: &TestFile,
    images: &Subset,
) -> anyhow::Result<Run> {
    let (mut shown, _) = Run::read(run.path(), short(run.path()), &best.sha256)?;
    shown.evaluated = Some(Evaluated { file: EvaluationFile::Test(test.clone()), gallery: Vec::new() });
    shown.times_tested = test.times_tested;
    complete(shown, run, best, &only(Split::Test, images))
}

/// Adds to a run what is not in the files that describe it: images, layers and filters.
fn complete(
    mut shown: Run,
    run: &RunDir,
    best: &BestModel,
    images: &dyn Fn(Split) -> Option<Subset>,
) -> anyhow::Result<Run> {
    if let Some(evaluated) = &mut shown.evaluated {
        add_gallery(evaluated, images);
    }
    shown.layers = layers(run.config()?.architecture());
    shown.filters = filters(&best.snapshot.weights);
    Ok(shown)
}

fn add_gallery(evaluated: &mut Evaluated, images: &dyn Fn(Split) -> Option<Subset>) {
    let (split, worst) = match &mut evaluated.file {
        EvaluationFile::Validation(file) => (Split::Validation, &mut file.worst),
        EvaluationFile::Test(file) => (Split::Test, &mut file.worst),
    };
    match images(split) {
        None => worst.clear(),
        Some(images) => evaluated.gallery = worst.iter().map(|mistake| image(mistake, &images)).collect(),
    }
}

/// The image of a mistake; an empty one if it is no longer among the images.
fn image(mistake: &Mistake, images: &Subset) -> Image {
    let position = (0..images.len()).find(|&i| images.index(i) == mistake.index);
    let [height, width] = [images.height(), images.width()];
    let image = position.map(|i| Image { height, width, pixels: images.image(i).to_vec() });
    image.unwrap_or_default()
}

fn layers(architecture: &Architecture) -> Vec<LayerRow> {
    let row = |layer: network::LayerRow| LayerRow {
        name: layer.name,
        kind: layer.kind,
        output: shape(&layer.output),
        parameters: layer.parameters,
        multiply_adds: layer.multiply_adds,
    };
    architecture.layers().into_iter().map(row).collect()
}

/// The filters of the first unit, if there is one.
fn filters(weights: &NamedTensors) -> Option<Filters> {
    let (shape, values) = weights.get("units.0.conv.weight")?;
    // [filters, channels, height, width]
    Some(Filters { shape: shape.try_into().ok()?, values: values.to_vec() })
}
