//! The functions for single values and slices of them, with the same bits as in the kernels' vectors.

use crate::functions::activation::Activation;
use crate::functions::exponential::exp;
use crate::functions::logarithm::ln;
use crate::functions::partial::{load, store};
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

    /// The same inside a kernel.
    #[inline(always)]
    pub(crate) fn put<S: Vector>(self, simd: S, values: &mut [f32]) {
        for values in values.chunks_mut(S::LANES) {
            let value = self.vector(simd, load(simd, values));
            store(simd, values, value);
        }
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
        self.function.put(simd, self.values);
    }
}
