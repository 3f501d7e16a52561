//! The pooled convolution, each output of the convolution computed from its pixels.

use crate::filters::packing::Packing;
use crate::pool::window::{Band, extremes, needs_smallest};
use crate::simd::store::StoreBlocks;
use crate::simd::tile::{self, Walk};
use crate::simd::vector::{Kernel, Vector};

/// Computes a band by the definition of the convolution.
pub(crate) struct DirectBand<'a> {
    pub band: Band<'a>,
    pub packing: &'a Packing,
    /// `[pool, width * pool, block]`: the rows of the convolution that one pooled row comes from.
    pub window: &'a mut [f32],
}

impl Kernel for DirectBand<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(mut self, simd: S) {
        let Packing { filters, rows, row, block, .. } = *self.packing;
        let Band { shape, packed, padded, bias, .. } = self.band;
        let (conv, pool) = (&shape.conv, shape.pool);
        let walk = Walk {
            repeats: 1,
            segments: rows,
            steps: row,
            a_segment: conv.padded_row(),
            a_step: 1,
            b_segment: row * block,
            b_step: block,
            ..Walk::default()
        };
        let columns = shape.width() * pool;
        let row_len = shape.width() * filters;
        let both = needs_smallest(shape.activation);
        for (i, weights) in packed.chunks_exact(self.packing.block_len()).enumerate() {
            let first = i * block;
            let used = block.min(filters - first);
            let bias = &bias[first..first + used];
            for y in 0..self.band.rows() {
                for (dy, target) in self.window.chunks_exact_mut(columns * block).enumerate() {
                    let padded = &padded[(y * pool + dy) * conv.stride * conv.padded_row()..];
                    let start = |x| x * conv.pixel_step();
                    tile::sum_used_rows(
                        simd,
                        [columns, used],
                        start,
                        &walk,
                        [padded, weights],
                        &mut StoreBlocks(target),
                    );
                }
                for x in 0..shape.width() {
                    let window = &self.window[x * pool * block..];
                    let extremes = extremes(simd, window, columns * block, pool, both);
                    self.band.put(simd, y * row_len + x * filters + first, &extremes, bias);
                }
            }
        }
    }
}
