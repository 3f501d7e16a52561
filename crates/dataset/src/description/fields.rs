//! The description of a data set, and those of the catalog's data sets.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::catalog::{DataFile, Entry, Role};
use crate::split::Split;

/// The name of the file with the description, in the folder of a data set or of a run.
pub const FILE: &str = "dataset.toml";

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

    /// What of the images and labels is different in `now`, in words; `None` if they are the same. Words for people, such
    /// as the title, may differ.
    pub fn difference(&self, now: &Self) -> Option<String> {
        if (self.height, self.width) != (now.height, now.width) {
            let [was, is] = [self, now].map(|data| format!("{}x{}", data.height, data.width));
            return Some(format!("its images were of {was} pixels and are of {is} now"));
        }
        if self.classes.len() != now.classes.len() {
            return Some(format!("it had {} classes and has {} now", self.classes.len(), now.classes.len()));
        }
        if let Some((i, [was, is])) = self.other_class(now) {
            return Some(format!("its class {i} was {was:?} and is {is:?} now"));
        }
        let sha256 =
            |file: Option<&DataFile>| file.map_or_else(|| "none".to_owned(), |file| file.sha256.to_string());
        self.files.iter().find_map(|file| {
            let [was, is] = [Some(file), now.file(file.split, file.role)].map(sha256);
            (was != is).then(|| format!("the SHA-256 of {} was {was} and is {is} now", file.name))
        })
    }

    /// The number that each class has among `classes`, by its name.
    ///
    /// # Errors
    /// The first class that is not among them.
    pub fn numbers_among(&self, classes: &[String]) -> Result<Vec<u8>, &str> {
        let number = |class: &String| classes.iter().position(|known| known == class);
        // A label is a byte, so there are no more than 256 classes.
        self.classes
            .iter()
            .map(|class| number(class).map(|number| number as u8).ok_or(class.as_str()))
            .collect()
    }

    /// The first class that has another name in `other`, with both names.
    pub fn other_class<'a>(&'a self, other: &'a Self) -> Option<(usize, [&'a str; 2])> {
        let pairs = self.classes.iter().zip(&other.classes).enumerate();
        pairs.map(|(i, (a, b))| (i, [a.as_str(), b.as_str()])).find(|(_, [a, b])| a != b)
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
            // What a mirror offers is no part of a data set.
            files: entry.files().iter().map(|file| DataFile { packed_bytes: 0, ..file.clone() }).collect(),
        }
    }
}
