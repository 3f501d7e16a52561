//! What a person asks an import for, and what became of it.

use std::path::PathBuf;

use crate::catalog::Name;
use crate::description::{Description, Preparation};
use crate::import::images::Unread;
use crate::import::parts::Duplicates;

/// What to import, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// The name of the data set. Those of the catalog are taken.
    pub name: Name,
    /// Folders or files with the images; of several, the images of all become one set.
    pub from: Vec<PathBuf>,
    /// Folders or files with the test images. Without any, and without any beside the others, a share is split off.
    pub test: Vec<PathBuf>,
    /// Height and width, each 1 to 256. Without it, class folders give 28x28 and tables keep their size.
    pub size: Option<[usize; 2]>,
    /// How images are made fit for the data set. Without it, the classes' names and the images decide.
    pub preparation: Option<Preparation>,
    /// Swaps rows and columns, which EMNIST's files need.
    pub transpose: bool,
    /// The label of the first class in tables; without it, labels begin at 0.
    pub first_label: Option<u32>,
    /// The share that is split off for testing, above 0 and below 1.
    pub test_fraction: f64,
    /// Decides which images are split off.
    pub seed: u64,
    pub title: Option<String>,
    pub licence: Option<String>,
    /// Puts the data set in the place of one with its name.
    pub replace: bool,
    /// Bytes of memory that may be used; `None` if nobody knows.
    pub free_memory: Option<u64>,
}

/// What became of an import.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Where the data set is.
    pub folder: PathBuf,
    pub description: Description,
    /// Number of images of each class for training, `[classes]`.
    pub train_counts: Vec<usize>,
    /// Number of images of each class for testing, `[classes]`.
    pub test_counts: Vec<usize>,
    /// Image files that were looked at.
    pub files: usize,
    /// Images that had colours and became grey.
    pub from_colour: usize,
    pub duplicates: Duplicates,
    /// Images that cannot be read.
    pub unreadable: Vec<Unread>,
    /// Files that are no images.
    pub passed_over: Vec<Unread>,
    /// What else a person should know, a line each.
    pub notes: Vec<String>,
}

/// How far an import is: so many of all image files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub done: usize,
    pub all: usize,
}
