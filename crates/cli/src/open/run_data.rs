//! Finds the data directory for a run that exists already: a run remembers where its images were.

use std::path::{Path, PathBuf};

use dataset::{Name, Split};
use learner::Config;
use learner::run::{RunDir, SeedsDir};
use learner::sweep::SweepDir;

use crate::args::DataDirArg;
use crate::exit::note;
use crate::paths::{data_dir, short};

/// The data directory for a run: `--data-dir`, else `MNIST_CNN_DATA`, else the run's own one if the images are
/// still there, else the usual one.
pub(crate) fn for_run(arg: &DataDirArg, run: &RunDir, config: &Config) -> PathBuf {
    let remembered = run.info().ok().and_then(|info| info.data_dir);
    choose(arg, config, remembered.as_deref())
}

/// As [`for_run`], for the runs in a folder of several.
pub(crate) fn for_seeds(arg: &DataDirArg, seeds: &SeedsDir, config: &Config) -> PathBuf {
    choose(arg, config, seeds.info().data_dir.as_deref())
}

/// As [`for_run`], for the trials of a sweep.
pub(crate) fn for_sweep(arg: &DataDirArg, sweep: &SweepDir, config: &Config) -> PathBuf {
    choose(arg, config, sweep.info().data_dir.as_deref())
}

/// The data directory that a new folder of runs remembers. There is none for the images that come with the program.
pub(crate) fn of_new(arg: &DataDirArg, config: &Config) -> Option<PathBuf> {
    (config.data().dataset != Name::SAMPLE).then(|| data_dir(arg))
}

fn choose(arg: &DataDirArg, config: &Config, remembered: Option<&str>) -> PathBuf {
    let Some(place) = remembered.map(Path::new).filter(|_| arg.data_dir.is_none()) else {
        return data_dir(arg);
    };
    // A run was trained, so the training files were there. The test files may be fetched to the same place.
    let folder = config.data().dataset.folder(place);
    if config.description().files_of(&[Split::Train]).all(|file| folder.join(&*file.name).is_file()) {
        return place.to_owned();
    }
    note(&format!("note: the data is not where this run had it ({})", short(&folder)));
    data_dir(arg)
}
