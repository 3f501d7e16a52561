//! The natural logarithm.

use crate::functions::polynomial::polynomial;
use crate::simd::vector::Vector;

/// ln 2 in two parts, as for the exponential.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// (ln(1 + f) - f + f^2 / 2) / f^3 for 1 + f from sqrt(1/2) to sqrt(2), fitted as the exponential's.
const REST: [f32; 9] = [
    0.333_333_13,
    -0.250_000_1,
    0.200_021_19,
    -0.166_679_96,
    0.142_195_51,
    -0.124_055_92,
    0.118_881_78,
    -0.116_756_39,
    0.067_465_92,
];
/// The bits of sqrt(1/2).
const ROOT_BITS: u32 = 0x3F35_04F3;
/// 2^23. Its lowest bits are those of the whole number that is added to it.
const UNIT: f32 = 8_388_608.0;
const SIGNIFICAND: u32 = 0x007F_FFFF;

/// The natural logarithm: minus infinity of zero, NaN of what is below.
#[inline(always)]
pub(crate) fn ln<S: Vector>(simd: S, x: S::f32s) -> S::f32s {
    let [zero, unit, infinity] =
        [simd.splat_f32s(0.0), simd.splat_f32s(UNIT), simd.splat_f32s(f32::INFINITY)];
    // Numbers below the smallest normal one are scaled, because they have no exponent of their own.
    let is_small = simd.less_than_f32s(x, simd.splat_f32s(f32::MIN_POSITIVE));
    let scaled = simd.select_f32s(is_small, simd.mul_f32s(x, unit), x);
    let exponent_of_scale = simd.select_f32s(is_small, simd.splat_f32s(23.0), zero);
    // scaled = 2^exponent * (1 + f). The 256 makes the exponent positive for the shift.
    let bits = simd.sub_u32s(simd.transmute_u32s_f32s(scaled), simd.splat_u32s(ROOT_BITS));
    let shifted = simd.add_u32s(bits, simd.splat_u32s(256 << 23));
    let exponent = simd.wrapping_dyn_shr_u32s(shifted, simd.splat_u32s(23));
    let exponent = simd.transmute_f32s_u32s(simd.or_u32s(exponent, simd.splat_u32s(UNIT.to_bits())));
    let exponent = simd.sub_f32s(exponent, simd.splat_f32s(UNIT + 256.0));
    let exponent = simd.sub_f32s(exponent, exponent_of_scale);
    let significand = simd.and_u32s(bits, simd.splat_u32s(SIGNIFICAND));
    let significand = simd.add_u32s(significand, simd.splat_u32s(ROOT_BITS));
    let f = simd.sub_f32s(simd.transmute_f32s_u32s(significand), simd.splat_f32s(1.0));
    let square = simd.mul_f32s(f, f);
    let rest = simd.mul_f32s(simd.mul_f32s(f, square), polynomial(simd, REST, f));
    let rest = simd.multiply_add(exponent, simd.splat_f32s(LN_2[1]), rest);
    let rest = simd.multiply_add(square, simd.splat_f32s(-0.5), rest);
    let value = simd.multiply_add(exponent, simd.splat_f32s(LN_2[0]), simd.add_f32s(f, rest));
    // Infinity and NaN are their own logarithms.
    let value = simd.select_f32s(simd.less_than_f32s(x, infinity), value, x);
    let value = simd.select_f32s(simd.less_than_f32s(x, zero), simd.splat_f32s(f32::NAN), value);
    simd.select_f32s(simd.equal_f32s(x, zero), simd.splat_f32s(f32::NEG_INFINITY), value)
}
