//! Weights in the order in which the kernels read them.

use crate::simd::tile::WIDE;
use crate::threads::parallel::*;

/// How many values a thread packs at least, because to wake one takes as long as that.
const LEAST: usize = 1 << 14;

/// Sizes of packed weights: blocks one after the other, in each block `[row length, block]` for each kernel
/// row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packing {
    /// Outputs of the correlation: filters forward, channels backward.
    pub filters: usize,
    /// Kernel rows.
    pub rows: usize,
    /// Values of a kernel row: `[kernel width, channels]`.
    pub row: usize,
    /// Filters side by side in a block.
    pub block: usize,
}

impl Packing {
    pub(crate) fn blocks(&self) -> usize {
        self.filters.div_ceil(self.block)
    }

    /// Values of one block.
    pub(crate) fn block_len(&self) -> usize {
        self.rows * self.row * self.block
    }

    /// Values of all blocks together.
    pub(crate) fn len(&self) -> usize {
        self.blocks() * self.block_len()
    }

    /// Fills `packed` from `weight`. The last block is filled up with zeros.
    ///
    /// A kernel row is `[row / inner, inner]`. The value of a filter at `[kernel row, place, place inside]` is the one
    /// at `filter(number of the filter) + place([kernel row, place, place inside])`: with a sum for each value
    /// instead of divisions, packing takes little beside the products even of a small batch.
    pub(crate) fn pack(
        &self,
        packed: &mut [f32],
        weight: &[f32],
        inner: usize,
        filter: impl Fn(usize) -> usize + Sync,
        place: impl Fn([usize; 3]) -> usize + Sync,
    ) {
        let blocks = packed.par_chunks_exact_mut(self.block_len());
        let least = LEAST.div_ceil(self.block_len());
        blocks.with_min_len(least).enumerate().for_each(|(block, packed)| {
            let first = block * self.block;
            let used = self.block.min(self.filters - first);
            let mut filters = [0; 16 * WIDE];
            for (lane, at) in filters[..used].iter_mut().enumerate() {
                *at = filter(first + lane);
            }
            let mut rows = packed.chunks_exact_mut(self.block);
            for place in self.places(inner).map(&place) {
                let Some(lanes) = rows.next() else { break };
                let (lanes, rest) = lanes.split_at_mut(used);
                for (lane, filter) in lanes.iter_mut().zip(&filters) {
                    *lane = weight[filter + place];
                }
                rest.fill(0.0);
            }
        });
    }

    /// The places of a filter in packed order.
    fn places(&self, inner: usize) -> impl Iterator<Item = [usize; 3]> + use<> {
        let (rows, outer) = (self.rows, self.row / inner);
        (0..rows).flat_map(move |row| (0..outer).flat_map(move |i| (0..inner).map(move |j| [row, i, j])))
    }
}
