//! Vectors at the end of a pixel, whose channels may be no whole number of vectors, and the division of results.

use crate::simd::vector::Vector;
use crate::winograd::points::SCALE;

/// `1 / SCALE` rounded down, and what is missing. With both, a product is rounded as the quotient is.
const INVERSE: f32 = 0.001_736_111;
const REST: f32 = (1.0 / SCALE as f64 - INVERSE as f64) as f32;

/// `values / SCALE`. Exact quotients stay exact: with fused multiply-adds without a division, which is slow.
#[inline(always)]
pub(crate) fn unscaled<S: Vector>(simd: S, values: S::f32s) -> S::f32s {
    if S::FUSED {
        let rest = simd.mul_f32s(simd.splat_f32s(REST), values);
        simd.multiply_add(simd.splat_f32s(INVERSE), values, rest)
    } else {
        simd.div_f32s(values, simd.splat_f32s(SCALE))
    }
}

/// The vector of a pixel's channels from `first` on. Lanes beyond the last channel are zeros.
#[inline(always)]
pub(crate) fn load<S: Vector>(simd: S, pixel: &[f32], first: usize) -> S::f32s {
    if first + S::LANES <= pixel.len() {
        // SAFETY: the pixel has all the vector's channels.
        return unsafe { simd.load(pixel.as_ptr().add(first)) };
    }
    let mut lanes = [0.0; 16];
    for (lane, value) in lanes.iter_mut().zip(pixel.iter().skip(first).take(S::LANES)) {
        *lane = *value;
    }
    // SAFETY: no vector is longer than 16 lanes.
    unsafe { simd.load(lanes.as_ptr()) }
}

/// The same without looking whether the pixel ends before, if `WHOLE` says that it does not.
///
/// # Safety
/// With `WHOLE` the pixel has all the vector's channels.
#[inline(always)]
pub(crate) unsafe fn load_unchecked<S: Vector, const WHOLE: bool>(
    simd: S,
    pixel: &[f32],
    first: usize,
) -> S::f32s {
    if WHOLE {
        // SAFETY: the caller vouches for the channels.
        unsafe { simd.load(pixel.as_ptr().add(first)) }
    } else {
        load(simd, pixel, first)
    }
}

/// Writes the vector of a pixel's channels from `first` on, without the lanes beyond the last channel.
#[inline(always)]
pub(crate) fn store<S: Vector>(simd: S, pixel: &mut [f32], first: usize, vector: S::f32s) {
    let target = &mut pixel[first..];
    if target.len() >= S::LANES {
        // SAFETY: the target has room for a vector.
        return unsafe { simd.store(target.as_mut_ptr(), vector) };
    }
    let mut lanes = [0.0; 16];
    // SAFETY: no vector is longer than 16 lanes.
    unsafe { simd.store(lanes.as_mut_ptr(), vector) };
    for (value, lane) in target.iter_mut().zip(lanes) {
        *value = lane;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::level::Level;
    use crate::simd::vector::Kernel;

    struct Quotient(f32);

    impl Kernel for Quotient {
        type Output = f32;

        #[inline(always)]
        fn run<S: Vector>(self, simd: S) -> f32 {
            let mut lanes = [0.0; 16];
            store(simd, &mut lanes, 0, unscaled(simd, simd.splat_f32s(self.0)));
            lanes[0]
        }
    }

    #[test]
    fn exact_quotients_stay_exact_and_infinity_stays_infinite() {
        const { assert!(REST >= 0.0) };
        for level in Level::named() {
            for i in -20_000..20_000 {
                assert_eq!(level.run(Quotient(i as f32 * SCALE)), i as f32, "{}", level.name());
            }
            assert_eq!(level.run(Quotient(f32::INFINITY)), f32::INFINITY, "{}", level.name());
        }
    }
}
