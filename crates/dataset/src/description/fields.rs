//! The description of a data set, and those of the catalog's data sets.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::catalog::{DataFile, Entry, Role};
use crate::split::Split;

/// What a data set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The name for people.
    pub title: String,
    /// The classes' names, in the order of the labels: 1 to 256, all different.
    pub classes: Vec<String>,
    /// Height of each image, in pixels: 1 to 256.
    pub height: usize,
    /// Width of each image, in pixels: 1 to 256.
    pub width: usize,
    /// How other images are prepared for a network that was trained on these; `None` if nobody said so.
    pub preparation: Option<Preparation>,
    pub licence: Option<String>,
    /// Where the images and labels come from, in words.
    pub sources: Vec<String>,
    /// Number of images in the training file, which also holds the validation images.
    pub train_images: usize,
    /// Number of images in the test file.
    pub test_images: usize,
    /// Images and labels of training, then of test. The sample has none, because it is part of the program.
    pub files: Vec<DataFile>,
}

/// How an image becomes a network's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preparation {
    /// As handwriting, the way MNIST's images were made: ink apart from paper, cut out, scaled and centred.
    Ink,
    /// Scaled as a whole.
    Resize,
}

impl Preparation {
    pub const ALL: [Self; 2] = [Self::Ink, Self::Resize];

    /// The word in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ink => "ink",
            Self::Resize => "resize",
        }
    }
}

impl fmt::Display for Preparation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Preparation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|preparation| preparation.name() == text);
        found.ok_or_else(|| "expected ink or resize".to_owned())
    }
}

impl Description {
    /// The file with the images or labels of this split; `None` if the data set is part of the program.
    pub fn file(&self, split: Split, role: Role) -> Option<&DataFile> {
        self.files.iter().find(|file| file.holds(split) && file.role == role)
    }

    /// The files that hold at least one of these splits, in the order of `files`.
    pub fn files_of(&self, splits: &[Split]) -> impl Iterator<Item = &DataFile> {
        self.files.iter().filter(move |file| splits.iter().any(|split| file.holds(*split)))
    }

    /// The shape of an image as a network takes it, `[channels, height, width]`.
    pub fn input_shape(&self) -> [usize; 3] {
        [1, self.height, self.width]
    }

    /// Whether the images of both have the same size and the same classes, so that a network for one can be given
    /// the images of the other.
    pub fn has_images_like(&self, other: &Self) -> bool {
        (self.height, self.width, &self.classes) == (other.height, other.width, &other.classes)
    }
}

impl From<Entry> for Description {
    fn from(entry: Entry) -> Self {
        let [train_images, test_images] = entry.images().map(|count| count as usize);
        let sources = match entry {
            Entry::Sample => vec!["a part of MNIST, chosen by `cargo xtask sample`".to_owned()],
            Entry::Mnist | Entry::FashionMnist => entry.origins().iter().map(ToString::to_string).collect(),
        };
        Self {
            title: entry.title().to_owned(),
            classes: entry.classes().iter().map(ToString::to_string).collect(),
            height: 28,
            width: 28,
            preparation: Some(match entry {
                Entry::Mnist | Entry::Sample => Preparation::Ink,
                Entry::FashionMnist => Preparation::Resize,
            }),
            licence: Some(entry.licence().to_owned()),
            sources,
            train_images,
            test_images,
            files: entry.files().to_vec(),
        }
    }
}
