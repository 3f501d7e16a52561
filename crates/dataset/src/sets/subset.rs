//! Pictures with labels, and the three types that say what they may be used for.

use std::sync::Arc;

use thiserror::Error;

use crate::idx::{IdxError, Images, Labels};

/// Pictures and labels do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SetError {
    #[error("found {images} pictures and {labels} labels, expected as many labels as pictures")]
    Count { images: usize, labels: usize },
    #[error(transparent)]
    Label(#[from] IdxError),
}

#[derive(Debug)]
pub(crate) struct Labelled {
    pub(crate) images: Images,
    pub(crate) labels: Labels,
    pub(crate) classes: usize,
}

/// Some pictures of a file, in a certain order; cheap to copy.
#[derive(Clone, Debug)]
pub struct Subset {
    pub(crate) data: Arc<Labelled>,
    /// Positions in the file.
    pub(crate) indices: Vec<u32>,
}

impl Subset {
    fn new(images: Images, labels: Labels, classes: usize) -> Result<Self, SetError> {
        if images.count() != labels.len() {
            return Err(SetError::Count { images: images.count(), labels: labels.len() });
        }
        // They may have been parsed for more classes than these.
        labels.expect_below(classes)?;
        let indices = (0..images.count() as u32).collect();
        Ok(Self { data: Arc::new(Labelled { images, labels, classes }), indices })
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Height of each picture, in pixels.
    pub fn height(&self) -> usize {
        self.data.images.height()
    }

    /// Width of each picture, in pixels.
    pub fn width(&self) -> usize {
        self.data.images.width()
    }

    /// Number of classes; labels are below it.
    pub fn classes(&self) -> usize {
        self.data.classes
    }

    /// Position of picture `i` in its file. As the two below, it panics where `i` is not below
    /// [`Subset::len`].
    pub fn index(&self, i: usize) -> usize {
        self.indices[i] as usize
    }

    /// Pixels of picture `i`, `[height, width]`: 0 is background, 255 is ink.
    pub fn image(&self, i: usize) -> &[u8] {
        self.data.images.image(self.index(i))
    }

    /// Class of picture `i`.
    pub fn label(&self, i: usize) -> u8 {
        self.data.labels.as_slice()[self.index(i)]
    }

    /// Number of pictures of each class.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes()];
        for i in 0..self.len() {
            counts[usize::from(self.label(i))] += 1;
        }
        counts
    }
}

macro_rules! sets {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub(crate) Subset);

        impl $name {
            /// Pictures and labels that are at hand, in their order.
            ///
            /// # Errors
            /// If there are not as many labels as pictures, or a label is not below `classes`.
            pub fn from_images(images: Images, labels: Labels, classes: usize) -> Result<Self, SetError> {
                Subset::new(images, labels, classes).map(Self)
            }

            /// The pictures.
            pub fn subset(&self) -> &Subset {
                &self.0
            }
        }
    )*};
}

sets! {
    /// Pictures to learn from.
    TrainSet,
    /// Pictures that choose the best model; held out from training.
    ValidationSet,
    /// Pictures that say what a finished model is worth, and choose nothing.
    TestSet
}
