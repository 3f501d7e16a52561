//! The functions for single values and slices of them, with the same bits as in the kernels' vectors.

use crate::functions::activation::Activation;
use crate::functions::exponential::exp;
use crate::functions::logarithm::ln;
use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};

/// A function of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Exp,
    /// The natural logarithm.
    Ln,
    Activation(Activation),
    /// The derivative of GELU.
    GeluSlope,
}

impl Function {
    /// The function of one value, with the bits that a kernel on that level gives.
    pub fn of(self, level: Level, x: f32) -> f32 {
        let mut value = [x];
        self.apply(level, &mut value);
        value[0]
    }

    /// Puts the function of each value in its place.
    pub fn apply(self, level: Level, values: &mut [f32]) {
        level.run(Apply { function: self, values });
    }

    #[inline(always)]
    fn vector<S: Vector>(self, simd: S, x: S::f32s) -> S::f32s {
        match self {
            Self::Exp => exp(simd, x),
            Self::Ln => ln(simd, x),
            Self::Activation(activation) => activation.apply(simd, x),
            Self::GeluSlope => Activation::Gelu.apply_and_keep(simd, x)[1],
        }
    }
}

struct Apply<'a> {
    function: Function,
    values: &'a mut [f32],
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let mut vectors = self.values.chunks_exact_mut(S::LANES);
        for values in &mut vectors {
            // SAFETY: each chunk has as many values as a vector.
            unsafe {
                simd.store(values.as_mut_ptr(), self.function.vector(simd, simd.load(values.as_ptr())))
            };
        }
        let rest = vectors.into_remainder();
        // No vector is longer than 16 lanes.
        let mut last = [0.0; 16];
        last[..rest.len()].copy_from_slice(rest);
        // SAFETY: `last` is at least as long as a vector.
        unsafe { simd.store(last.as_mut_ptr(), self.function.vector(simd, simd.load(last.as_ptr()))) };
        rest.copy_from_slice(&last[..rest.len()]);
    }
}
