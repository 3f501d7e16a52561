//! Gradients of the dense layer: two more products of matrices.

use crate::dense::forward::{rows_per_thread, rows_times};
use crate::dense::packed_rows;
use crate::dense::product::{Factors, HIGHEST, multiply};
use crate::dense::shape::DenseShape;
use crate::filters::packing::Packing;
use crate::gradients::Gradients;
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::tile::WIDE;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;

/// Computes the gradients of [`dense`](crate::dense)'s operands from `upstream`, the gradient of its output
/// `[n, outputs]`.
///
/// As in the forward pass, the product of an input or a gradient that is zero and a value that is infinite or NaN may
/// count or not.
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
            packed_rows::pack_transposed(&packing, weight, packed);
            rows_times(level, &packing, upstream, packed, None, input, &mut []);
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
    let count = rows_per_thread(inputs);
    scratch::with([packing.len()], |[packed]| {
        packed_rows::pack(&packing, upstream, packed);
        let packed = &*packed;
        weight.par_chunks_mut(count * outputs).enumerate().for_each(|(i, weight)| {
            let factors = Factors {
                values: &x[i * count..],
                rows: weight.len() / outputs,
                row_distance: 1,
                step_distance: inputs,
            };
            scratch::with([n, HIGHEST * n], |memory| {
                level.run(InputsTimesColumns { packing: &packing, factors, packed, memory, weight });
            });
        });
    });
}

/// Computes the gradients of some inputs' weights.
struct InputsTimesColumns<'a> {
    packing: &'a Packing,
    /// `[n, inputs]` without the inputs before the first of these.
    factors: Factors<'a>,
    packed: &'a [f32],
    /// As the product needs it.
    memory: [&'a mut [f32]; 2],
    /// `[these inputs, outputs]`
    weight: &'a mut [f32],
}

impl Kernel for InputsTimesColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Self { packing, factors, packed, memory, weight } = self;
        multiply(simd, factors, packing, packed, None, memory, weight);
    }
}
