//! Batches: chosen images gathered into one buffer.

use crate::sets::subset::Subset;

/// Images side by side in memory, with their labels. A training loop reuses one batch at every step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// `[n, height, width]`: 0 is background, 255 is ink.
    pub pixels: Vec<u8>,
    /// `[n]`
    pub labels: Vec<u8>,
    /// Height of each image, in pixels.
    pub height: usize,
    /// Width of each image, in pixels.
    pub width: usize,
}

impl Batch {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

impl Subset {
    /// Copies the images at these positions into the batch, in place of those that it held. The batch
    /// keeps its memory.
    ///
    /// # Panics
    /// If a position is not below [`Subset::len`].
    pub fn gather(&self, positions: &[u32], batch: &mut Batch) {
        batch.pixels.clear();
        batch.labels.clear();
        (batch.height, batch.width) = (self.height(), self.width());
        for &position in positions {
            batch.pixels.extend_from_slice(self.image(position as usize));
            batch.labels.push(self.label(position as usize));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idx::{Images, Labels};
    use crate::sets::TestSet;

    #[test]
    fn a_batch_holds_the_images_asked_for_in_their_order() {
        let images = Images::new(3, 1, 2, vec![1, 2, 3, 4, 5, 6]).unwrap();
        let set = TestSet::from_images(images, Labels::new(vec![7, 8, 9], 10).unwrap(), 10).unwrap();
        let mut batch = Batch { pixels: vec![0; 99], ..Batch::default() };
        assert!(batch.is_empty());
        set.subset().gather(&[2, 0, 2], &mut batch);
        assert_eq!(batch.len(), 3);
        assert_eq!(
            batch,
            Batch { pixels: vec![5, 6, 1, 2, 5, 6], labels: vec![9, 7, 9], height: 1, width: 2 }
        );
    }
}
