//! The sigmoid and the hyperbolic tangent, both from exponentials.

use crate::functions::exponential::{exp, parts};
use crate::functions::pairs::residual;
use crate::functions::polynomial::polynomial;
use crate::simd::vector::Vector;

/// Below this tanh is a polynomial, because `1 - 2 / (e^2x + 1)` would cancel.
const SMALL: f32 = 0.625;
/// (tanh(x) / x - 1) / x^2 as a polynomial in x^2, fitted as the exponential's.
const NEAR_ZERO: [f32; 6] =
    [-0.333_333_3, 0.133_332_1, -0.053_947_203, 0.021_702_968, -0.008_182_674, 0.002_147_537];
/// From here on tanh is 1 as an `f32`.
const LARGE: f32 = 10.0;

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid<S: Vector>(simd: S, x: S::f32s) -> S::f32s {
    let [zero, one] = [simd.splat_f32s(0.0), simd.splat_f32s(1.0)];
    // e^-|x| is never infinite. With it the sigmoid is 1 / (1 + e^-|x|) or e^-|x| / (1 + e^-|x|).
    let small = exp(simd, simd.neg_f32s(simd.abs_f32s(x)));
    let numerator = simd.select_f32s(simd.less_than_f32s(x, zero), small, one);
    let sum = simd.add_f32s(one, small);
    let sum_rest = simd.sub_f32s(small, simd.sub_f32s(sum, one));
    // The quotient, and then once more what it misses, because the sum has lost its rest.
    let reciprocal = simd.div_f32s(one, sum);
    let quotient = simd.mul_f32s(numerator, reciprocal);
    let missing = residual(simd, numerator, quotient, sum);
    let missing = simd.sub_f32s(missing, simd.mul_f32s(quotient, sum_rest));
    simd.multiply_add(missing, reciprocal, quotient)
}

/// The hyperbolic tangent.
#[inline(always)]
pub(crate) fn tanh<S: Vector>(simd: S, x: S::f32s) -> S::f32s {
    let [one, two, large] = [simd.splat_f32s(1.0), simd.splat_f32s(2.0), simd.splat_f32s(LARGE)];
    let square = simd.mul_f32s(x, x);
    let near_zero = simd.multiply_add(simd.mul_f32s(x, square), polynomial(simd, NEAR_ZERO, square), x);
    let size = simd.abs_f32s(x);
    // A comparison with NaN is false, so NaN stays.
    let bounded = simd.select_f32s(simd.less_than_f32s(large, size), large, size);
    let power = parts(simd, simd.add_f32s(bounded, bounded), simd.splat_f32s(0.0)).normal(simd);
    let far = simd.sub_f32s(one, simd.div_f32s(two, simd.add_f32s(power, one)));
    let is_near_zero = simd.less_than_f32s(size, simd.splat_f32s(SMALL));
    let value = simd.select_f32s(is_near_zero, near_zero, far);
    // The sign of x. The polynomial has it already, except at -0.
    simd.or_f32s(value, simd.and_f32s(x, simd.splat_f32s(-0.0)))
}
