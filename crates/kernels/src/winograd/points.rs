//! Six values at points and back, in one direction: the transforms of Winograd's minimal filtering.
//!
//! After Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), pixels and filters are turned
//! into their values at points, where a convolution is a product. Tiles of 6x6 pixels serve filters of 5x5 taps,
//! which then have 2x2 outputs, and of 3x3 taps, with 4x4 outputs. The points are 0, 1, -1, 2, -2 and infinity for
//! both.
//!
//! Filters are transformed without fractions, which makes them 24 times too large in each direction, and the
//! outputs are divided at the end. So whole numbers stay exact.

use crate::simd::vector::Vector;

/// Pixels along the side of a tile.
pub(crate) const SIDE: usize = 6;
/// Values of a transformed tile.
pub(crate) const POINTS: usize = SIDE * SIDE;
/// The factor by which transformed filters are too large, in both directions together.
pub(crate) const SCALE: f32 = 576.0;

/// For each finite point `a`, 24 times `[a^0, a^1, .., a^4]`, divided by the product of its distances to the other
/// finite points. Shorter filters take the first columns.
const FILTER: [[f32; 5]; SIDE - 1] = [
    [6.0, 0.0, 0.0, 0.0, 0.0],
    [-4.0, -4.0, -4.0, -4.0, -4.0],
    [-4.0, 4.0, -4.0, 4.0, -4.0],
    [1.0, 2.0, 4.0, 8.0, 16.0],
    [1.0, -2.0, 4.0, -8.0, 16.0],
];

/// `factor * a + b`.
#[inline(always)]
pub(crate) fn times<S: Vector>(simd: S, factor: f32, a: S::f32s, b: S::f32s) -> S::f32s {
    simd.multiply_add(simd.splat_f32s(factor), a, b)
}

/// Turns a row of taps into its values at the points, 24 times too large.
#[inline(always)]
pub(crate) fn taps_at_points<S: Vector, const TAPS: usize>(
    simd: S,
    taps: &[S::f32s; TAPS],
) -> [S::f32s; SIDE] {
    let mut points = [simd.splat_f32s(0.0); SIDE];
    for (point, powers) in points.iter_mut().zip(&FILTER) {
        for (tap, power) in taps.iter().zip(powers) {
            *point = times(simd, *power, *tap, *point);
        }
    }
    // At infinity only the highest power counts.
    points[SIDE - 1] = simd.mul_f32s(simd.splat_f32s(24.0), taps[TAPS - 1]);
    points
}

/// Turns six pixels in a row into their values at the points.
#[inline(always)]
pub(crate) fn pixels_at_points<S: Vector>(simd: S, d: [S::f32s; SIDE]) -> [S::f32s; SIDE] {
    let (even, odd) = (times(simd, -4.0, d[2], d[4]), times(simd, -4.0, d[1], d[3]));
    let (even_2, odd_2) = (simd.sub_f32s(d[4], d[2]), simd.sub_f32s(d[3], d[1]));
    [
        times(simd, 4.0, d[0], times(simd, -5.0, d[2], d[4])),
        simd.add_f32s(even, odd),
        simd.sub_f32s(even, odd),
        times(simd, 2.0, odd_2, even_2),
        times(simd, -2.0, odd_2, even_2),
        times(simd, 4.0, d[1], times(simd, -5.0, d[3], d[5])),
    ]
}

/// Turns values at the points into the outputs, 24 times too large: `OUTPUTS` is 2 or more.
#[inline(always)]
pub(crate) fn outputs<S: Vector, const OUTPUTS: usize>(simd: S, m: [S::f32s; SIDE]) -> [S::f32s; OUTPUTS] {
    // At the points 1 and -1, and at 2 and -2, even powers are equal and odd powers are opposite.
    let (sum, difference) = (simd.add_f32s(m[1], m[2]), simd.sub_f32s(m[1], m[2]));
    let (sum_2, difference_2) = (simd.add_f32s(m[3], m[4]), simd.sub_f32s(m[3], m[4]));
    let mut outputs = [simd.add_f32s(simd.add_f32s(m[0], sum), sum_2); OUTPUTS];
    for power in 1..OUTPUTS {
        let (one, two) = if power % 2 == 0 { (sum, sum_2) } else { (difference, difference_2) };
        let one = if power == OUTPUTS - 1 { simd.add_f32s(one, m[SIDE - 1]) } else { one };
        outputs[power] = times(simd, (1 << power) as f32, two, one);
    }
    outputs
}

/// The column `x` of some rows.
#[inline(always)]
pub(crate) fn column<T: Copy, const ROWS: usize>(rows: &[[T; SIDE]; ROWS], x: usize) -> [T; ROWS] {
    let mut column = [rows[0][x]; ROWS];
    for (value, row) in column.iter_mut().zip(rows) {
        *value = row[x];
    }
    column
}
