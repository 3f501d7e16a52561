//! Opens the model that reads images: the one that comes with the program, or that of a run.

use std::path::Path;

use anyhow::Context;
use network::ModelFile;
use network::forward::Predictor;
use network::reading::Reader;
use prepare::Preparation;

use crate::exit::note;
use crate::open::find;
use crate::paths::short;

/// The model that comes with the program. docs/predict.md says how it was made.
const BUILT_IN: &[u8] = include_bytes!("../../../network/models/digits.safetensors");

/// The word for the run that was begun last.
const LATEST: &str = "latest";

/// A model that is ready to read.
pub(crate) struct Model {
    pub(crate) reader: Reader,
    /// The names of the classes, in the order of their numbers.
    pub(crate) classes: Vec<String>,
}

/// The model of a run, or the one that comes with the program. It takes images as its own were prepared, unless
/// `preparation` says otherwise. A note says which model it is.
///
/// # Errors
/// If there is no such run, or no model in it.
pub(crate) fn open(named: Option<&Path>, preparation: Option<Preparation>) -> anyhow::Result<Model> {
    let Some(named) = named else {
        let model = ModelFile::from_bytes(BUILT_IN).context("the model that comes with the program")?;
        note(&format!("reading with the built-in model, trained on {}", model.source.dataset));
        return ready(model, preparation);
    };
    // A folder of that name is meant if there is one.
    let is_latest = named.as_os_str() == LATEST && !named.is_dir();
    let run = find::one_run(Some(named).filter(|_| !is_latest), "reading with")?;
    let best = run.best_model()?;
    if !is_latest {
        note(&format!("reading with {}, epoch {}", short(run.path()), best.epoch()));
    }
    let model = run.model_file(&best, &run.config()?)?;
    ready(model, preparation).with_context(|| format!("the model in {} cannot be used", short(&best.folder)))
}

fn ready(model: ModelFile, preparation: Option<Preparation>) -> anyhow::Result<Model> {
    let preparation = match preparation {
        Some(preparation) => preparation,
        None => model.preparation.parse()?,
    };
    let predictor = Predictor::new(model.architecture, &model.weights)?;
    let reader = Reader::new(predictor, preparation, model.thresholds.unwrap_or_default());
    Ok(Model { reader, classes: model.classes })
}
