//! Sums and products with what rounding cuts off: a value is the sum of a vector and a much smaller one.
//!
//! The operations are those of Dekker 1971, "A floating-point technique for extending the available precision".

use crate::simd::vector::Vector;

/// A value as the sum of two: rounded, and the rest.
pub(crate) type Pair<S> = [<S as pulp::Simd>::f32s; 2];

/// `a + b` exactly.
#[inline(always)]
pub(crate) fn add<S: Vector>(simd: S, a: S::f32s, b: S::f32s) -> Pair<S> {
    let sum = simd.add_f32s(a, b);
    let b_of_sum = simd.sub_f32s(sum, a);
    let a_of_sum = simd.sub_f32s(sum, b_of_sum);
    [sum, simd.add_f32s(simd.sub_f32s(a, a_of_sum), simd.sub_f32s(b, b_of_sum))]
}

/// `a * b` exactly, unless the rest is too small for an `f32`.
#[inline(always)]
pub(crate) fn multiply<S: Vector>(simd: S, a: S::f32s, b: S::f32s) -> Pair<S> {
    let product = simd.mul_f32s(a, b);
    if S::FUSED {
        return [product, simd.multiply_add(a, b, simd.neg_f32s(product))];
    }
    // Products of halves, which have 12 bits, are exact, and so are the sums here.
    let [[a, a_rest], [b, b_rest]] = [halves(simd, a), halves(simd, b)];
    let rest = simd.sub_f32s(simd.mul_f32s(a, b), product);
    let rest = simd.add_f32s(rest, simd.mul_f32s(a, b_rest));
    let rest = simd.add_f32s(rest, simd.mul_f32s(a_rest, b));
    [product, simd.add_f32s(rest, simd.mul_f32s(a_rest, b_rest))]
}

/// `c - a * b` exactly, where the product is so close to `c` that the difference is an `f32`.
#[inline(always)]
pub(crate) fn residual<S: Vector>(simd: S, c: S::f32s, a: S::f32s, b: S::f32s) -> S::f32s {
    if S::FUSED {
        return simd.multiply_add(simd.neg_f32s(a), b, c);
    }
    let [product, rest] = multiply(simd, a, b);
    simd.sub_f32s(simd.sub_f32s(c, product), rest)
}

/// The product of two pairs, whose error is far below the rounding of an `f32`.
#[inline(always)]
pub(crate) fn multiply_pairs<S: Vector>(simd: S, [a, a_rest]: Pair<S>, [b, b_rest]: Pair<S>) -> Pair<S> {
    let [product, rest] = multiply(simd, a, b);
    let rest = simd.multiply_add(a_rest, b, rest);
    [product, simd.multiply_add(a, b_rest, rest)]
}

/// The upper 12 bits of the significand, and the value that is left.
#[inline(always)]
fn halves<S: Vector>(simd: S, x: S::f32s) -> Pair<S> {
    let mask = simd.transmute_f32s_u32s(simd.splat_u32s(0xFFFF_F000));
    let upper = simd.and_f32s(x, mask);
    [upper, simd.sub_f32s(x, upper)]
}
