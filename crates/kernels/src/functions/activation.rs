//! The activation functions of a network, with what their backward passes keep.

use crate::functions::gelu::{gelu, gelu_with_slope};
use crate::functions::sigmoid::{sigmoid, tanh};
use crate::simd::vector::Vector;

/// An activation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Activation {
    /// The value itself.
    #[default]
    None,
    /// The value, or zero if it is negative. NaN stays NaN.
    Relu,
    /// `x * Phi(x)` with the normal distribution's `Phi`: the exact form, not the one with tanh.
    Gelu,
    Tanh,
    /// `1 / (1 + e^-x)`
    Sigmoid,
}

#[allow(dead_code, reason = "the kernels that apply activations take what they need")]
impl Activation {
    /// All activation functions.
    pub const ALL: [Self; 5] = [Self::None, Self::Relu, Self::Gelu, Self::Tanh, Self::Sigmoid];

    /// Whether the derivative is a function of the output. For others the derivative itself is kept.
    pub fn keeps_output(self) -> bool {
        self != Self::Gelu
    }

    /// The function's value.
    #[inline(always)]
    pub(crate) fn apply<S: Vector>(self, simd: S, x: S::f32s) -> S::f32s {
        match self {
            Self::None => x,
            Self::Relu => relu(simd, x),
            Self::Gelu => gelu(simd, x),
            Self::Tanh => tanh(simd, x),
            Self::Sigmoid => sigmoid(simd, x),
        }
    }

    /// The value, and what [`Self::slope`] takes: the derivative if [`Self::keeps_output`] is false, else the value
    /// again.
    #[inline(always)]
    pub(crate) fn apply_and_keep<S: Vector>(self, simd: S, x: S::f32s) -> [S::f32s; 2] {
        if self == Self::Gelu { gelu_with_slope(simd, x) } else { [self.apply(simd, x); 2] }
    }

    /// The derivative, from what [`Self::apply_and_keep`] gave.
    #[inline(always)]
    pub(crate) fn slope<S: Vector>(self, simd: S, kept: S::f32s) -> S::f32s {
        let one = simd.splat_f32s(1.0);
        match self {
            Self::None => one,
            Self::Relu => {
                let zero = simd.splat_f32s(0.0);
                simd.select_f32s(simd.less_than_f32s(zero, kept), one, zero)
            }
            Self::Gelu => kept,
            Self::Tanh => simd.sub_f32s(one, simd.mul_f32s(kept, kept)),
            Self::Sigmoid => simd.mul_f32s(kept, simd.sub_f32s(one, kept)),
        }
    }

    /// `upstream` times the derivative, from what [`Self::apply_and_keep`] gave. With ReLU a gradient that does not
    /// pass is zero even if it is not finite.
    #[inline(always)]
    pub(crate) fn pull_back<S: Vector>(self, simd: S, kept: S::f32s, upstream: S::f32s) -> S::f32s {
        match self {
            Self::None => upstream,
            Self::Relu => {
                let zero = simd.splat_f32s(0.0);
                simd.select_f32s(simd.less_than_f32s(zero, kept), upstream, zero)
            }
            Self::Gelu | Self::Tanh | Self::Sigmoid => simd.mul_f32s(upstream, self.slope(simd, kept)),
        }
    }
}

/// The value, or zero if it is negative. A comparison with NaN is false, so NaN stays.
#[inline(always)]
fn relu<S: Vector>(simd: S, x: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    simd.select_f32s(simd.less_than_f32s(x, zero), zero, x)
}
