//! `train --init`: reads the weights that a new run begins with.

use std::path::Path;

use learner::Config;
use learner::run::find::RunOrSeeds;
use learner::run::initial::InitialWeights;

use crate::args::TrainArgs;
use crate::exit::note;
use crate::open::weights_file;
use crate::paths::short;

/// The weights of the run or of the file at this path.
pub(super) fn read(from: &Path, args: &TrainArgs, config: &Config) -> anyhow::Result<InitialWeights> {
    if from.is_file() {
        let bytes = weights_file::read(from)?;
        return Ok(InitialWeights::of_file(from, &bytes, config, args.layout.map(Into::into))?);
    }
    let run = RunOrSeeds::open(from)?.one_run()?;
    Ok(InitialWeights::of_run(&run, &short(from), config)?)
}

/// Says what a run begins with.
pub(super) fn announce(initial: &InitialWeights, config: &Config) {
    note(&format!("beginning with the weights of {}", initial.source().from));
    for changed in initial.notes() {
        note(&format!("note: {changed}"));
    }
    if let Some(classes) = initial.other_classes(config) {
        note(&format!(
            "note: its output layer has {classes} classes and this data set {}, so that layer begins anew",
            config.architecture().classes()
        ));
    }
}
