//! Data sets: fetched if missing, loaded, verified; and the `data` commands.

use std::path::Path;

use dataset::verify::{self, Status};
use dataset::{Name, Split, Subset, TestSet, TrainSet, ValidationSet, fetch, load};
use learner::Config;
use learner::random::{Stream, generator};

use crate::args::DataCommand;
use crate::exit::print;
use crate::paths::{data_dir, short};
use crate::ui::download_bar;

/// The training and validation images that a configuration asks for.
pub(crate) fn training_sets(config: &Config, dir: &Path) -> anyhow::Result<(TrainSet, ValidationSet)> {
    divide(config, whole_training_set(config.data().dataset, dir)?)
}

fn divide(config: &Config, all: TrainSet) -> anyhow::Result<(TrainSet, ValidationSet)> {
    let data = config.data();
    let mut split = generator(data.split_seed, Stream::Split, 0, 0);
    let (train, validation) =
        all.split(data.validation_fraction, &mut split).map_err(dataset::Error::from)?;
    let Some(limit) = data.train_limit else { return Ok((train, validation)) };
    let mut choice = generator(data.split_seed, Stream::Limit, 0, 0);
    let train = train.limit(limit.get(), &mut choice).map_err(dataset::Error::from)?;
    Ok((train, validation))
}

/// The validation images, from files that are there.
pub(crate) fn validation_at_hand(config: &Config, dir: &Path) -> anyhow::Result<ValidationSet> {
    let all = load::load_train(config.data().dataset, dir).map_err(dataset::Error::from)?;
    Ok(divide(config, all)?.1)
}

/// The test images, from files that are there.
pub(crate) fn test_set_at_hand(name: Name, dir: &Path) -> anyhow::Result<TestSet> {
    Ok(load::load_test(name, dir).map_err(dataset::Error::from)?)
}

/// A data set's training file as a whole.
pub(crate) fn whole_training_set(name: Name, dir: &Path) -> anyhow::Result<TrainSet> {
    ensure(name, Split::Train, dir)?;
    Ok(load::load_train(name, dir).map_err(dataset::Error::from)?)
}

/// A data set's test file.
pub(crate) fn test_set(name: Name, dir: &Path) -> anyhow::Result<TestSet> {
    ensure(name, Split::Test, dir)?;
    Ok(load::load_test(name, dir).map_err(dataset::Error::from)?)
}

/// The images of the file with this split, all of them: no images are held out of the training file.
pub(crate) fn whole_file(name: Name, split: Split, dir: &Path) -> anyhow::Result<Subset> {
    Ok(match split {
        Split::Train | Split::Validation => whole_training_set(name, dir)?.subset().clone(),
        Split::Test => test_set(name, dir)?.subset().clone(),
    })
}

fn ensure(name: Name, split: Split, dir: &Path) -> anyhow::Result<()> {
    fetch::ensure(name, &[split], dir, &mut download_bar::listener()).map_err(dataset::Error::from)?;
    Ok(())
}

/// File name and SHA-256 of each file of a data set.
pub(crate) fn checksums(name: Name) -> Vec<(String, String)> {
    name.files().iter().map(|file| (file.name.to_owned(), file.sha256.to_owned())).collect()
}

pub(crate) fn run(command: &DataCommand) -> anyhow::Result<()> {
    match command {
        DataCommand::Download { dataset, from, force, data_dir: dir } => {
            if dataset.files().is_empty() {
                return print(&format!(
                    "{} is part of the program; there is nothing to download\n",
                    dataset.title()
                ));
            }
            let dir = data_dir(dir);
            let place = fetch::download(
                *dataset,
                &Split::ALL,
                &dir,
                from.as_deref(),
                *force,
                &mut download_bar::listener(),
            )
            .map_err(dataset::Error::from)?;
            print(&format!("{} is in {}, verified\n", dataset.title(), short(&place)))
        }
        DataCommand::Verify { dataset, data_dir: dir } => verify(*dataset, &data_dir(dir)),
    }
}

fn verify(name: Name, dir: &Path) -> anyhow::Result<()> {
    let reports = verify::verify(name, &Split::ALL, dir);
    for report in &reports {
        print(&format!("{}: {}\n", short(&report.path), report.status))?;
    }
    match reports.into_iter().find(|report| !matches!(report.status, Status::Ok)) {
        None => Ok(()),
        Some(report) => {
            let (dir, path, status) = (dir.to_owned(), report.path, report.status);
            Err(dataset::Error::Unverified { name, dir, path, status }.into())
        }
    }
}
