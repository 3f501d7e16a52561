//! Pooling windows: their largest and smallest values, and the band of pooled rows that the results go to.
//!
//! A function that never decreases takes the largest value of a window to the largest result, so it is computed
//! once for each window. GELU falls until -0.75 and rises from there. On a function that first falls and then
//! rises no point between two others lies above both of them, so the largest result of a window is that of its
//! smallest or of its largest value, and GELU is computed for these two.

use crate::functions::activation::Activation;
use crate::functions::gelu::{gelu, gelu_with_slope};
use crate::pool::outputs::Outputs;
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
    pub out: Outputs<'a>,
}

/// In each lane a value of a window, and its place in the window as a number.
pub(crate) type Placed<S> = [<S as pulp::Simd>::f32s; 2];

/// The largest values of a block's windows, and the smallest ones, which are read only where [`needs_smallest`] says
/// so.
pub(crate) type Extremes<S> = [[Placed<S>; WIDE]; 2];

/// Whether the result of a window depends on its smallest value too.
pub(crate) fn needs_smallest(activation: Activation) -> bool {
    activation == Activation::Gelu
}

impl Band<'_> {
    /// How many pooled rows the band has.
    pub(crate) fn rows(&self) -> usize {
        self.out.values.len() / (self.shape.width() * self.shape.conv.filters)
    }

    /// Writes the results of one block of filters, `at` values behind the band's first value, after adding the
    /// bias and applying the activation. `bias` holds as many filters as the block has.
    #[inline(always)]
    pub(crate) fn put<S: Vector>(&mut self, simd: S, at: usize, extremes: &Extremes<S>, bias: &[f32]) {
        let mut padded = [0.0; 16 * WIDE];
        padded[..bias.len()].copy_from_slice(bias);
        let range = at..at + bias.len();
        let zero = simd.splat_f32s(0.0);
        let (mut values, mut places, mut slopes) = ([zero; WIDE], [zero; WIDE], [zero; WIDE]);
        for i in 0..WIDE {
            // SAFETY: `padded` has room for `WIDE` vectors of 16 lanes, the longest there are.
            let bias = unsafe { simd.load(padded.as_ptr().add(i * S::LANES)) };
            let [largest, smallest] = [extremes[0][i], extremes[1][i]];
            let largest = [simd.add_f32s(largest[0], bias), largest[1]];
            [values[i], places[i], slopes[i]] = match self.shape.activation {
                Activation::Relu => cut_below_zero(simd, largest),
                Activation::Gelu => {
                    let smallest = [simd.add_f32s(smallest[0], bias), smallest[1]];
                    largest_gelu(simd, largest, smallest, !self.out.slopes.is_empty())
                }
                activation => [activation.apply(simd, largest[0]), largest[1], zero],
            };
        }
        write(simd, &mut self.out.values[range.clone()], &values);
        if !self.out.argmax.is_empty() {
            write_bytes(simd, &mut self.out.argmax[range.clone()], &places);
        }
        if !self.out.slopes.is_empty() {
            write(simd, &mut self.out.slopes[range], &slopes);
        }
    }
}

/// The largest values of windows of `pool` rows, `row` values apart, of `pool` pixels, and with `both` the smallest
/// ones as well.
#[inline(always)]
pub(crate) fn extremes<S: Vector>(
    simd: S,
    window: &[f32],
    row: usize,
    pool: usize,
    both: bool,
) -> Extremes<S> {
    let block = WIDE * S::LANES;
    assert!((pool - 1) * (row + block) + block <= window.len(), "the window lies in its rows");
    let largest = extreme::<S, true>(simd, window, row, pool);
    [largest, if both { extreme::<S, false>(simd, window, row, pool) } else { largest }]
}

/// One of the two, see [`extremes`], which has checked the window's length.
#[inline(always)]
fn extreme<S: Vector, const LARGEST: bool>(
    simd: S,
    window: &[f32],
    row: usize,
    pool: usize,
) -> [Placed<S>; WIDE] {
    let zero = simd.splat_f32s(0.0);
    let mut best = [[zero; 2]; WIDE];
    for i in 0..WIDE {
        let mut place = 0;
        for y in 0..pool {
            for x in 0..pool {
                let at = y * row + (x * WIDE + i) * S::LANES;
                // SAFETY: the last vector of the last pixel ends where the caller's assertion says.
                let value = unsafe { simd.load(window.as_ptr().add(at)) };
                let candidate = [value, simd.splat_f32s(place as f32)];
                best[i] = if place == 0 { candidate } else { better::<S, LARGEST>(simd, best[i], candidate) };
                place += 1;
            }
        }
    }
    best
}

/// In each lane the candidate if it is larger (with `LARGEST`) or smaller (without), or the first that is not a
/// number; otherwise the best so far.
#[inline(always)]
pub(crate) fn better<S: Vector, const LARGEST: bool>(
    simd: S,
    best: Placed<S>,
    candidate: Placed<S>,
) -> Placed<S> {
    let is_no_better = if LARGEST {
        simd.less_than_or_equal_f32s(candidate[0], best[0])
    } else {
        simd.less_than_or_equal_f32s(best[0], candidate[0])
    };
    let is_number = simd.equal_f32s(best[0], best[0]);
    let takes = simd.and_m32s(simd.not_m32s(is_no_better), is_number);
    select(simd, takes, candidate, best)
}

#[inline(always)]
fn select<S: Vector>(simd: S, takes: S::m32s, a: Placed<S>, b: Placed<S>) -> Placed<S> {
    [simd.select_f32s(takes, a[0], b[0]), simd.select_f32s(takes, a[1], b[1])]
}

/// ReLU of the largest value. Where it makes the value zero, its place becomes [`CUT`].
#[inline(always)]
fn cut_below_zero<S: Vector>(simd: S, largest: Placed<S>) -> [S::f32s; 3] {
    let zero = simd.splat_f32s(0.0);
    let cut = simd.less_than_or_equal_f32s(largest[0], zero);
    let [value, place] = select(simd, cut, [zero, simd.splat_f32s(f32::from(CUT))], largest);
    [value, place, zero]
}

/// The larger one of GELU's values at the largest and at the smallest value of a window, its place, and with
/// `with_slope` GELU's slope there. Of equal ones the first in row order is taken.
#[inline(always)]
fn largest_gelu<S: Vector>(
    simd: S,
    largest: Placed<S>,
    smallest: Placed<S>,
    with_slope: bool,
) -> [S::f32s; 3] {
    let zero = simd.splat_f32s(0.0);
    let [a, b] = if with_slope {
        [gelu_with_slope(simd, largest[0]), gelu_with_slope(simd, smallest[0])]
    } else {
        [[gelu(simd, largest[0]), zero], [gelu(simd, smallest[0]), zero]]
    };
    let is_not_above = simd.less_than_or_equal_f32s(b[0], a[0]);
    let is_number = simd.equal_f32s(a[0], a[0]);
    let is_above = simd.and_m32s(simd.not_m32s(is_not_above), is_number);
    let is_first = simd.and_m32s(simd.equal_f32s(a[0], b[0]), simd.less_than_f32s(smallest[1], largest[1]));
    let takes = simd.or_m32s(is_above, is_first);
    let [value, slope] = select(simd, takes, b, a);
    [value, simd.select_f32s(takes, smallest[1], largest[1]), slope]
}
