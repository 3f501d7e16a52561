//! Polynomials on vectors.

use crate::simd::vector::Vector;

/// `coefficients[0] + coefficients[1] x + ...`, by Horner's rule.
#[inline(always)]
pub(crate) fn polynomial<S: Vector, const N: usize>(simd: S, coefficients: [f32; N], x: S::f32s) -> S::f32s {
    let mut sum = simd.splat_f32s(coefficients[N - 1]);
    let mut i = N - 1;
    while i > 0 {
        i -= 1;
        sum = simd.multiply_add(sum, x, simd.splat_f32s(coefficients[i]));
    }
    sum
}
