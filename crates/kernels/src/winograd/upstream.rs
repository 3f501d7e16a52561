//! Tiles of the outputs' gradients at the points.

use std::ops::Range;

use crate::simd::vector::{Kernel, Vector};
use crate::winograd::lanes::load_unchecked;
use crate::winograd::points::{SIDE, column, times};
use crate::winograd::tiles::{PointRows, Tiles};

/// The point 1 along both axes, where a tile's value is the sum of its gradients.
pub(crate) const SUM: usize = SIDE + 1;

/// Turns tiles of gradients into their values at the points. `OUTPUTS` is how many lie along the side of a tile.
pub(crate) struct UpstreamAtPoints<'a, const OUTPUTS: usize> {
    pub tiles: &'a Tiles,
    pub range: Range<usize>,
    /// `[n, out height, out width, filters]`
    pub upstream: &'a [f32],
    /// As many zeros as there are filters, for pixels outside the feature maps.
    pub zeros: &'a [f32],
    pub rows: PointRows,
    /// `[point, tile, filter]`, see `rows`; what fills up the filters becomes zeros
    pub out: &'a mut [f32],
}

impl<const OUTPUTS: usize> Kernel for UpstreamAtPoints<'_, OUTPUTS> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let PointRows { channels, row, point } = self.rows;
        let maps = self.tiles.outputs();
        let whole = maps.channels / S::LANES * S::LANES;
        assert!(
            self.rows.len() <= self.out.len() && self.range.len() * row <= point,
            "a place for each value"
        );
        assert!(
            maps.channels <= channels && channels <= row && channels.is_multiple_of(S::LANES),
            "a row holds all filters"
        );
        for (i, tile) in self.range.enumerate() {
            let (image, [y, x]) = self.tiles.place(tile);
            let map = &self.upstream[image * maps.len()..][..maps.len()];
            let square = maps.square(map, [y as isize, x as isize], self.zeros);
            for filter in (0..whole).step_by(S::LANES) {
                // SAFETY: a whole vector of channels remains; the row and its place at the last point were checked above.
                unsafe {
                    transform::<S, OUTPUTS, true>(simd, &square, filter, &mut self.out[i * row..], point);
                };
            }
            for filter in (whole..channels).step_by(S::LANES) {
                // SAFETY: as above.
                unsafe {
                    transform::<S, OUTPUTS, false>(simd, &square, filter, &mut self.out[i * row..], point);
                };
            }
        }
    }
}

/// Transforms the filters from `filter` on.
///
/// # Safety
/// With `WHOLE` each pixel of the square has all the vector's channels. `out` has room for a vector at `filter`, `point` values further on, and so on for each point.
#[inline(always)]
unsafe fn transform<S: Vector, const OUTPUTS: usize, const WHOLE: bool>(
    simd: S,
    square: &[[&[f32]; OUTPUTS]; OUTPUTS],
    filter: usize,
    out: &mut [f32],
    point: usize,
) {
    let mut lines = [[simd.splat_f32s(0.0); SIDE]; OUTPUTS];
    for (line, pixels) in lines.iter_mut().zip(square) {
        let mut values = [simd.splat_f32s(0.0); OUTPUTS];
        for (value, pixel) in values.iter_mut().zip(pixels) {
            // SAFETY: the caller vouches for the channels.
            *value = unsafe { load_unchecked::<S, WHOLE>(simd, pixel, filter) };
        }
        *line = gradients_at_points(simd, &values);
    }
    for x in 0..SIDE {
        for (y, value) in gradients_at_points(simd, &column(&lines, x)).into_iter().enumerate() {
            // SAFETY: the caller vouches for the place.
            unsafe { simd.store(out.as_mut_ptr().add((y * SIDE + x) * point + filter), value) };
        }
    }
}

/// The polynomial with these coefficients at the points: the transpose of [`outputs`](super::points::outputs).
#[inline(always)]
fn gradients_at_points<S: Vector, const OUTPUTS: usize>(
    simd: S,
    values: &[S::f32s; OUTPUTS],
) -> [S::f32s; SIDE] {
    // The even and the odd powers, at 1 and at 2.
    let mut one = [values[0], values[1]];
    let mut two = [values[0], simd.add_f32s(values[1], values[1])];
    for power in 2..OUTPUTS {
        one[power % 2] = simd.add_f32s(one[power % 2], values[power]);
        two[power % 2] = times(simd, (1 << power) as f32, values[power], two[power % 2]);
    }
    [
        values[0],
        simd.add_f32s(one[0], one[1]),
        simd.sub_f32s(one[0], one[1]),
        simd.add_f32s(two[0], two[1]),
        simd.sub_f32s(two[0], two[1]),
        values[OUTPUTS - 1],
    ]
}
