//! The data sets that the program knows: their files, checksums, classes, licences and sources.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::split::Split;

pub use data_file::{DataFile, Role};
pub use name::{Name, NameError};
pub(crate) use origin::Origin;

mod data_file;
mod name;
mod origin;

/// A data set of the catalog: grey images of 28x28 pixels in ten classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// [`Name::MNIST`]
    Mnist,
    /// [`Name::FASHION_MNIST`]
    FashionMnist,
    /// [`Name::SAMPLE`]
    Sample,
}

impl Entry {
    pub const ALL: [Self; 3] = [Self::Mnist, Self::FashionMnist, Self::Sample];

    /// The entry of this name; `None` if it is the name of a data set of one's own.
    pub fn of(name: Name) -> Option<Self> {
        Self::ALL.into_iter().find(|entry| entry.name() == name)
    }

    /// The name in configurations and on the command line, and of the folder in a data directory.
    pub fn name(self) -> Name {
        match self {
            Self::Mnist => Name::MNIST,
            Self::FashionMnist => Name::FASHION_MNIST,
            Self::Sample => Name::SAMPLE,
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

    /// How many images the training file and the test file hold.
    pub fn images(self) -> [u32; 2] {
        match self {
            Self::Mnist | Self::FashionMnist => [60_000, 10_000],
            Self::Sample => [1_000, 200],
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

    /// The files that hold at least one of these splits, in the order of [`Entry::files`].
    pub(crate) fn files_of(self, splits: &[Split]) -> impl Iterator<Item = &'static DataFile> {
        self.files().iter().filter(move |file| splits.iter().any(|split| file.holds(*split)))
    }

    /// Where a file of this data set is kept below the data directory `dir`.
    pub(crate) fn path(self, file: &DataFile, dir: &Path) -> PathBuf {
        self.name().folder(dir).join(&*file.name)
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

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.name(), f)
    }
}

impl FromStr for Entry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let entry = Self::ALL.into_iter().find(|entry| entry.name().key() == text);
        entry.ok_or_else(|| format!("expected one of {}", words()))
    }
}

/// The names of the catalog's data sets with commas between them.
pub(crate) fn words() -> String {
    Entry::ALL.map(|entry| entry.to_string()).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_configurations_and_on_the_command_line() {
        for entry in Entry::ALL {
            assert_eq!(entry.to_string().parse(), Ok(entry));
            assert_eq!(Entry::of(entry.name()), Some(entry));
        }
        assert_eq!(Entry::of("mine".parse().unwrap()), None);
        assert!("mnits".parse::<Entry>().unwrap_err().contains("mnist, fashion-mnist, sample"));
    }

    #[test]
    fn the_sample_has_as_many_images_as_the_catalog_says() {
        let train = crate::load::load_train(Name::SAMPLE, Path::new("")).unwrap();
        let test = crate::load::load_test(Name::SAMPLE, Path::new("")).unwrap();
        assert_eq!([train.subset().len() as u32, test.subset().len() as u32], Entry::Sample.images());
    }

    #[test]
    fn validation_images_are_in_the_training_files() {
        let names = |splits: &[Split]| -> Vec<&str> {
            Entry::FashionMnist.files_of(splits).map(|file| &*file.name).collect()
        };
        let train = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"];
        assert_eq!(names(&[Split::Train]), train);
        assert_eq!(names(&[Split::Validation]), train);
        assert_eq!(names(&[Split::Test]), ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]);
        assert_eq!(names(&Split::ALL).len(), 4);
        assert!(names(&[]).is_empty());
    }
}
