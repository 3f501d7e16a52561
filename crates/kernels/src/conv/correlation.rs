//! The correlation of padded images with packed filters, which both directions of a convolution are made of.

use crate::conv::shape::ConvShape;
use crate::filters::packing::Packing;
use crate::simd::level::Level;
use crate::simd::store::StoreRows;
use crate::simd::tile::{self, WIDE, Walk};
use crate::simd::vector::{Kernel, Vector};

/// The order in which the forward kernels read filters.
pub(crate) fn forward_packing(level: Level, conv: &ConvShape) -> Packing {
    Packing { filters: conv.filters, rows: conv.kernel, row: conv.kernel_row(), block: WIDE * level.lanes() }
}

/// Packs `[filters, channels, kernel, kernel]` for the forward kernels.
pub(crate) fn pack_forward(conv: &ConvShape, packing: &Packing, weight: &[f32], packed: &mut [f32]) {
    let (kernel, taps) = (conv.kernel, conv.kernel * conv.kernel);
    let filter = |filter| filter * conv.channels * taps;
    packing
        .pack(packed, weight, conv.channels, filter, |[ky, kx, channel]| channel * taps + ky * kernel + kx);
}

/// Fills `places` with where each pixel lies, `columns` pixels a row. `row` and `pixel` count the values from
/// one row and one pixel to the next.
pub(crate) fn number_pixels(places: &mut [u32], columns: usize, row: usize, pixel: usize) {
    for (y, places) in places.chunks_exact_mut(columns).enumerate() {
        for (x, place) in places.iter_mut().enumerate() {
            *place = (y * row + x * pixel) as u32;
        }
    }
}

/// Computes every output of some padded images, or of a band of rows of one.
pub(crate) struct Correlation<'a> {
    pub packing: &'a Packing,
    pub packed: &'a [f32],
    pub padded: &'a [f32],
    pub images: usize,
    /// Values of a padded image.
    pub padded_image: usize,
    /// Values of a row of a padded image.
    pub padded_row: usize,
    /// Where in a padded image the input of each output pixel begins.
    pub starts: &'a [u32],
    /// Where in an image of `out` each output pixel goes.
    pub places: &'a [u32],
    pub bias: Option<&'a [f32]>,
    pub out: &'a mut [f32],
    /// Values of `out` from one image to the next.
    pub out_image: usize,
}

impl Kernel for Correlation<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Packing { filters, row, block, .. } = *self.packing;
        let walk = Walk {
            repeats: 1,
            segments: self.packing.rows,
            steps: row,
            a_segment: self.padded_row,
            a_step: 1,
            b_segment: row * block,
            b_step: block,
            ..Walk::default()
        };
        let (starts, places) = (self.starts, self.places);
        for (i, weights) in self.packed.chunks_exact(self.packing.block_len()).enumerate() {
            let first = i * block;
            let used = block.min(filters - first);
            let bias = self.bias.map(|bias| &bias[first..first + used]);
            // All images use a block of filters before the next block is fetched into the cache.
            for image in 0..self.images {
                let padded = &self.padded[image * self.padded_image..];
                let out = &mut self.out[image * self.out_image + first..];
                let place = |pixel: usize| places[pixel] as usize;
                let start = |pixel: usize| starts[pixel] as usize;
                let mut store = StoreRows { out, place, used, bias };
                tile::sum_used_rows(simd, [starts.len(), used], start, &walk, [padded, weights], &mut store);
            }
        }
    }
}
