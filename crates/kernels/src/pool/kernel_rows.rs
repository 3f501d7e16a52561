//! Kernel rows filled up to whole vectors, as the sparse gradients read and sum them.

use crate::conv::shape::ConvShape;
use crate::simd::level::Level;
use crate::threads::parallel::*;

/// How many vectors of a kernel row are summed side by side at most: as many as stay in registers.
const MOST_VECTORS: usize = 12;
/// Chunks of a kernel row begin at a multiple of so many values, which is a whole number of vectors on every level.
const UNIT: usize = 16;
/// How many units a chunk has at most. It is as much as the vectors of AVX2 that stay in registers, and with 64
/// filters it is 24 KB, which stays in the first-level cache.
const MOST_UNITS: usize = 6;
/// How many values the padded images of the sparse gradients have behind their last row: what the vectors of
/// the last kernel row may reach beyond it.
pub(crate) const SPARE: usize = 2 * UNIT;

/// The sizes of kernel rows that are filled up to whole vectors: `[filters, kernel, padded row]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KernelRows {
    /// Values of a vector.
    pub lanes: usize,
    /// Values of a row.
    row: usize,
    /// Vectors of a row.
    pub vectors: usize,
    /// Values of a row, with those that fill up its last vector.
    pub padded: usize,
}

/// A part of a kernel row that is added to the gradient of the input, pixel by pixel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk {
    /// Its first value.
    pub first: usize,
    /// The value behind its last one. Those that fill up its vectors are zero.
    end: usize,
    /// How many times the registers are filled with sums.
    pub parts: usize,
    /// With how many vectors each time.
    pub vectors: usize,
}

impl KernelRows {
    pub(crate) fn new(level: Level, conv: &ConvShape) -> Self {
        let lanes = level.lanes();
        let vectors = conv.kernel_row().div_ceil(lanes);
        Self { lanes, row: conv.kernel_row(), vectors, padded: vectors * lanes }
    }

    /// The first vector and the number of vectors of each group that stays in registers. All groups of a row are
    /// nearly as long.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (vectors, groups) = (self.vectors, self.vectors.div_ceil(MOST_VECTORS));
        (0..groups).map(move |i| {
            let first = vectors * i / groups;
            (first, vectors * (i + 1) / groups - first)
        })
    }

    /// The chunks of a row, all nearly as long.
    ///
    /// One pass over all pixels adds one chunk, so where a chunk begins decides in which order the terms of a pixel
    /// are added. Therefore chunks are counted in values, which are the same on every level.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = Chunk> + use<> {
        let Self { lanes, row, .. } = *self;
        let units = row.div_ceil(UNIT);
        let chunks = units.div_ceil(MOST_UNITS);
        (0..chunks).map(move |i| {
            let (first, end) = (units * i / chunks * UNIT, (units * (i + 1) / chunks * UNIT).min(row));
            let vectors = (end - first).div_ceil(lanes);
            let parts = vectors.div_ceil(MOST_VECTORS);
            Chunk { first, end, parts, vectors: vectors.div_ceil(parts) }
        })
    }

    /// Values of one filter in a chunk.
    pub(crate) fn chunk_len(&self, chunk: Chunk) -> usize {
        chunk.parts * chunk.vectors * self.lanes
    }

    /// Values of all packed weights.
    pub(crate) fn packed_len(&self, conv: &ConvShape) -> usize {
        conv.filters * conv.kernel * self.chunks().map(|chunk| self.chunk_len(chunk)).sum::<usize>()
    }

    /// Packs weights `[filters, channels, kernel, kernel]` as `[kernel row, chunk, filter, values of the
    /// chunk]`, so that the values of all filters that one pass needs lie together.
    pub(crate) fn pack(&self, conv: &ConvShape, weight: &[f32], packed: &mut [f32]) {
        packed.par_chunks_exact_mut(self.packed_len(conv) / conv.kernel).enumerate().for_each(
            |(ky, packed)| {
                let mut rest = packed;
                for chunk in self.chunks() {
                    for filter in 0..conv.filters {
                        let (target, others) = std::mem::take(&mut rest).split_at_mut(self.chunk_len(chunk));
                        rest = others;
                        let (values, filling) =
                            target.split_at_mut(target.len().min(chunk.end - chunk.first));
                        filling.fill(0.0);
                        let filter = &weight[filter * conv.filter_len()..][..conv.filter_len()];
                        let (mut kx, mut channel) =
                            (chunk.first / conv.channels, chunk.first % conv.channels);
                        for value in values {
                            *value = filter[(channel * conv.kernel + ky) * conv.kernel + kx];
                            channel += 1;
                            if channel == conv.channels {
                                (kx, channel) = (kx + 1, 0);
                            }
                        }
                    }
                }
            },
        );
    }
}
