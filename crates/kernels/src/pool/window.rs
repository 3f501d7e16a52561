//! Pooling windows: their maxima, and the band of pooled rows that the maxima are written to.

use crate::pool::shape::{CUT, PoolShape};
use crate::simd::store::{write, write_bytes};
use crate::simd::tile::WIDE;
use crate::simd::vector::Vector;

/// A band of pooled rows of one image, with all that either method computes it from.
pub(crate) struct Band<'a> {
    pub shape: &'a PoolShape,
    /// All filters, packed for the method.
    pub packed: &'a [f32],
    /// The rows of the padded image that the band is computed from.
    pub padded: &'a [f32],
    pub bias: &'a [f32],
    /// `[pooled rows, pooled width, filters]`
    pub values: &'a mut [f32],
    /// Beside each value its place in the window. It is empty if no gradient will be computed.
    pub argmax: &'a mut [u8],
}

impl Band<'_> {
    /// Writes the maxima of one block of filters, `at` values behind the band's first value, after adding the
    /// bias and ReLU. `bias` holds as many filters as the block has.
    #[inline(always)]
    pub(crate) fn put<S: Vector>(&mut self, simd: S, at: usize, maximum: Maximum<S>, bias: &[f32]) {
        let [sums, places] = add_bias_and_relu(simd, maximum, bias, self.shape.relu);
        write(simd, &mut self.values[at..at + bias.len()], &sums);
        if !self.argmax.is_empty() {
            write_bytes(simd, &mut self.argmax[at..at + bias.len()], &places);
        }
    }
}

/// In each lane the largest value of a window, and its place in the window as a number.
pub(crate) type Maximum<S> = [[<S as pulp::Simd>::f32s; WIDE]; 2];

/// Finds the maximum of a window of `pool` rows, `row` values apart, of `pool` pixels.
#[inline(always)]
pub(crate) fn maximum<S: Vector>(simd: S, window: &[f32], row: usize, pool: usize) -> Maximum<S> {
    let block = WIDE * S::LANES;
    assert!((pool - 1) * (row + block) + block <= window.len(), "the window lies in its rows");
    let mut best = [[simd.splat_f32s(0.0); WIDE]; 2];
    for i in 0..WIDE {
        for place in 0..pool * pool {
            let at = place / pool * row + place % pool * block + i * S::LANES;
            // SAFETY: the last vector of the last pixel ends where the assertion says.
            let value = unsafe { simd.load(window.as_ptr().add(at)) };
            let candidate = [value, simd.splat_f32s(place as f32)];
            let so_far = [best[0][i], best[1][i]];
            [best[0][i], best[1][i]] = if place == 0 { candidate } else { larger(simd, so_far, candidate) };
        }
    }
    best
}

/// In each lane the candidate if it is larger or the first that is not a number, otherwise the best so far.
#[inline(always)]
pub(crate) fn larger<S: Vector>(simd: S, best: [S::f32s; 2], candidate: [S::f32s; 2]) -> [S::f32s; 2] {
    let not_above = simd.less_than_or_equal_f32s(candidate[0], best[0]);
    let is_number = simd.equal_f32s(best[0], best[0]);
    let takes = simd.and_m32s(simd.not_m32s(not_above), is_number);
    [simd.select_f32s(takes, candidate[0], best[0]), simd.select_f32s(takes, candidate[1], best[1])]
}

/// Adds the bias to the maxima and applies ReLU. Where ReLU makes a value zero, its place becomes [`CUT`].
#[inline(always)]
fn add_bias_and_relu<S: Vector>(simd: S, maximum: Maximum<S>, bias: &[f32], relu: bool) -> Maximum<S> {
    let mut padded = [0.0; 16 * WIDE];
    padded[..bias.len()].copy_from_slice(bias);
    let [mut sums, mut places] = maximum;
    for i in 0..WIDE {
        // SAFETY: `padded` has room for `WIDE` vectors of 16 lanes, the longest there are.
        let bias = unsafe { simd.load(padded.as_ptr().add(i * S::LANES)) };
        sums[i] = simd.add_f32s(sums[i], bias);
        if relu {
            let zero = simd.splat_f32s(0.0);
            let cut = simd.less_than_or_equal_f32s(sums[i], zero);
            sums[i] = simd.select_f32s(cut, zero, sums[i]);
            places[i] = simd.select_f32s(cut, simd.splat_f32s(f32::from(CUT)), places[i]);
        }
    }
    [sums, places]
}
