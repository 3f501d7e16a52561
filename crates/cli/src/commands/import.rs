//! `import`: makes a run of weights that were trained elsewhere.

use std::path::Path;

use anyhow::Context;
use dataset::Split;
use learner::Config;
use learner::run::data::TrainingData;
use learner::run::importing::{self, ImportedRun};
use learner::run::{RunDirError, RunLock};
use network::import;
use run_files::names;
use serde_json::json;

use crate::args::ImportArgs;
use crate::commands::page;
use crate::exit::{note, print};
use crate::open::{device, disk_limits, weights_file};
use crate::paths::{command, data_dir, quoted, read_config, runs_dir, short};

pub(crate) fn run(args: &ImportArgs) -> anyhow::Result<()> {
    let config = read_config(&args.config, &args.data_dir)?;
    let bytes = weights_file::read(&args.file)?;
    let read = import::read(&bytes, config.architecture(), args.layout.map(Into::into));
    let read = read.with_context(|| short(&args.file))?;
    for changed in &read.notes {
        note(&format!("note: {changed}"));
    }
    let mut lock = lock(args)?;
    disk_limits::warn_of_training(&lock);
    let opened = device::open(args.backend.requested())?;
    let data = at_hand(&config, &data_dir(&args.data_dir));
    let imported = importing::import(&mut lock, &config, read.tensors, &args.file, data.as_ref(), &opened)?;
    let images = data.map(|data| data.validation.subset().clone());
    let of_split = |split| images.clone().filter(|_| split == Split::Validation);
    page::write(&imported.run, &imported.model, &of_split)?;
    print(&if args.json { as_json(&imported)? } else { as_text(&imported, read.layout) })
}

/// Locks the folder that the arguments name, or the next numbered one.
fn lock(args: &ImportArgs) -> Result<RunLock, RunDirError> {
    match &args.run_dir {
        Some(path) => RunLock::new_run(path),
        None => {
            let stem = args.file.file_stem().map_or("imported".into(), |stem| stem.to_string_lossy());
            RunLock::numbered(&runs_dir(), &stem)
        }
    }
}

/// The images to validate on, if they need not be fetched. The weights were not trained on them, so the import does
/// not depend on them.
fn at_hand(config: &Config, data_dir: &Path) -> Option<TrainingData> {
    match TrainingData::load(config, data_dir) {
        Ok(data) => Some(data),
        Err(error) => {
            note(&format!("note: the model is not validated, because its data set is not at hand: {error}"));
            None
        }
    }
}

fn as_text(imported: &ImportedRun, layout: import::Layout) -> String {
    let path = imported.run.path();
    let mut text =
        format!("Run:        {}\nWeights:    {}\nLayout:     {layout}\n", short(path), imported.model.sha256);
    if let Some(score) = imported.score {
        text += &format!("Validation: {:.2} %, loss {:.4}\n", 100.0 * score.accuracy, score.loss);
    }
    text + &format!("Test it:    {}\n", command(&format!("test -p {}", quoted(path))))
}

fn as_json(imported: &ImportedRun) -> anyhow::Result<String> {
    let value = json!({
        "run": imported.run.path().display().to_string(),
        "weights": imported.model.weights_file().display().to_string(),
        "weights_sha256": imported.model.sha256,
        "validation": imported.score.map(|score| json!({ "accuracy": score.accuracy, "loss": score.loss })),
        "report": imported.run.file(names::PAGE).display().to_string(),
    });
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}
