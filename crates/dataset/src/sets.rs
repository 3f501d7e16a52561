//! Training, validation and test sets: three types, so that code cannot mix them up.
//!
//! Code that learns takes a [`TrainSet`] and a [`ValidationSet`], and so cannot be handed the images
//! that it will be tested on. A training set comes from training files, or from images of one's own. A
//! validation set comes from splitting a training set, and from nothing else:
//!
//! ```
//! use dataset::TrainSet;
//! use dataset::idx::{Images, Labels};
//!
//! let images = Images::new(3, 1, 1, vec![0, 128, 255])?;
//! let labels = Labels::new(vec![0, 0, 1], 2)?;
//! let (train, validation) = TrainSet::from_images(images, labels, 2)?.split_at(2)?;
//! assert_eq!((train.subset().len(), validation.subset().len()), (2, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ```compile_fail,E0599
//! use dataset::ValidationSet;
//! use dataset::idx::{Images, Labels};
//!
//! let images = Images::new(3, 1, 1, vec![0, 128, 255])?;
//! let labels = Labels::new(vec![0, 0, 1], 2)?;
//! let validation = ValidationSet::from_images(images, labels, 2)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::augment::Augmentation;
use crate::idx::{Images, Labels};
use subset::{SetError, Subset};

pub mod class_statistics;
pub mod division;
pub mod shuffle;
pub mod subset;

/// Images to learn from, and how they are changed at random before that.
#[derive(Clone, Debug)]
pub struct TrainSet {
    subset: Subset,
    augmentation: Augmentation,
}

/// Images that choose the best model. They are held out of a [`TrainSet`] and not trained on.
#[derive(Clone, Debug)]
pub struct ValidationSet(Subset);

/// Images that show how good a finished model is. Nothing may be chosen by them.
#[derive(Clone, Debug)]
pub struct TestSet(pub(crate) Subset);

impl TrainSet {
    /// A training set of one's own images and labels, in their order.
    ///
    /// # Errors
    /// If there are not as many labels as images, or a label is not below `classes`.
    pub fn from_images(images: Images, labels: Labels, classes: usize) -> Result<Self, SetError> {
        Subset::new(images, labels, classes).map(|subset| Self::new(subset, Augmentation::default()))
    }

    fn new(subset: Subset, augmentation: Augmentation) -> Self {
        Self { subset, augmentation }
    }

    /// The images with their labels, as they are before any change.
    pub fn subset(&self) -> &Subset {
        &self.subset
    }

    /// The same images, which training is to change at random within these ranges.
    pub fn augmented(self, augmentation: Augmentation) -> Self {
        Self { augmentation, ..self }
    }

    /// How training changes the images.
    pub fn augmentation(&self) -> &Augmentation {
        &self.augmentation
    }
}

impl ValidationSet {
    /// The images with their labels.
    pub fn subset(&self) -> &Subset {
        &self.0
    }
}

impl TestSet {
    /// The same images with other labels: `numbers[label]` of `classes` takes the place of `label`.
    ///
    /// # Errors
    /// If a new label is not below `classes`, or an old one has no number.
    pub fn renumbered(self, numbers: &[u8], classes: usize) -> Result<Self, SetError> {
        self.0.renumbered(numbers, classes).map(Self)
    }

    /// A test set of one's own images and labels, in their order.
    ///
    /// # Errors
    /// If there are not as many labels as images, or a label is not below `classes`.
    pub fn from_images(images: Images, labels: Labels, classes: usize) -> Result<Self, SetError> {
        Subset::new(images, labels, classes).map(Self)
    }

    /// The images with their labels.
    pub fn subset(&self) -> &Subset {
        &self.0
    }
}
