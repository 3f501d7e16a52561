//! Images of one size with their classes, and where each of them came from.

use std::path::PathBuf;

use crate::import::tables::Unit;

/// Images of one size with their classes.
#[derive(Debug, Default)]
pub(crate) struct Labelled {
    /// `[n, height, width]`
    pub(crate) pixels: Vec<u8>,
    /// `[n]`
    pub(crate) labels: Vec<u8>,
    pub(crate) places: Places,
}

/// Where each image came from.
#[derive(Debug)]
pub(crate) enum Places {
    /// A file for each.
    Files(Vec<PathBuf>),
    /// One file for all.
    Table { path: PathBuf, unit: Unit },
}

impl Default for Places {
    fn default() -> Self {
        Self::Files(Vec::new())
    }
}

impl Labelled {
    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    /// The pixels of image `i`, of which there are so many.
    pub(crate) fn image(&self, i: usize, pixels: usize) -> &[u8] {
        &self.pixels[i * pixels..(i + 1) * pixels]
    }

    /// Where image `i` came from, for people.
    pub(crate) fn place(&self, i: usize) -> String {
        match &self.places {
            Places::Files(paths) => paths[i].display().to_string(),
            Places::Table { path, unit: Unit::Image } => format!("image {i} of {}", path.display()),
            Places::Table { path, unit: Unit::Line(first) } => {
                format!("line {} of {}", first + i as u64, path.display())
            }
        }
    }

    /// Number of images of each class, `[classes]`.
    pub(crate) fn counts(&self, order: &[u32], classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        for i in order {
            counts[usize::from(self.labels[*i as usize])] += 1;
        }
        counts
    }
}
