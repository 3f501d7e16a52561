//! The dense layer for few rows, straight from its weights: to pack or compare them would take longer than to use
//! them once.

use crate::dense::shape::DenseShape;
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;

/// Up to how many rows the weights are not packed.
pub(crate) const FEW: usize = 4;
/// How many inputs are multiplied in one pass over the sums.
const INPUTS: usize = 8;
/// How many outputs a pass covers, so that the weights of its inputs stay in the first-level cache.
const OUTPUTS: usize = 512;
/// From so many weights on the outputs are divided among the threads.
const DIVIDED: usize = 1 << 16;

/// Multiplies up to [`FEW`] rows `x` `[n, inputs]` with `weight` `[inputs, outputs]`, adds `bias`, and writes `[n,
/// outputs]`. Each output adds up its terms in the same order as the packed way, so the bits are the same.
pub(crate) fn multiply(
    level: Level,
    shape: DenseShape,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    out: &mut [f32],
) {
    let DenseShape { inputs, outputs } = shape;
    let n = x.len() / inputs;
    let threads = if weight.len() < DIVIDED { 1 } else { current_num_threads() };
    // No vector has more than 16 lanes, so a band is a whole number of vectors.
    let width = outputs.div_ceil(threads).next_multiple_of(16);
    let bands = outputs.div_ceil(width);
    scratch::with([bands * n * width], |[sums]| {
        let compute = |(band, sums): (usize, &mut [f32])| {
            level.run(Band { shape, x, weight, first: band * width, width, sums });
        };
        if bands == 1 {
            compute((0, sums));
        } else {
            sums.par_chunks_mut(n * width).enumerate().for_each(compute);
        }
        for (band, sums) in sums.chunks_exact(n * width).enumerate() {
            let first = band * width;
            let used = width.min(outputs - first);
            for (row, sums) in sums.chunks_exact(width).enumerate() {
                let target = &mut out[row * outputs + first..][..used];
                for ((value, sum), bias) in target.iter_mut().zip(sums).zip(&bias[first..]) {
                    *value = sum + bias;
                }
            }
        }
    });
}

/// Computes the sums of some outputs.
struct Band<'a> {
    shape: DenseShape,
    x: &'a [f32],
    weight: &'a [f32],
    first: usize,
    /// How many outputs there are, and some that only fill up the last vector.
    width: usize,
    /// `[n, width]`
    sums: &'a mut [f32],
}

impl Kernel for Band<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Self { shape: DenseShape { inputs, outputs }, x, weight, first, width, sums } = self;
        sums.fill(0.0);
        // What fills up the last vector is read from the next row. Behind the last row there is none.
        let safe = (weight.len() + outputs).saturating_sub(first + width) / outputs;
        let safe = safe.min(inputs) / INPUTS * INPUTS;
        for input in (0..safe).step_by(INPUTS) {
            let rows = &weight[input * outputs + first..];
            assert!(rows.len() >= (INPUTS - 1) * outputs + width, "rows of weights");
            for begin in (0..width).step_by(OUTPUTS) {
                let count = OUTPUTS.min(width - begin);
                for (sums, x) in sums.chunks_exact_mut(width).zip(x.chunks_exact(inputs)) {
                    let (sums, x) = (&mut sums[begin..begin + count], &x[input..input + INPUTS]);
                    // SAFETY: the rows were checked above, and a vector ends at a multiple of 16 values at most.
                    unsafe { add_products(simd, x, &rows[begin..], outputs, sums) };
                }
            }
        }
        for input in safe..inputs {
            let used = width.min(outputs - first);
            let row = &weight[input * outputs + first..][..used];
            for (sums, x) in sums.chunks_exact_mut(width).zip(x.chunks_exact(inputs)) {
                add_row(simd, x[input], row, sums);
            }
        }
    }
}

/// Adds the products of [`INPUTS`] inputs to the sums, one input after the other.
///
/// # Safety
/// From each of the rows, which lie `distance` values apart, as many values as there are sums can be read. The
/// number of sums is a multiple of 16.
#[inline(always)]
unsafe fn add_products<S: Vector>(simd: S, x: &[f32], rows: &[f32], distance: usize, sums: &mut [f32]) {
    let mut factors = [simd.splat_f32s(0.0); INPUTS];
    for (factor, x) in factors.iter_mut().zip(x) {
        *factor = simd.splat_f32s(*x);
    }
    for place in (0..sums.len()).step_by(S::LANES) {
        // SAFETY: the caller vouches for the rows; the number of sums is a multiple of the lanes.
        unsafe {
            let target = sums.as_mut_ptr().add(place);
            let mut sum = simd.load(target);
            for (i, factor) in factors.iter().enumerate() {
                let weights = simd.load(rows.as_ptr().add(i * distance + place));
                sum = simd.multiply_add(*factor, weights, sum);
            }
            simd.store(target, sum);
        }
    }
}

/// Adds the products of one input, whose row of weights may end in the middle of a vector.
#[inline(always)]
fn add_row<S: Vector>(simd: S, x: f32, row: &[f32], sums: &mut [f32]) {
    let factor = simd.splat_f32s(x);
    for (weights, sums) in row.chunks(S::LANES).zip(sums.chunks_exact_mut(S::LANES)) {
        let mut padded = [0.0; 16];
        padded[..weights.len()].copy_from_slice(weights);
        // SAFETY: both are at least as long as a vector.
        unsafe {
            let sum = simd.multiply_add(factor, simd.load(padded.as_ptr()), simd.load(sums.as_ptr()));
            simd.store(sums.as_mut_ptr(), sum);
        }
    }
}
