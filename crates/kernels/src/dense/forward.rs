//! The dense layer: rows of inputs times packed weights, plus a bias.

use crate::dense::few_rows::{self, FEW};
use crate::dense::packed_rows;
use crate::dense::product::{Factors, HIGHEST, multiply};
use crate::dense::shape::DenseShape;
use crate::filters::kept::{self, Keep};
use crate::filters::packing::Packing;
use crate::functions::activation::Activation;
use crate::functions::elementwise::activate_in_place;
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::tile::WIDE;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;

/// Multiplies `x` `[n, inputs]` with `weight` `[inputs, outputs]`, adds `bias` `[outputs]`, and writes `[n,
/// outputs]` to `out`.
///
/// The packed weights are kept as `keep_weights` says. Without inputs, each
/// row of the output is the bias. An input that is zero adds nothing: whether its product with a weight that is
/// infinite or NaN counts depends on the rows beside it.
///
/// # Panics
/// If a length does not fit the shape.
pub fn dense(
    level: Level,
    shape: DenseShape,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    keep_weights: Keep<'_>,
    out: &mut [f32],
) {
    dense_activated(level, shape, Activation::None, [x, weight, bias], keep_weights, out, &mut []);
}

/// The same with operands `[x, weight, bias]`, and an activation applied to the output.
///
/// `slope` gets the activation's derivative `[n, outputs]`, or is empty if it is not wanted.
///
/// # Panics
/// If a length does not fit the shape.
pub fn dense_activated(
    level: Level,
    shape: DenseShape,
    activation: Activation,
    [x, weight, bias]: [&[f32]; 3],
    keep_weights: Keep<'_>,
    out: &mut [f32],
    slope: &mut [f32],
) {
    let DenseShape { inputs, outputs } = shape;
    let n = shape.rows(x, out);
    assert_eq!([x.len(), weight.len(), bias.len()], [n * inputs, inputs * outputs, outputs], "operands fit");
    assert_eq!(out.len(), n * outputs, "the output has a place for each row");
    assert!(slope.is_empty() || slope.len() == out.len(), "a derivative for each output, or none");
    if n == 0 {
        return;
    }
    if weight.is_empty() {
        // Without outputs there are no rows here.
        out.chunks_exact_mut(outputs.max(1)).for_each(|row| row.copy_from_slice(bias));
        activate_in_place(level, activation, out, slope);
        return;
    }
    if n <= FEW {
        few_rows::multiply(level, shape, x, weight, bias, out);
        activate_in_place(level, activation, out, slope);
        return;
    }
    let packing = Packing { filters: outputs, rows: 1, row: inputs, block: WIDE * level.lanes() };
    let order = kept::order(level, false, [outputs, inputs, 0]);
    let pack = |packed: &mut [f32]| packed_rows::pack(&packing, weight, packed);
    kept::with_packed(order, weight, packing.len(), keep_weights, pack, |packed| {
        rows_times(level, &packing, x, packed, Some((bias, activation)), out, slope);
    });
}

/// Multiplies rows `[n, packing.row]` with packed columns, adds a bias and applies an activation, and writes `[n,
/// packing.filters]`.
pub(crate) fn rows_times(
    level: Level,
    packing: &Packing,
    rows: &[f32],
    packed: &[f32],
    after: Option<(&[f32], Activation)>,
    out: &mut [f32],
    slope: &mut [f32],
) {
    let count = rows_per_thread(rows.len() / packing.row);
    let compute = |out: &mut [f32], slope: &mut [f32], rows: &[f32]| {
        let bias = after.map(|(bias, _)| bias);
        scratch::with([packing.row, HIGHEST * packing.row], |memory| {
            level.run(RowsTimesColumns { packing, rows, packed, bias, memory, out: &mut *out });
        });
        if let Some((_, activation)) = after {
            activate_in_place(level, activation, out, slope);
        }
    };
    let (piece, rows) = (count * packing.filters, rows.par_chunks(count * packing.row));
    if slope.is_empty() {
        out.par_chunks_mut(piece).zip(rows).for_each(|(out, rows)| compute(out, &mut [], rows));
    } else {
        let outputs = out.par_chunks_mut(piece).zip(slope.par_chunks_mut(piece));
        outputs.zip(rows).for_each(|((out, slope), rows)| compute(out, slope, rows));
    }
}

/// How many of `rows` rows a thread takes at a time. There are as many pieces for each thread as for the others where there
/// are rows enough, and all but the last are equal. There are as few as that allows, about four a thread at most, because
/// each piece reads all the weights.
pub(crate) fn rows_per_thread(rows: usize) -> usize {
    let threads = current_num_threads();
    let pieces = rows.max(1).div_ceil(rows.max(1).div_ceil(4 * threads).next_multiple_of(12));
    rows.max(1).div_ceil(pieces.next_multiple_of(threads))
}

/// Computes some rows of a product.
struct RowsTimesColumns<'a> {
    packing: &'a Packing,
    rows: &'a [f32],
    packed: &'a [f32],
    bias: Option<&'a [f32]>,
    /// As the product needs it.
    memory: [&'a mut [f32]; 2],
    out: &'a mut [f32],
}

impl Kernel for RowsTimesColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Self { packing, rows, packed, bias, memory, out } = self;
        let factors = Factors {
            values: rows,
            rows: rows.len() / packing.row,
            row_distance: packing.row,
            step_distance: 1,
        };
        multiply(simd, factors, packing, packed, bias, memory, out);
    }
}
