//! Kernel rows filled up to whole vectors, as the sparse gradients read and sum them.

use crate::conv::shape::ConvShape;
use crate::simd::level::Level;

/// How many vectors of a kernel row are summed side by side at most.
const MOST_VECTORS: usize = 12;

/// The sizes of kernel rows that are filled up to whole vectors: `[filters, kernel, padded row]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KernelRows {
    /// Values of a vector.
    pub lanes: usize,
    /// Vectors of a row.
    pub vectors: usize,
    /// Values of a row, with those that fill up its last vector.
    pub padded: usize,
}

impl KernelRows {
    pub(crate) fn new(level: Level, conv: &ConvShape) -> Self {
        let lanes = level.lanes();
        let vectors = conv.kernel_row().div_ceil(lanes);
        Self { lanes, vectors, padded: vectors * lanes }
    }

    /// Values of all rows.
    pub(crate) fn len(&self, conv: &ConvShape) -> usize {
        conv.filters * conv.kernel * self.padded
    }

    /// The first vector and the number of vectors of each chunk of a row. All chunks are nearly as long.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (vectors, chunks) = (self.vectors, self.vectors.div_ceil(MOST_VECTORS));
        (0..chunks).map(move |i| {
            let first = vectors * i / chunks;
            (first, vectors * (i + 1) / chunks - first)
        })
    }

    /// Packs weights `[filters, channels, kernel, kernel]` as `[kernel row, chunk, filter, values of the
    /// chunk]`, so that the values of all filters that one pass needs lie together.
    pub(crate) fn pack(&self, conv: &ConvShape, weight: &[f32], packed: &mut [f32]) {
        let mut rest = packed;
        for ky in 0..conv.kernel {
            for (first, count) in self.chunks() {
                for filter in 0..conv.filters {
                    let (target, others) = std::mem::take(&mut rest).split_at_mut(count * self.lanes);
                    rest = others;
                    for (i, value) in target.iter_mut().enumerate() {
                        let i = first * self.lanes + i;
                        let (kx, channel) = (i / conv.channels, i % conv.channels);
                        let at = ((filter * conv.channels + channel) * conv.kernel + ky) * conv.kernel + kx;
                        *value = if i < conv.kernel_row() { weight[at] } else { 0.0 };
                    }
                }
            }
        }
    }
}
