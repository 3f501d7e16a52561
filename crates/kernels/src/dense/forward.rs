//! The dense layer: each output is a weighted sum of all inputs, plus a bias.

use rayon::prelude::*;

use crate::filters;
use crate::forward::write;
use crate::pack::Packing;
use crate::scratch;
use crate::simd::{Kernel, Level, Vector};
use crate::sums::Gradients;
use crate::tile::{self, Sink, WIDE, Walk};

/// Sizes of a dense layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    pub inputs: usize,
    pub outputs: usize,
}

/// `x` `[n, inputs]` times `weight` `[inputs, outputs]`, plus `bias` `[outputs]`: `[n, outputs]`.
///
/// With `keep_weights` the packed weights are kept for the next call.
///
/// # Panics
/// If a length does not fit.
pub fn dense(
    level: Level,
    shape: Dense,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    keep_weights: bool,
) -> Vec<f32> {
    let Dense { inputs, outputs } = shape;
    let n = x.len() / inputs;
    assert_eq!([x.len(), weight.len(), bias.len()], [n * inputs, inputs * outputs, outputs], "operands fit");
    let packing = Packing { filters: outputs, rows: 1, row: inputs, block: WIDE * level.lanes() };
    let order = filters::order(level, false, [outputs, inputs, 0]);
    let pack = |packed: &mut [f32]| packing.pack(packed, |output, _, input| weight[input * outputs + output]);
    filters::with_packed(order, weight, packing.len(), keep_weights, pack, |packed| {
        rows_times(level, &packing, x, packed, Some(bias))
    })
}

/// Gradients of [`dense`], given those of its output `[n, outputs]`; the input's is `[n, inputs]`.
///
/// # Panics
/// If a length does not fit.
pub fn dense_backward(
    level: Level,
    shape: Dense,
    x: &[f32],
    weight: &[f32],
    gradients: &[f32],
    want_input: bool,
) -> Gradients {
    let Dense { inputs, outputs } = shape;
    let n = x.len() / inputs;
    assert_eq!(
        [x.len(), weight.len(), gradients.len()],
        [n * inputs, inputs * outputs, n * outputs],
        "operands fit"
    );
    let mut bias = vec![0.0; outputs];
    for row in gradients.chunks_exact(outputs) {
        for (sum, gradient) in bias.iter_mut().zip(row) {
            *sum += gradient;
        }
    }
    let input = want_input.then(|| {
        let packing = Packing { filters: inputs, rows: 1, row: outputs, block: WIDE * level.lanes() };
        scratch::with([packing.len()], |[packed]| {
            packing.pack(packed, |input, _, output| weight[input * outputs + output]);
            rows_times(level, &packing, gradients, packed, None)
        })
    });
    Gradients { input, weight: weight_gradient(level, shape, n, x, gradients), bias }
}

/// Rows `[n, packing.row]` times packed columns, plus a bias: `[n, packing.filters]`.
fn rows_times(
    level: Level,
    packing: &Packing,
    rows: &[f32],
    packed: &[f32],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let n = rows.len() / packing.row;
    let mut out = vec![0.0; n * packing.filters];
    // As high as the highest tile, so that no tile is cut.
    let part = n.div_ceil(4 * rayon::current_num_threads()).next_multiple_of(12);
    let walk = Walk {
        repeats: 1,
        segments: 1,
        steps: packing.row,
        a_step: 1,
        b_step: packing.block,
        ..Walk::default()
    };
    let parts = out.par_chunks_mut(part * packing.filters).zip(rows.par_chunks(part * packing.row));
    parts.for_each(|(out, rows)| level.run(Product { packing, walk, rows, packed, bias, out }));
    out
}

/// Some rows of a product.
struct Product<'a> {
    packing: &'a Packing,
    walk: Walk,
    rows: &'a [f32],
    packed: &'a [f32],
    bias: Option<&'a [f32]>,
    out: &'a mut [f32],
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Packing { filters, row, block, .. } = *self.packing;
        for (i, columns) in self.packed.chunks_exact(self.packing.block_len()).enumerate() {
            let first = i * block;
            let used = block.min(filters - first);
            let bias = self.bias.map(|bias| &bias[first..first + used]);
            let place = |i| i * filters;
            let mut store = Store { out: &mut self.out[first..], place, used, bias };
            let operands = [self.rows, columns];
            tile::rows(simd, self.rows.len() / row, |i| i * row, &self.walk, operands, &mut store);
        }
    }
}

/// Writes sums to their rows.
pub(crate) struct Store<'a, P> {
    pub out: &'a mut [f32],
    /// Where in `out` each row goes.
    pub place: P,
    /// Columns of the block that exist; the others only fill it up.
    pub used: usize,
    pub bias: Option<&'a [f32]>,
}

impl<S: Vector, P: Fn(usize) -> usize> Sink<S> for Store<'_, P> {
    #[inline(always)]
    fn put(&mut self, simd: S, first: usize, sums: &[[S::f32s; WIDE]]) {
        for (i, sums) in sums.iter().enumerate() {
            let target = &mut self.out[(self.place)(first + i)..][..self.used];
            write(simd, target, sums);
            if let Some(bias) = self.bias {
                for (value, bias) in target.iter_mut().zip(bias) {
                    *value += bias;
                }
            }
        }
    }
}

/// For each input: its values in all rows, times the gradients of all outputs there.
fn weight_gradient(level: Level, shape: Dense, n: usize, x: &[f32], gradients: &[f32]) -> Vec<f32> {
    let Dense { inputs, outputs } = shape;
    // The gradients as packed columns, a step a row of the batch.
    let packing = Packing { filters: outputs, rows: 1, row: n, block: WIDE * level.lanes() };
    let mut weight = vec![0.0; inputs * outputs];
    if n == 0 {
        return weight;
    }
    let walk =
        Walk { repeats: 1, segments: 1, steps: n, a_step: inputs, b_step: packing.block, ..Walk::default() };
    let part = inputs.div_ceil(4 * rayon::current_num_threads()).next_multiple_of(12);
    scratch::with([packing.len()], |[packed]| {
        packing.pack(packed, |output, _, row| gradients[row * outputs + output]);
        let packed = &*packed;
        weight.par_chunks_mut(part * outputs).enumerate().for_each(|(i, weight)| {
            level.run(Columns { packing: &packing, walk, x: &x[i * part..], packed, outputs, weight });
        });
    });
    weight
}

/// The gradients of some inputs' weights.
struct Columns<'a> {
    packing: &'a Packing,
    walk: Walk,
    x: &'a [f32],
    packed: &'a [f32],
    outputs: usize,
    /// `[inputs of the part, outputs]`
    weight: &'a mut [f32],
}

impl Kernel for Columns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let block = self.packing.block;
        let inputs = self.weight.len() / self.outputs;
        for (i, columns) in self.packed.chunks_exact(self.packing.block_len()).enumerate() {
            let first = i * block;
            let used = block.min(self.outputs - first);
            let place = |input| input * self.outputs;
            let mut store = Store { out: &mut self.weight[first..], place, used, bias: None };
            tile::rows(simd, inputs, |input| input, &self.walk, [self.x, columns], &mut store);
        }
    }
}
