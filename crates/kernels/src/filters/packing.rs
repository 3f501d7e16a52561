//! Weights in the order in which the kernels read them.

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

    /// Fills `packed` from `weight(filter, kernel row, place in the row)`. The last block is filled up with
    /// zeros.
    pub(crate) fn pack(&self, packed: &mut [f32], weight: impl Fn(usize, usize, usize) -> f32) {
        for (block, packed) in packed.chunks_exact_mut(self.block_len()).enumerate() {
            for lane in 0..self.block {
                let filter = block * self.block + lane;
                for (i, target) in packed.iter_mut().skip(lane).step_by(self.block).enumerate() {
                    *target =
                        if filter < self.filters { weight(filter, i / self.row, i % self.row) } else { 0.0 };
                }
            }
        }
    }
}
