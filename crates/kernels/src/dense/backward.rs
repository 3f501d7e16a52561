//! Gradients of the dense layer: two more products of matrices.

use rayon::prelude::*;

use crate::dense::forward::{DenseShape, rows_per_thread, rows_times};
use crate::gradients::Gradients;
use crate::packing::Packing;
use crate::scratch;
use crate::simd::level::Level;
use crate::simd::store::StoreRows;
use crate::simd::tile::{self, WIDE, Walk};
use crate::simd::vector::{Kernel, Vector};

/// Computes the gradients of [`dense`](crate::dense)'s operands from `upstream`, the gradient of its output
/// `[n, outputs]`.
///
/// # Panics
/// If a length does not fit the shape.
pub fn dense_backward(
    level: Level,
    shape: DenseShape,
    x: &[f32],
    weight: &[f32],
    upstream: &[f32],
    gradients: Gradients<'_>,
) {
    let DenseShape { inputs, outputs } = shape;
    let n = shape.rows(x, upstream);
    assert_eq!(
        [x.len(), weight.len(), upstream.len()],
        [n * inputs, inputs * outputs, n * outputs],
        "operands fit"
    );
    gradients.assert_lengths([x.len(), weight.len(), outputs]);
    gradients.bias.fill(0.0);
    for row in upstream.chunks_exact(outputs.max(1)) {
        for (sum, gradient) in gradients.bias.iter_mut().zip(row) {
            *sum += gradient;
        }
    }
    if weight.is_empty() {
        // There are no inputs, or no outputs that any of them could have changed.
        gradients.input.into_iter().for_each(|input| input.fill(0.0));
        return;
    }
    if let Some(input) = gradients.input {
        let packing = Packing { filters: inputs, rows: 1, row: outputs, block: WIDE * level.lanes() };
        scratch::with([packing.len()], |[packed]| {
            packing.pack(packed, |input, _, output| weight[input * outputs + output]);
            rows_times(level, &packing, upstream, packed, None, input);
        });
    }
    weight_gradient(level, shape, x, upstream, gradients.weight);
}

/// Computes the gradient of `weight` `[inputs, outputs]`: each input's values in all rows, times the
/// gradients of all outputs in these rows.
fn weight_gradient(level: Level, shape: DenseShape, x: &[f32], upstream: &[f32], weight: &mut [f32]) {
    let DenseShape { inputs, outputs } = shape;
    let n = x.len() / inputs;
    if n == 0 {
        weight.fill(0.0);
        return;
    }
    // The gradients are packed as columns, in which each row of the batch is one step.
    let packing = Packing { filters: outputs, rows: 1, row: n, block: WIDE * level.lanes() };
    let walk =
        Walk { repeats: 1, segments: 1, steps: n, a_step: inputs, b_step: packing.block, ..Walk::default() };
    let count = rows_per_thread(inputs);
    scratch::with([packing.len()], |[packed]| {
        packing.pack(packed, |output, _, row| upstream[row * outputs + output]);
        let packed = &*packed;
        weight.par_chunks_mut(count * outputs).enumerate().for_each(|(i, weight)| {
            level.run(InputsTimesColumns { packing: &packing, walk, x: &x[i * count..], packed, weight });
        });
    });
}

/// Computes the gradients of some inputs' weights.
struct InputsTimesColumns<'a> {
    packing: &'a Packing,
    walk: Walk,
    /// `[n, inputs]` without the inputs before the first of these.
    x: &'a [f32],
    packed: &'a [f32],
    /// `[these inputs, outputs]`
    weight: &'a mut [f32],
}

impl Kernel for InputsTimesColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Packing { filters: outputs, block, .. } = *self.packing;
        let inputs = self.weight.len() / outputs;
        for (i, columns) in self.packed.chunks_exact(self.packing.block_len()).enumerate() {
            let first = i * block;
            let used = block.min(outputs - first);
            let place = |input| input * outputs;
            let mut store = StoreRows { out: &mut self.weight[first..], place, used, bias: None };
            tile::sum_rows(simd, inputs, |input| input, &self.walk, [self.x, columns], &mut store);
        }
    }
}
