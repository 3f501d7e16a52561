//! Batches: chosen pictures gathered into one buffer.

use rand::Rng;

use crate::sets::division::shuffle;
use crate::sets::subset::Subset;

/// Pictures side by side in memory, with their labels; reused from step to step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// `[n, height, width]`: 0 is background, 255 is ink.
    pub pixels: Vec<u8>,
    /// `[n]`
    pub labels: Vec<u8>,
    pub height: usize,
    pub width: usize,
}

impl Batch {
    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

impl Subset {
    /// Copies the pictures at these positions into the batch, which keeps its memory.
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

/// The positions `0..n` in a random order.
pub fn shuffled(n: usize, rng: &mut impl Rng) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    shuffle(&mut order, rng);
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idx::{Images, Labels};
    use crate::sets::subset::TestSet;

    #[test]
    fn a_batch_holds_the_pictures_asked_for_in_their_order() {
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
