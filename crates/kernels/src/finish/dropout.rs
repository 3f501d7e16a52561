//! Dropout, whose masks are computed again wherever they are needed instead of being stored.

use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;

/// Dropout (Srivastava et al. 2014) of one layer in one step: each value becomes zero with the given probability,
/// and the others are divided by the probability of being kept.
///
/// Whether a value is kept depends on the key, the number of its image and the value's place in the image alone,
/// so each part of a batch that is divided among machines has the same masks as in the whole batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Of the layer and the step.
    pub key: u64,
    /// With which a value is dropped, in `[0, 1)`.
    pub probability: f64,
    /// The number in the whole batch of the first image.
    pub first_image: usize,
}

/// The mask of one image.
#[derive(Clone, Copy)]
pub(crate) struct ImageMask {
    key: [u32; 2],
    /// The smallest number that keeps a value.
    keeps_from: u32,
    /// What the kept values are multiplied by.
    factor: f32,
}

impl Dropout {
    /// The smallest of the mask's numbers of 32 bits that keeps a value.
    pub fn keeps_from(&self) -> u32 {
        // Converting a float to an integer stops at the integer's largest value.
        (self.probability * (1u64 << 32) as f64).round() as u32
    }

    /// What the kept values are multiplied by.
    pub fn factor(&self) -> f32 {
        (1.0 / (1.0 - self.probability)) as f32
    }

    /// The mask of an image of this call.
    pub(crate) fn image(&self, image: usize) -> ImageMask {
        let number = self.key ^ mixed((self.first_image + image) as u64);
        let key = mixed(number);
        let (keeps_from, factor) = (self.keeps_from(), self.factor());
        ImageMask { key: [key as u32, (key >> 32) as u32], keeps_from, factor }
    }
}

/// SplitMix64's next number after this state (Steele et al. 2014).
fn mixed(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl ImageMask {
    /// Drops some of the values, of which the first is value `first` of the image.
    #[inline(always)]
    pub(crate) fn apply(&self, first: usize, values: &mut [f32]) {
        let first = first as u32;
        for (i, value) in values.iter_mut().enumerate() {
            let number = self.number(first.wrapping_add(i as u32));
            *value = if number >= self.keeps_from { *value * self.factor } else { 0.0 };
        }
    }

    /// A number that looks random, for value `i` of the image. The multipliers are those of lowbias32 (Wellons
    /// 2018); half of the key comes before the first multiplication and half before the second.
    #[inline(always)]
    fn number(&self, i: u32) -> u32 {
        let mut x = i.wrapping_mul(0x9e37_79b9) ^ self.key[0];
        x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
        x = (x ^ (x >> 15)).wrapping_add(self.key[1]).wrapping_mul(0x846c_a68b);
        x ^ (x >> 16)
    }
}

/// Drops some of the values of `n` images or rows of features, which lie one after the other in `values`. The
/// gradient goes through the same function.
///
/// # Panics
/// If the values cannot be divided by `n`.
pub fn drop_values(level: Level, dropout: &Dropout, n: usize, values: &mut [f32]) {
    let len = values.len() / n.max(1);
    assert_eq!(values.len(), n * len, "as many values for each image");
    values.par_chunks_mut(len.max(1)).enumerate().for_each(|(image, values)| {
        level.run(ImageDropout { mask: dropout.image(image), values });
    });
}

struct ImageDropout<'a> {
    mask: ImageMask,
    values: &'a mut [f32],
}

impl Kernel for ImageDropout<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, _simd: S) {
        self.mask.apply(0, self.values);
    }
}
