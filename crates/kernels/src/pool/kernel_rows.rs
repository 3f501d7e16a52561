//! Kernel rows in whole vectors, as the sparse gradients read and sum them.

use crate::geometry::Geometry;
use crate::simd::Level;

/// Most vectors of a kernel row that are summed side by side.
const MOST: usize = 12;

/// Kernel rows in whole vectors: `[filters, kernel, padded row]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    pub lanes: usize,
    /// Vectors of a row.
    pub vectors: usize,
    /// Values of a row with what fills up its last vector.
    pub padded: usize,
}

impl Rows {
    pub(crate) fn new(level: Level, g: &Geometry) -> Self {
        let lanes = level.lanes();
        let vectors = g.kernel_row().div_ceil(lanes);
        Self { lanes, vectors, padded: vectors * lanes }
    }

    pub(crate) fn len(&self, g: &Geometry) -> usize {
        g.filters * g.kernel * self.padded
    }

    /// First vector and number of vectors of each chunk of a row, all nearly as long.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (vectors, chunks) = (self.vectors, self.vectors.div_ceil(MOST));
        (0..chunks).map(move |i| {
            let first = vectors * i / chunks;
            (first, vectors * (i + 1) / chunks - first)
        })
    }

    /// Writes weights `[kernel row, chunk, filter, values of the chunk]`, so that the part of
    /// all filters that one pass needs lies together.
    pub(crate) fn pack(&self, g: &Geometry, weight: &[f32], packed: &mut [f32]) {
        let mut rest = packed;
        for ky in 0..g.kernel {
            for (first, count) in self.chunks() {
                for filter in 0..g.filters {
                    let (target, others) = std::mem::take(&mut rest).split_at_mut(count * self.lanes);
                    rest = others;
                    for (i, value) in target.iter_mut().enumerate() {
                        let i = first * self.lanes + i;
                        let (kx, channel) = (i / g.channels, i % g.channels);
                        let at = ((filter * g.channels + channel) * g.kernel + ky) * g.kernel + kx;
                        *value = if i < g.kernel_row() { weight[at] } else { 0.0 };
                    }
                }
            }
        }
    }
}
