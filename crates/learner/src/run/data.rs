//! The images that a configuration names. Missing files are fetched, all files are verified, and the training
//! images are divided into those to train on and those to validate on.

use std::path::{Path, PathBuf};

use dataset::fetch::{self, FetchEvent};
use dataset::{Description, Name, Split, Subset, TestSet, TrainSet, ValidationSet, load};

use crate::config::Config;
use crate::random::{Stream, generator};

/// The images that a run learns from, and those that its best epoch is chosen on.
#[derive(Clone, Debug)]
pub struct TrainingData {
    pub train: TrainSet,
    pub validation: ValidationSet,
    /// The data directory that the images come from, as an absolute path. It is `None` if the images are part
    /// of the program, or were not read from a directory.
    pub data_dir: Option<PathBuf>,
}

impl TrainingData {
    /// Divides a data set's training images as the configuration says, which also says how those to train on are augmented.
    /// The same configuration always gives the same division.
    ///
    /// # Errors
    /// If there are too few images for the division.
    pub fn divide(config: &Config, all: TrainSet) -> Result<Self, dataset::Error> {
        let data = config.data();
        let mut split = generator(data.split_seed, Stream::Split, 0, 0);
        let (train, validation) =
            all.augmented(config.augment().clone()).split(data.validation_fraction, &mut split)?;
        let Some(limit) = data.train_limit else { return Ok(Self { train, validation, data_dir: None }) };
        let mut choice = generator(data.split_seed, Stream::Limit, 0, 0);
        Ok(Self { train: train.limit(limit.get(), &mut choice)?, validation, data_dir: None })
    }

    /// The same images, with a note that they were read from the data directory `dir`.
    fn read_from(self, config: &Config, dir: &Path) -> Self {
        // The path is made absolute, because a run may be resumed from another folder.
        let is_built_in = config.description().files.is_empty();
        let data_dir = if is_built_in { None } else { std::path::absolute(dir).ok() };
        Self { data_dir, ..self }
    }

    /// Fetches the training files if they are missing below `dir`, then loads the images and divides them.
    ///
    /// # Errors
    /// If the data set is not the one that the configuration was made for, a file cannot be fetched or is not valid, or
    /// the images cannot be divided.
    pub fn fetch(
        config: &Config,
        dir: &Path,
        progress: &mut dyn FnMut(FetchEvent),
    ) -> Result<Self, dataset::Error> {
        expect_unchanged(config, dir)?;
        let all = whole_training_set(config.data().dataset, dir, progress)?;
        Ok(Self::divide(config, all)?.read_from(config, dir))
    }

    /// Loads the images of the training files below `dir` and divides them. It never fetches a file.
    ///
    /// # Errors
    /// If the data set is not the one that the configuration was made for, a file is missing or not valid, or the images
    /// cannot be divided.
    pub fn load(config: &Config, dir: &Path) -> Result<Self, dataset::Error> {
        expect_unchanged(config, dir)?;
        Ok(Self::divide(config, load::load_train(config.data().dataset, dir)?)?.read_from(config, dir))
    }
}

/// Checks that the data set below the data directory `dir` is still the one that the configuration was made for: same
/// classes, size and files.
///
/// # Errors
/// If it is another one, with what was and what is.
pub fn expect_unchanged(config: &Config, dir: &Path) -> Result<(), dataset::Error> {
    let name = config.data().dataset;
    match config.description().difference(&Description::of(name, dir)?) {
        None => Ok(()),
        Some(difference) => Err(dataset::Error::Changed { name, dir: dir.to_owned(), difference }),
    }
}

/// All images of a data set's training files, which are fetched if they are missing below `dir`.
///
/// # Errors
/// If a file cannot be fetched or is not valid.
pub fn whole_training_set(
    name: Name,
    dir: &Path,
    progress: &mut dyn FnMut(FetchEvent),
) -> Result<TrainSet, dataset::Error> {
    fetch::ensure(name, &[Split::Train], dir, progress)?;
    Ok(load::load_train(name, dir)?)
}

/// The images of a data set's test files, which are fetched if they are missing below `dir`.
///
/// # Errors
/// If a file cannot be fetched or is not valid.
pub fn test_set(
    name: Name,
    dir: &Path,
    progress: &mut dyn FnMut(FetchEvent),
) -> Result<TestSet, dataset::Error> {
    fetch::ensure(name, &[Split::Test], dir, progress)?;
    Ok(load::load_test(name, dir)?)
}

/// All images of the files that contain this split. The files are fetched if they are missing below `dir`.
/// [`Split::Train`] and [`Split::Validation`] both give all images of the training files, because the
/// validation images are taken from them.
///
/// # Errors
/// If a file cannot be fetched or is not valid.
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

/// The name and the SHA-256 of each file of a data set.
pub fn checksums(data: &Description) -> Vec<(String, String)> {
    data.files.iter().map(|file| (file.name.to_string(), file.sha256.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn a_place_is_remembered_as_an_absolute_path_unless_the_images_are_part_of_the_program() {
        let config = config::parse("test", "[data]\ndataset = \"sample\"\n", &[]).unwrap();
        let data = TrainingData::load(&config, Path::new("somewhere")).unwrap();
        assert_eq!(data.data_dir, None);
        let mnist = config::parse("test", "", &[]).unwrap();
        let data = data.read_from(&mnist, Path::new("somewhere"));
        assert_eq!(data.data_dir, Some(std::env::current_dir().unwrap().join("somewhere")));
    }
}
