//! GELU, `x * Phi(x)` with the normal distribution's `Phi` (Hendrycks and Gimpel 2016), and its derivative.
//!
//! With `t = |x|` and `R(t) = Phi(-t) e^(t^2/2)`, both come from smooth functions times `e^(-t^2/2)`:
//!
//! * `Phi(-t) = R(t) e^(-t^2/2)`, and `x Phi(x)` is `x Phi(-t)` below zero and `x - x Phi(-t)` above;
//! * the derivative at `-t` is `(R(t) - t / sqrt(2 pi)) e^(-t^2/2)`, which is zero at `t = 0.7518`, so that it is
//!   computed as `(root - t) W(t) e^(-t^2/2)` without cancellation; at `t` it is 1 less that.
//!
//! `R(t) (t + 2)` and `W(t)` are polynomials in `(t - 2) / (t + 2)`, as Shepherd and Laframboise 1981 have it for
//! `erfc`. The exponential's argument and all factors are pairs: a rounding error of one of them is as large as the
//! error allowed for the result.

use crate::functions::exponential::{self, Parts};
use crate::functions::pairs::{Pair, add, multiply, multiply_pairs, residual};
use crate::functions::polynomial::polynomial;
use crate::simd::vector::Vector;

/// R(t) (t + 2): the constant in two parts, then the other coefficients.
const TAIL: ([f32; 2], [f32; 10]) = (
    [0.672_408, 2.020_690_5e-8],
    [
        -0.331_404_42,
        0.028_797_35,
        0.036_717_69,
        -4.698_021_2e-4,
        -0.006_716_581,
        -0.001_942_499_5,
        7.490_894_6e-4,
        7.611_047_5e-4,
        2.283_073_7e-4,
        1.991_605_5e-5,
    ],
);
/// W(t), likewise.
const SLOPE: ([f32; 2], [f32; 9]) = (
    [0.504_549_2, -2.729_318e-8],
    [
        -0.137_376_47,
        0.029_664_738,
        0.005_158_418_3,
        -0.002_336_650_2,
        -0.001_040_373_6,
        8.302_184e-5,
        2.028_949_1e-4,
        6.988_762e-5,
        7.711_357e-6,
    ],
);
/// Where the derivative at `-t` is zero.
const ROOT: [f32; 2] = [0.751_791_54, -1.211_445e-8];
/// From here on `Phi(-t)` is below 1e-38 and taken as zero.
const FAR: f32 = 13.0;

/// What the function and its derivative have in common.
struct Common<S: Vector> {
    /// `|x|`
    t: S::f32s,
    /// `(t - 2) / (t + 2)`
    u: S::f32s,
    /// `1 / (t + 2)`
    reciprocal: Pair<S>,
    /// `e^(-t^2/2)`
    exponential: Parts<S>,
}

#[inline(always)]
fn common<S: Vector>(simd: S, x: S::f32s) -> Common<S> {
    let [one, two] = [simd.splat_f32s(1.0), simd.splat_f32s(2.0)];
    let t = simd.abs_f32s(x);
    let [sum, sum_rest] = add(simd, t, two);
    let quotient = simd.div_f32s(one, sum);
    // What is missing from the quotient, as a share of it: 1 - quotient * (sum + sum_rest).
    let missing = residual(simd, one, quotient, sum);
    let missing = simd.sub_f32s(missing, simd.mul_f32s(quotient, sum_rest));
    let u = simd.mul_f32s(simd.sub_f32s(t, two), quotient);
    let u = simd.multiply_add(u, missing, u);
    let minus_half = simd.splat_f32s(-0.5);
    let [square, square_rest] = multiply(simd, t, t);
    let exponential =
        exponential::parts(simd, simd.mul_f32s(square, minus_half), simd.mul_f32s(square_rest, minus_half));
    Common { t, u, reciprocal: [quotient, simd.mul_f32s(quotient, missing)], exponential }
}

/// A polynomial in `u` whose constant is the sum of two values.
#[inline(always)]
fn pair_polynomial<S: Vector, const N: usize>(
    simd: S,
    ([first, first_rest], others): ([f32; 2], [f32; N]),
    u: S::f32s,
) -> Pair<S> {
    let first = simd.splat_f32s(first);
    let others = simd.multiply_add(polynomial(simd, others, u), u, simd.splat_f32s(first_rest));
    // The constant is the larger of the two, so this is what rounding cuts off.
    let sum = simd.add_f32s(first, others);
    [sum, simd.sub_f32s(others, simd.sub_f32s(sum, first))]
}

impl<S: Vector> Common<S> {
    /// `x Phi(-t)`.
    #[inline(always)]
    fn value_below(&self, simd: S, x: S::f32s) -> S::f32s {
        let tail = multiply_pairs(simd, pair_polynomial(simd, TAIL, self.u), self.reciprocal);
        let product = multiply_pairs(simd, [x, simd.splat_f32s(0.0)], tail);
        let value = self.unless_far(simd, self.exponential.times(simd, product));
        // The sign of x. The product has it already, except at -0.
        simd.or_f32s(value, simd.and_f32s(x, simd.splat_f32s(-0.0)))
    }

    /// The derivative at `-t`.
    #[inline(always)]
    fn slope_below(&self, simd: S) -> S::f32s {
        let [distance, rest] = add(simd, simd.splat_f32s(ROOT[0]), simd.neg_f32s(self.t));
        let distance = [distance, simd.add_f32s(rest, simd.splat_f32s(ROOT[1]))];
        let product = multiply_pairs(simd, pair_polynomial(simd, SLOPE, self.u), distance);
        self.unless_far(simd, self.exponential.times(simd, product))
    }

    /// Zero where `t` is so large that the exponential's parts are meaningless.
    #[inline(always)]
    fn unless_far(&self, simd: S, value: S::f32s) -> S::f32s {
        let is_far = simd.less_than_f32s(simd.splat_f32s(FAR), self.t);
        simd.select_f32s(is_far, simd.splat_f32s(0.0), value)
    }
}

/// GELU: `x Phi(x)`.
#[inline(always)]
pub(crate) fn gelu<S: Vector>(simd: S, x: S::f32s) -> S::f32s {
    let below = common(simd, x).value_below(simd, x);
    let is_positive = simd.less_than_f32s(simd.splat_f32s(0.0), x);
    simd.select_f32s(is_positive, simd.sub_f32s(x, below), below)
}

/// GELU and its derivative, `Phi(x) + x phi(x)`.
#[inline(always)]
pub(crate) fn gelu_with_slope<S: Vector>(simd: S, x: S::f32s) -> [S::f32s; 2] {
    let common = common(simd, x);
    let value = common.value_below(simd, x);
    let slope = common.slope_below(simd);
    let is_positive = simd.less_than_f32s(simd.splat_f32s(0.0), x);
    [
        simd.select_f32s(is_positive, simd.sub_f32s(x, value), value),
        simd.select_f32s(is_positive, simd.sub_f32s(simd.splat_f32s(1.0), slope), slope),
    ]
}
