//! The dense layer: rows of inputs times packed weights, plus a bias.

use rayon::prelude::*;

use crate::kept_filters;
use crate::packing::Packing;
use crate::simd::level::Level;
use crate::simd::store::StoreRows;
use crate::simd::tile::{self, WIDE, Walk};
use crate::simd::vector::{Kernel, Vector};

/// The sizes of a dense layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenseShape {
    pub inputs: usize,
    pub outputs: usize,
}

impl DenseShape {
    /// How many rows there are, where `x` is `[n, inputs]` and `y` is `[n, outputs]`. Without inputs and
    /// outputs there are none.
    pub(crate) fn rows(self, x: &[f32], y: &[f32]) -> usize {
        let rows = x.len().checked_div(self.inputs).or_else(|| y.len().checked_div(self.outputs));
        rows.unwrap_or(0)
    }
}

/// Multiplies `x` `[n, inputs]` with `weight` `[inputs, outputs]`, adds `bias` `[outputs]`, and writes `[n,
/// outputs]` to `out`.
///
/// With `keep_weights` the packed weights are kept for later calls with the same weights. Without inputs, each
/// row of the output is the bias.
///
/// # Panics
/// If a length does not fit the shape.
pub fn dense(
    level: Level,
    shape: DenseShape,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    keep_weights: bool,
    out: &mut [f32],
) {
    let DenseShape { inputs, outputs } = shape;
    let n = shape.rows(x, out);
    assert_eq!([x.len(), weight.len(), bias.len()], [n * inputs, inputs * outputs, outputs], "operands fit");
    assert_eq!(out.len(), n * outputs, "the output has a place for each row");
    if weight.is_empty() {
        // Without outputs there are no rows here.
        out.chunks_exact_mut(outputs.max(1)).for_each(|row| row.copy_from_slice(bias));
        return;
    }
    let packing = Packing { filters: outputs, rows: 1, row: inputs, block: WIDE * level.lanes() };
    let order = kept_filters::order(level, false, [outputs, inputs, 0]);
    let pack = |packed: &mut [f32]| packing.pack(packed, |output, _, input| weight[input * outputs + output]);
    kept_filters::with_packed(order, weight, packing.len(), keep_weights, pack, |packed| {
        rows_times(level, &packing, x, packed, Some(bias), out);
    });
}

/// Multiplies rows `[n, packing.row]` with packed columns, adds a bias, and writes `[n, packing.filters]`.
pub(crate) fn rows_times(
    level: Level,
    packing: &Packing,
    rows: &[f32],
    packed: &[f32],
    bias: Option<&[f32]>,
    out: &mut [f32],
) {
    let count = rows_per_thread(rows.len() / packing.row);
    let walk = Walk {
        repeats: 1,
        segments: 1,
        steps: packing.row,
        a_step: 1,
        b_step: packing.block,
        ..Walk::default()
    };
    let pieces = out.par_chunks_mut(count * packing.filters).zip(rows.par_chunks(count * packing.row));
    pieces.for_each(|(out, rows)| level.run(RowsTimesColumns { packing, walk, rows, packed, bias, out }));
}

/// How many of `rows` rows a thread takes at a time: a multiple of 12, the height of the highest tile, so
/// that only the last tiles of all are lower.
pub(crate) fn rows_per_thread(rows: usize) -> usize {
    rows.max(1).div_ceil(4 * rayon::current_num_threads()).next_multiple_of(12)
}

/// Computes some rows of a product.
struct RowsTimesColumns<'a> {
    packing: &'a Packing,
    walk: Walk,
    rows: &'a [f32],
    packed: &'a [f32],
    bias: Option<&'a [f32]>,
    out: &'a mut [f32],
}

impl Kernel for RowsTimesColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Packing { filters, row, block, .. } = *self.packing;
        for (i, columns) in self.packed.chunks_exact(self.packing.block_len()).enumerate() {
            let first = i * block;
            let used = block.min(filters - first);
            let bias = self.bias.map(|bias| &bias[first..first + used]);
            let place = |i| i * filters;
            let mut store = StoreRows { out: &mut self.out[first..], place, used, bias };
            let operands = [self.rows, columns];
            tile::sum_rows(simd, self.rows.len() / row, |i| i * row, &self.walk, operands, &mut store);
        }
    }
}
