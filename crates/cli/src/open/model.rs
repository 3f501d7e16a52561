//! Opens the model that reads images: the one that comes with the program, that of a run, or a model file.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use network::forward::Predictor;
use network::reading::Reader;
use network::{ModelFile, builtin};
use prepare::Preparation;

use crate::exit::note;
use crate::open::find;
use crate::paths::short;

/// The word for the run that was begun last.
const LATEST: &str = "latest";
/// A model file is read up to this length, which is more than any may have.
const LONGEST_FILE: u64 = 1 << 30;

/// A model that is ready to read.
pub(crate) struct Model {
    pub(crate) reader: Reader,
    /// The names of the classes, in the order of their numbers.
    pub(crate) classes: Vec<String>,
}

/// The model of a run or in a file, or the one that comes with the program. It takes images as its own were prepared,
/// unless `preparation` says otherwise. A note says which model it is.
///
/// # Errors
/// If there is no such run, or no model in it.
pub(crate) fn open(named: Option<&Path>, preparation: Option<Preparation>) -> anyhow::Result<Model> {
    let (file, name) = file(named)?;
    ready(file, preparation).with_context(|| format!("{name} cannot be used"))
}

/// The same model as a file, and what it is called. A note says which one it is.
///
/// # Errors
/// As [`open`].
pub(crate) fn file(named: Option<&Path>) -> anyhow::Result<(ModelFile, String)> {
    let Some(named) = named else {
        let name = "the model that comes with the program";
        let model = builtin::digits().context(name)?;
        note(&format!("reading with the built-in model, trained on {}", model.source.dataset));
        return Ok((model, name.into()));
    };
    if named.is_file() {
        let model = read(named).with_context(|| format!("{} cannot be used as a model", short(named)))?;
        let name = format!("the model in {}", short(named));
        note(&format!("reading with {name}"));
        return Ok((model, name));
    }
    // A folder of that name is meant if there is one.
    let is_latest = named.as_os_str() == LATEST && fs::symlink_metadata(named).is_err();
    let run = find::one_run(Some(named).filter(|_| !is_latest), "reading with")?;
    let best = run.best_model()?;
    if !is_latest {
        note(&format!("reading with {}, epoch {}", short(run.path()), best.epoch()));
    }
    let model = run.model_file(&best, &run.config()?)?;
    Ok((model, format!("the model in {}", short(&best.folder))))
}

fn read(path: &Path) -> anyhow::Result<ModelFile> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST_FILE).read_to_end(&mut bytes)?;
    Ok(ModelFile::from_bytes(&bytes)?)
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
