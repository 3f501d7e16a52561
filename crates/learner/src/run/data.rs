//! The images that a configuration asks for: fetched if missing, verified, and divided.

use std::path::Path;

use dataset::fetch::{self, FetchEvent};
use dataset::{Name, Split, Subset, TestSet, TrainSet, ValidationSet, load};

use crate::config::Config;
use crate::random::{Stream, generator};

/// The images that a run learns from and those that choose its best epoch.
#[derive(Clone, Debug)]
pub struct TrainingData {
    pub train: TrainSet,
    pub validation: ValidationSet,
}

impl TrainingData {
    /// Divides a data set's training images as the configuration says: always in the same way.
    ///
    /// # Errors
    /// If a class has too few images to be divided.
    pub fn divide(config: &Config, all: TrainSet) -> Result<Self, dataset::Error> {
        let data = config.data();
        let mut split = generator(data.split_seed, Stream::Split, 0, 0);
        let (train, validation) = all.split(data.validation_fraction, &mut split)?;
        let Some(limit) = data.train_limit else { return Ok(Self { train, validation }) };
        let mut choice = generator(data.split_seed, Stream::Limit, 0, 0);
        Ok(Self { train: train.limit(limit.get(), &mut choice)?, validation })
    }

    /// Fetches the training files if they are missing below `dir`, then loads and divides them.
    ///
    /// # Errors
    /// If a file cannot be fetched, is not what it should be, or the images cannot be divided.
    pub fn fetch(
        config: &Config,
        dir: &Path,
        progress: &mut dyn FnMut(FetchEvent),
    ) -> Result<Self, dataset::Error> {
        Self::divide(config, whole_training_set(config.data().dataset, dir, progress)?)
    }

    /// Loads and divides the training files that are there, without a network.
    ///
    /// # Errors
    /// If a file is missing or not what it should be, or the images cannot be divided.
    pub fn load(config: &Config, dir: &Path) -> Result<Self, dataset::Error> {
        Self::divide(config, load::load_train(config.data().dataset, dir)?)
    }
}

/// All images of a data set's training files, fetched if they are missing below `dir`.
///
/// # Errors
/// If a file cannot be fetched or is not what it should be.
pub fn whole_training_set(
    name: Name,
    dir: &Path,
    progress: &mut dyn FnMut(FetchEvent),
) -> Result<TrainSet, dataset::Error> {
    fetch::ensure(name, &[Split::Train], dir, progress)?;
    Ok(load::load_train(name, dir)?)
}

/// The images of a data set's test files, fetched if they are missing below `dir`.
///
/// # Errors
/// If a file cannot be fetched or is not what it should be.
pub fn test_set(
    name: Name,
    dir: &Path,
    progress: &mut dyn FnMut(FetchEvent),
) -> Result<TestSet, dataset::Error> {
    fetch::ensure(name, &[Split::Test], dir, progress)?;
    Ok(load::load_test(name, dir)?)
}

/// All images of the file with this split, fetched if they are missing. No images are held out of the
/// training file, so the validation images are among those of [`Split::Train`].
///
/// # Errors
/// If a file cannot be fetched or is not what it should be.
pub fn whole_file(
    name: Name,
    split: Split,
    dir: &Path,
    progress: &mut dyn FnMut(FetchEvent),
) -> Result<Subset, dataset::Error> {
    Ok(match split {
        Split::Train | Split::Validation => whole_training_set(name, dir, progress)?.subset().clone(),
        Split::Test => test_set(name, dir, progress)?.subset().clone(),
    })
}

/// File name and SHA-256 of each file of a data set.
pub fn checksums(name: Name) -> Vec<(String, String)> {
    name.files().iter().map(|file| (file.name.to_owned(), file.sha256.to_owned())).collect()
}
