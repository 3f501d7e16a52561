//! The data sets: their files, checksums, classes, licences and sources.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::split::Split;

pub use data_file::{DataFile, Role};
pub(crate) use origin::Origin;

mod data_file;
mod origin;

/// A data set of grey 28x28 images in ten classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Name {
    /// 70,000 handwritten digits (LeCun, Cortes and Burges 1998).
    Mnist,
    /// 70,000 images of clothes (Xiao, Rasul and Vollgraf 2017).
    FashionMnist,
    /// 1,200 of MNIST's digits, which are part of the program.
    Sample,
}

impl Name {
    pub const ALL: [Self; 3] = [Self::Mnist, Self::FashionMnist, Self::Sample];

    /// The name in configurations and on the command line, and of the folder in a data directory.
    pub fn key(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
            Self::Sample => "sample",
        }
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Mnist => "MNIST",
            Self::FashionMnist => "Fashion-MNIST",
            Self::Sample => "MNIST sample",
        }
    }

    pub fn licence(self) -> &'static str {
        match self {
            Self::Mnist | Self::Sample => "CC BY-SA 3.0",
            Self::FashionMnist => "MIT",
        }
    }

    /// The classes' names, in the order of the labels.
    pub fn classes(self) -> &'static [&'static str] {
        match self {
            Self::Mnist | Self::Sample => &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
            Self::FashionMnist => &[
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ],
        }
    }

    /// How many images the training file holds.
    pub fn training_images(self) -> usize {
        match self {
            Self::Mnist | Self::FashionMnist => 60_000,
            Self::Sample => 1_000,
        }
    }

    /// The files in a data directory. The sample has none, because it is part of the program.
    pub fn files(self) -> &'static [DataFile] {
        match self {
            Self::Mnist => &data_file::MNIST,
            Self::FashionMnist => &data_file::FASHION_MNIST,
            Self::Sample => &[],
        }
    }

    /// The files that hold at least one of these splits, in the order of [`Name::files`].
    pub fn files_of(self, splits: &[Split]) -> impl Iterator<Item = &'static DataFile> {
        self.files().iter().filter(move |file| splits.iter().any(|split| file.holds(*split)))
    }

    /// Where a file of this data set is kept below the data directory `dir`.
    pub(crate) fn path(self, file: &DataFile, dir: &Path) -> PathBuf {
        dir.join(self.key()).join(file.name)
    }

    /// The places that offer the files, in the order in which they are tried.
    pub(crate) fn origins(self) -> &'static [Origin] {
        match self {
            Self::Mnist => &origin::MNIST,
            Self::FashionMnist => &origin::FASHION_MNIST,
            Self::Sample => &[],
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.map(Self::key);
        Self::ALL
            .into_iter()
            .find(|name| name.key() == text)
            .ok_or_else(|| format!("expected one of {}", known.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_configurations_and_on_the_command_line() {
        for name in Name::ALL {
            assert_eq!(name.key().parse(), Ok(name));
            assert_eq!(name.classes().len(), 10);
        }
        assert!("mnits".parse::<Name>().unwrap_err().contains("fashion-mnist"));
    }

    #[test]
    fn the_training_files_are_as_long_as_their_images() {
        for name in [Name::Mnist, Name::FashionMnist] {
            let file =
                name.files().iter().find(|file| (file.split, file.role) == (Split::Train, Role::Images));
            // A header of 16 bytes, then 28x28 bytes an image.
            assert_eq!(file.unwrap().bytes, 16 + 784 * name.training_images() as u64);
        }
        let sample = crate::load::load_train(Name::Sample, Path::new("")).unwrap();
        assert_eq!(sample.subset().len(), Name::Sample.training_images());
    }

    #[test]
    fn validation_images_are_in_the_training_files() {
        let names = |splits: &[Split]| -> Vec<&str> {
            Name::FashionMnist.files_of(splits).map(|file| file.name).collect()
        };
        let train = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"];
        assert_eq!(names(&[Split::Train]), train);
        assert_eq!(names(&[Split::Validation]), train);
        assert_eq!(names(&[Split::Test]), ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]);
        assert_eq!(names(&Split::ALL).len(), 4);
        assert!(names(&[]).is_empty());
    }
}
