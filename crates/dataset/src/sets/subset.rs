//! Images with their labels, of which some are chosen.

use std::sync::Arc;

use thiserror::Error;

use crate::idx::{IdxError, Images, Labels};

/// Why images and labels do not make a set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SetError {
    #[error("found {images} images and {labels} labels, expected as many labels as images")]
    Count { images: usize, labels: usize },
    #[error(transparent)]
    Label(#[from] IdxError),
}

/// All images of a file with their labels; each subset of the file shares them.
#[derive(Debug)]
pub(crate) struct LabelledImages {
    pub(crate) images: Images,
    pub(crate) labels: Labels,
    pub(crate) classes: usize,
}

/// Some images of a file, in a certain order. A clone shares the pixels.
#[derive(Clone, Debug)]
pub struct Subset {
    pub(crate) data: Arc<LabelledImages>,
    /// The positions of the chosen images in the file.
    pub(crate) indices: Vec<u32>,
}

impl Subset {
    /// All of these images, in their order.
    ///
    /// # Errors
    /// If there are not as many labels as images, or a label is not below `classes`.
    pub(super) fn new(images: Images, labels: Labels, classes: usize) -> Result<Self, SetError> {
        if images.count() != labels.len() {
            return Err(SetError::Count { images: images.count(), labels: labels.len() });
        }
        // The labels may have been parsed for more classes than the set has.
        labels.expect_below(classes)?;
        let indices = (0..images.count() as u32).collect();
        Ok(Self { data: Arc::new(LabelledImages { images, labels, classes }), indices })
    }

    /// The same images with other labels: `numbers[label]` of `classes` takes the place of `label`.
    ///
    /// # Errors
    /// If a new label is not below `classes`, or an old one has no number.
    pub(super) fn renumbered(self, numbers: &[u8], classes: usize) -> Result<Self, SetError> {
        let Self { data, indices } = self;
        // Nobody else has the images as a rule, so they are not copied.
        let LabelledImages { images, labels, .. } = Arc::try_unwrap(data).unwrap_or_else(|data| {
            LabelledImages { images: data.images.clone(), labels: data.labels.clone(), classes: data.classes }
        });
        labels.expect_below(numbers.len())?;
        let labels = labels.as_slice().iter().map(|label| numbers[usize::from(*label)]).collect();
        let labels = Labels::new(labels, classes)?;
        Ok(Self { data: Arc::new(LabelledImages { images, labels, classes }), indices })
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Bytes of the pixels of all images of the file, which stay in memory whether they are chosen or not.
    pub fn file_bytes(&self) -> usize {
        self.data.images.count() * self.height() * self.width()
    }

    /// Height of each image, in pixels.
    pub fn height(&self) -> usize {
        self.data.images.height()
    }

    /// Width of each image, in pixels.
    pub fn width(&self) -> usize {
        self.data.images.width()
    }

    /// Number of classes. Every label is below it.
    pub fn classes(&self) -> usize {
        self.data.classes
    }

    /// The position of image `i` in its file.
    ///
    /// # Panics
    /// If `i` is not below [`Subset::len`].
    pub fn index(&self, i: usize) -> usize {
        self.indices[i] as usize
    }

    /// The pixels of image `i`, `[height, width]`: 0 is background, 255 is ink.
    ///
    /// # Panics
    /// If `i` is not below [`Subset::len`].
    pub fn image(&self, i: usize) -> &[u8] {
        self.data.images.image(self.index(i))
    }

    /// The class of image `i`.
    ///
    /// # Panics
    /// If `i` is not below [`Subset::len`].
    pub fn label(&self, i: usize) -> u8 {
        self.data.labels.as_slice()[self.index(i)]
    }

    /// Number of images of each class, `[classes]`.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes()];
        for i in 0..self.len() {
            counts[usize::from(self.label(i))] += 1;
        }
        counts
    }
}
