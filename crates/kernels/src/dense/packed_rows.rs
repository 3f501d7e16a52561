//! Packing of a matrix whose columns are the outputs: in each block the same columns of all rows.

use crate::filters::packing::Packing;
use crate::threads::parallel::*;

/// How many values of a row are packed before the next row's: a cache line.
const AT_ONCE: usize = 16;
/// How many values a thread packs at least.
const LEAST: usize = 1 << 14;

/// Fills `packed` from `matrix` `[packing.row, packing.filters]`. The last block is filled up with zeros.
///
/// A whole row is read before the next one: a block by itself would read a piece of each page.
pub(crate) fn pack(packing: &Packing, matrix: &[f32], packed: &mut [f32]) {
    let Packing { filters, row: rows, block, .. } = *packing;
    let threads = current_num_threads().min(matrix.len() / LEAST).max(1);
    let blocks = packing.blocks().div_ceil(threads);
    packed.par_chunks_mut(blocks * rows * block).enumerate().for_each(|(i, packed)| {
        let first = i * blocks * block;
        for (row, values) in matrix.chunks_exact(filters).enumerate() {
            let sources = values[first..].chunks(block);
            for (source, packed) in sources.zip(packed.chunks_exact_mut(rows * block)) {
                let target = &mut packed[row * block..][..block];
                let (used, rest) = target.split_at_mut(source.len());
                used.copy_from_slice(source);
                rest.fill(0.0);
            }
        }
    });
}

/// The same for `matrix` `[packing.filters, packing.row]`, whose rows are the outputs.
pub(crate) fn pack_transposed(packing: &Packing, matrix: &[f32], packed: &mut [f32]) {
    let Packing { filters, row, block, .. } = *packing;
    packed.par_chunks_mut(row * block).enumerate().for_each(|(i, packed)| {
        let first = i * block;
        let used = block.min(filters - first);
        // A few values of each row at a time, so that neither the rows nor the block are fetched twice.
        for begin in (0..row).step_by(AT_ONCE) {
            let packed = &mut packed[begin * block..];
            let count = AT_ONCE.min(row - begin);
            for lane in 0..used {
                let values = &matrix[(first + lane) * row + begin..][..count];
                for (place, value) in values.iter().enumerate() {
                    packed[place * block + lane] = *value;
                }
            }
            if used < block {
                packed.chunks_exact_mut(block).take(count).for_each(|lanes| lanes[used..].fill(0.0));
            }
        }
    });
}
