//! The stages of one value, forward and backward.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;

use crate::gpu::plan::{Plan, Step};

/// What normalizes the values of one channel.
#[derive(CubeType, Clone, Copy)]
pub(super) struct ChannelNorm {
    pub mean: f32,
    /// One divided by the standard deviation.
    pub inverse: f32,
    pub gamma: f32,
    pub beta: f32,
}

/// The values that enter the three stages, and the one behind them.
#[derive(CubeType, Clone, Copy)]
pub(super) struct Staged {
    pub first: f32,
    pub second: f32,
    pub third: f32,
    pub result: f32,
}

/// A channel's gradient behind the normalization, and its product with the normalized value: sums, or means over the
/// batch.
#[derive(CubeType, Clone, Copy)]
pub(super) struct NormGradient {
    pub gradient: f32,
    pub product: f32,
}

/// The normalization of a channel. Where no stage normalizes, the tensors are not read.
#[cube]
pub(super) fn channel_norm(
    gamma: &[f32],
    beta: &[f32],
    mean: &[f32],
    variance: &[f32],
    epsilon: f32,
    channel: usize,
    #[comptime] plan: Plan,
) -> ChannelNorm {
    if comptime!(plan.up_to(Step::Normalize) > 0) {
        ChannelNorm {
            mean: mean[channel],
            inverse: 1.0f32 / (variance[channel] + epsilon).sqrt(),
            gamma: gamma[channel],
            beta: beta[channel],
        }
    } else {
        let zero = 0.0f32.runtime();
        ChannelNorm { mean: zero, inverse: zero, gamma: zero, beta: zero }
    }
}

/// Takes a value of the maps through all stages. `shortcut` is what a stage may add.
#[cube]
pub(super) fn staged(first: f32, shortcut: f32, norm: &ChannelNorm, #[comptime] plan: Plan) -> Staged {
    let second = forward(first, shortcut, norm, comptime!(plan.steps[0]));
    let third = forward(second, shortcut, norm, comptime!(plan.steps[1]));
    let result = forward(third, shortcut, norm, comptime!(plan.steps[2]));
    Staged { first, second, third, result }
}

/// The gradient behind the stage number `after`, counted from 1, from the one behind all stages. Behind stage 0 is that
/// of the maps.
#[cube]
pub(super) fn pulled_back(
    gradient: f32,
    values: &Staged,
    norm: &ChannelNorm,
    means: &NormGradient,
    #[comptime] plan: Plan,
    #[comptime] after: usize,
) -> f32 {
    let mut g = gradient;
    if comptime!(after < 3) {
        g = backward(g, values.third, norm, means, comptime!(plan.steps[2]));
    }
    if comptime!(after < 2) {
        g = backward(g, values.second, norm, means, comptime!(plan.steps[1]));
    }
    if comptime!(after < 1) {
        g = backward(g, values.first, norm, means, comptime!(plan.steps[0]));
    }
    g
}

/// The value that enters the normalization.
#[cube]
pub(super) fn before_normalization(values: &Staged, #[comptime] plan: Plan) -> f32 {
    let place = comptime!(plan.up_to(Step::Normalize));
    if comptime!(place == 1) {
        values.first
    } else if comptime!(place == 2) {
        values.second
    } else {
        values.third
    }
}

#[cube]
fn forward(x: f32, shortcut: f32, norm: &ChannelNorm, #[comptime] step: Step) -> f32 {
    match step {
        Step::Nothing => x,
        Step::Normalize => (x - norm.mean) * (norm.inverse * norm.gamma) + norm.beta,
        Step::Add => x + shortcut,
        Step::Relu => max(x, 0.0f32),
        Step::Gelu => x * phi(x),
        Step::Tanh => x.tanh(),
        Step::Sigmoid => sigmoid(x),
    }
}

/// The gradient in front of a stage, from the one behind it and the value that entered it.
#[cube]
fn backward(gradient: f32, x: f32, norm: &ChannelNorm, means: &NormGradient, #[comptime] step: Step) -> f32 {
    match step {
        Step::Nothing => gradient,
        Step::Normalize => {
            let along = (x - norm.mean) * norm.inverse * means.product;
            (gradient - means.gradient - along) * (norm.inverse * norm.gamma)
        }
        Step::Add => gradient,
        Step::Relu => select(x > 0.0f32, gradient, 0.0f32),
        Step::Gelu => {
            // The density of the normal distribution.
            let density = 0.398_942_3f32 * (-0.5f32 * x * x).exp();
            gradient * (phi(x) + x * density)
        }
        Step::Tanh => {
            let y = x.tanh();
            gradient * (1.0f32 - y * y)
        }
        Step::Sigmoid => {
            let y = sigmoid(x);
            gradient * (y * (1.0f32 - y))
        }
    }
}

/// The normal distribution's function.
#[cube]
fn phi(x: f32) -> f32 {
    0.5f32 * (1.0f32 + Erf::erf(x * 0.707_106_77f32))
}

#[cube]
fn sigmoid(x: f32) -> f32 {
    1.0f32 / (1.0f32 + (-x).exp())
}
