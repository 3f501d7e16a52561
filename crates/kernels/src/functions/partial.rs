//! Vectors at the end of a slice, which may end in the middle of one.

use crate::simd::vector::Vector;

/// The vector at the start of `values`, or as much of it as there is, filled up with zeros.
#[inline(always)]
pub(crate) fn load<S: Vector>(simd: S, values: &[f32]) -> S::f32s {
    let mut padded = [0.0; 16];
    let from = if values.len() < S::LANES {
        padded[..values.len()].copy_from_slice(values);
        padded.as_ptr()
    } else {
        values.as_ptr()
    };
    // SAFETY: both have at least as many values as a vector, the longest of which has 16.
    unsafe { simd.load(from) }
}

/// Writes as many lanes of a vector as there are values, at most all.
#[inline(always)]
pub(crate) fn store<S: Vector>(simd: S, values: &mut [f32], vector: S::f32s) {
    let mut padded = [0.0; 16];
    // SAFETY: the values or the 16 padded ones have room for a vector.
    if values.len() >= S::LANES {
        unsafe { simd.store(values.as_mut_ptr(), vector) };
    } else {
        unsafe { simd.store(padded.as_mut_ptr(), vector) };
        values.copy_from_slice(&padded[..values.len()]);
    }
}
