//! The exponential function.
//!
//! It is `2^n * (1 + s)` with whole `n` (Cody and Waite 1980), where `1 + s` is `e^r` for a small `r`. The coefficients
//! are close to minimax: they were fitted in double precision with Lawson's weights.

use crate::functions::polynomial::polynomial;
use crate::simd::vector::Vector;

const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// ln 2 in two parts. The first has 9 bits, so its product with a small whole number is exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// Adding this rounds a small value to a whole number, which then stands in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// (e^r - 1 - r) / r^2 for |r| up to ln(2) / 2.
const REST: [f32; 5] = [0.5, 0.166_665_18, 0.041_666_206, 0.008_368_954, 0.001_395_06];

/// `e^(x + x_rest)` in parts.
pub(crate) struct Parts<S: Vector> {
    /// The exponential is `2^n * (1 + s)`.
    s: S::f32s,
    /// `n` as a two's complement.
    n: S::u32s,
}

/// Takes the exponential of `x + x_rest` apart, where `x_rest` is far smaller than 1 and `x` is between -110 and 90.
#[inline(always)]
pub(crate) fn parts<S: Vector>(simd: S, x: S::f32s, x_rest: S::f32s) -> Parts<S> {
    let round = simd.splat_f32s(ROUND);
    let rounded = simd.multiply_add(x, simd.splat_f32s(LOG2_E), round);
    let n = simd.sub_f32s(rounded, round);
    let r = simd.multiply_add(n, simd.splat_f32s(-LN_2[0]), x);
    let r = simd.add_f32s(r, simd.multiply_add(n, simd.splat_f32s(-LN_2[1]), x_rest));
    let s = simd.multiply_add(simd.mul_f32s(r, r), polynomial(simd, REST, r), r);
    let n = simd.sub_u32s(simd.transmute_u32s_f32s(rounded), simd.splat_u32s(ROUND.to_bits()));
    Parts { s, n }
}

impl<S: Vector> Parts<S> {
    /// The exponential, if it is a normal number.
    #[inline(always)]
    pub(crate) fn normal(&self, simd: S) -> S::f32s {
        simd.mul_f32s(simd.add_f32s(simd.splat_f32s(1.0), self.s), power_of_two(simd, self.n))
    }

    /// The exponential times `factor + rest`, if it is a normal number.
    #[inline(always)]
    pub(crate) fn times(&self, simd: S, [factor, rest]: [S::f32s; 2]) -> S::f32s {
        let change = simd.multiply_add(self.s, simd.add_f32s(factor, rest), rest);
        simd.mul_f32s(simd.add_f32s(factor, change), power_of_two(simd, self.n))
    }

    /// The exponential, which may be infinite, zero or less than the smallest normal number.
    #[inline(always)]
    fn any(&self, simd: S) -> S::f32s {
        // 2^n itself may not be an f32, so it is multiplied in halves. Half of n is rounded down; the 512 makes it
        // positive for the shift.
        let shifted = simd.add_u32s(self.n, simd.splat_u32s(512));
        let half = simd.wrapping_dyn_shr_u32s(shifted, simd.splat_u32s(1));
        let half = simd.sub_u32s(half, simd.splat_u32s(256));
        let other = simd.sub_u32s(self.n, half);
        let value = simd.add_f32s(simd.splat_f32s(1.0), self.s);
        simd.mul_f32s(simd.mul_f32s(value, power_of_two(simd, half)), power_of_two(simd, other))
    }
}

/// `2^n` for an `n` in two's complement from -126 to 127.
#[inline(always)]
fn power_of_two<S: Vector>(simd: S, n: S::u32s) -> S::f32s {
    let biased = simd.add_u32s(n, simd.splat_u32s(127));
    simd.transmute_f32s_u32s(simd.wrapping_dyn_shl_u32s(biased, simd.splat_u32s(23)))
}

/// `e^x`.
#[inline(always)]
pub(crate) fn exp<S: Vector>(simd: S, x: S::f32s) -> S::f32s {
    // Beyond these the result is infinite or zero. A comparison with NaN is false, so NaN stays.
    let [low, high] = [simd.splat_f32s(-104.0), simd.splat_f32s(89.0)];
    let x = simd.select_f32s(simd.less_than_f32s(x, low), low, x);
    let x = simd.select_f32s(simd.less_than_f32s(high, x), high, x);
    parts(simd, x, simd.splat_f32s(0.0)).any(simd)
}
