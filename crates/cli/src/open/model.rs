//! Opens the model that reads images: that of a run.

use std::path::Path;

use anyhow::Context;
use learner::run::RunDir;
use network::Thresholds;
use network::forward::Predictor;
use network::reading::Reader;
use prepare::Preparation;

use crate::exit::note;
use crate::open::find;
use crate::paths::short;

/// The word for the run that was begun last.
const LATEST: &str = "latest";

/// A model that is ready to read.
pub(crate) struct Model {
    pub(crate) reader: Reader,
    /// The names of the classes, in the order of their numbers.
    pub(crate) classes: Vec<String>,
}

/// The model of a run, prepared for as its data were unless `preparation` says otherwise.
///
/// # Errors
/// If there is no such run, or no model in it.
pub(crate) fn open(named: Option<&Path>, preparation: Option<Preparation>) -> anyhow::Result<Model> {
    // A folder of that name is meant if there is one.
    let named = named.filter(|path| path.as_os_str() != LATEST || path.is_dir());
    of_run(&find::one_run(named, "reading with")?, preparation)
}

fn of_run(run: &RunDir, preparation: Option<Preparation>) -> anyhow::Result<Model> {
    let config = run.config()?;
    let best = run.best_model()?;
    let predictor = Predictor::new(config.architecture().clone(), &best.snapshot.weights)
        .with_context(|| format!("the weights in {} cannot be used", short(&best.folder)))?;
    note(&format!("reading with {}, epoch {}", short(run.path()), best.epoch()));
    let preparation = preparation.unwrap_or(Preparation::Ink);
    let classes = config.description().classes.clone();
    Ok(Model { reader: Reader::new(predictor, preparation, Thresholds::default()), classes })
}
