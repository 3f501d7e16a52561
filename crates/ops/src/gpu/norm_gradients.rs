//! The gradients of gamma and beta, which are sums over a batch.
//!
//! It takes two kernels. In the first, many cubes add up parts; in the second, a cube for each 32 channels puts the parts
//! together. All in an order that depends on the shape alone.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use crate::finish::FinishOptions;
use crate::gpu::chain::{ChannelNorm, NormGradient, before_normalization, channel_norm, pulled_back, staged};
use crate::gpu::dropout::{self, Mask};
use crate::gpu::maps::{addend, window_gradient, winner};
use crate::gpu::plan::{Plan, Step};
use crate::gpu::rows::{Division, sum_of_rows};
use crate::gpu::tensors::{Norm, Operands, channels_last, unwritten};

/// Writes each part's sums of the gradient behind the normalization, and of its product with the normalized value:
/// `[parts, 2, channels]`.
#[cube(launch)]
fn gradient_sums_kernel(
    x: &[f32],
    shortcut: &[f32],
    gamma: &[f32],
    beta: &[f32],
    mean: &[f32],
    variance: &[f32],
    upstream: &[f32],
    sums: &mut [f32],
    mask: &Mask,
    epsilon: f32,
    windows: usize,
    #[comptime] plan: Plan,
    #[comptime] lanes: usize,
    #[comptime] rows: usize,
) {
    let (lane, row) = (UNIT_POS_X as usize, UNIT_POS_Y as usize);
    let channels = comptime!(plan.channels);
    let channel = CUBE_POS_X as usize * lanes + lane;
    let part = CUBE_POS_Y as usize;
    let mut gradient = 0.0f32.runtime();
    let mut product = 0.0f32.runtime();
    if channel < channels {
        let norm = channel_norm(gamma, beta, mean, variance, epsilon, channel, plan);
        let mut window = part * rows + row;
        while window < windows {
            let sum = window_sums(x, shortcut, upstream, mask, &norm, window, channel, plan);
            gradient += sum.gradient;
            product += sum.product;
            window += CUBE_COUNT_Y as usize * rows;
        }
    }
    let gradient = sum_of_rows(gradient, row, lane, lanes, rows);
    let product = sum_of_rows(product, row, lane, lanes, rows);
    if row == 0 && channel < channels {
        let first = part * 2 * channels + channel;
        sums[first] = gradient;
        sums[first + channels] = product;
    }
}

/// What one window adds to the sums.
#[cube]
fn window_sums(
    x: &[f32],
    shortcut: &[f32],
    upstream: &[f32],
    mask: &Mask,
    norm: &ChannelNorm,
    window: usize,
    channel: usize,
    #[comptime] plan: Plan,
) -> NormGradient {
    let [height, width] = comptime!([plan.out_height(), plan.out_width()]);
    let column = window % width;
    let row = window / width % height;
    let image = window / comptime!(width * height);
    let top = image * comptime!(plan.height) + row * comptime!(plan.window[0]);
    let left = column * comptime!(plan.window[1]);
    let first = (top * comptime!(plan.width) + left) * comptime!(plan.channels) + channel;
    let g = window_gradient(upstream, mask, image, row, column, channel, plan);
    let mut sum = NormGradient { gradient: 0.0f32.runtime(), product: 0.0f32.runtime() };
    if comptime!(plan.takes_maxima) {
        let place = winner(x, shortcut, norm, first, plan);
        let (i, j) = (place / comptime!(plan.window[1]), place % comptime!(plan.window[1]));
        add_value(
            &mut sum,
            x,
            shortcut,
            norm,
            first + (i * comptime!(plan.width) + j) * comptime!(plan.channels),
            g,
            plan,
        );
    } else {
        for i in 0..comptime!(plan.window[0]) {
            for j in 0..comptime!(plan.window[1]) {
                let at = first + (i * comptime!(plan.width) + j) * comptime!(plan.channels);
                add_value(&mut sum, x, shortcut, norm, at, g, plan);
            }
        }
    }
    sum
}

/// Adds what the value at this place gives, whose gradient behind all stages is known.
#[cube]
fn add_value(
    sum: &mut NormGradient,
    x: &[f32],
    shortcut: &[f32],
    norm: &ChannelNorm,
    at: usize,
    gradient: f32,
    #[comptime] plan: Plan,
) {
    let values = staged(x[at], addend(shortcut, at, plan), norm, plan);
    let none = NormGradient { gradient: 0.0f32.runtime(), product: 0.0f32.runtime() };
    let g = pulled_back(gradient, &values, norm, &none, plan, comptime!(plan.up_to(Step::Normalize)));
    sum.gradient += g;
    sum.product += g * ((before_normalization(&values, plan) - norm.mean) * norm.inverse);
}

/// Puts the parts together: each row of threads some of them, then the rows each other.
#[cube(launch)]
fn total_kernel(
    sums: &[f32],
    gamma_gradient: &mut [f32],
    beta_gradient: &mut [f32],
    parts: usize,
    #[comptime] channels: usize,
    #[comptime] lanes: usize,
    #[comptime] rows: usize,
) {
    let (lane, row) = (UNIT_POS_X as usize, UNIT_POS_Y as usize);
    let channel = CUBE_POS_X as usize * lanes + lane;
    let mut gradient = 0.0f32.runtime();
    let mut product = 0.0f32.runtime();
    if channel < channels {
        let mut part = row;
        while part < parts {
            let first = part * 2 * channels + channel;
            gradient += sums[first];
            product += sums[first + channels];
            part += rows;
        }
    }
    let gradient = sum_of_rows(gradient, row, lane, lanes, rows);
    let product = sum_of_rows(product, row, lane, lanes, rows);
    if row == 0 && channel < channels {
        beta_gradient[channel] = gradient;
        gamma_gradient[channel] = product;
    }
}

/// The gradients `[channels]` of gamma and beta, from that of the output.
pub(super) fn gradients(
    maps: CubeTensor,
    shortcut: CubeTensor,
    norm: [CubeTensor; 4],
    upstream: CubeTensor,
    options: &FinishOptions,
) -> (CubeTensor, CubeTensor) {
    let Operands { x, shortcut, plan, n } = Operands::new(maps, shortcut, options);
    let norm = Norm::new(norm, options.stages, &x);
    let (windows, channels) = (n * plan.out_height() * plan.out_width(), plan.channels);
    let division = Division::new(windows, channels);
    let sums = unwritten(&x, [division.parts, 2, channels]);
    let [gamma_gradient, beta_gradient] = [(); 2].map(|()| unwritten(&x, [channels]));
    let client = x.client.clone();
    let (cubes, threads) = division.for_values();
    gradient_sums_kernel::launch(
        &client,
        cubes,
        threads,
        x.into_buffer_arg(),
        shortcut.into_buffer_arg(),
        norm.gamma.into_buffer_arg(),
        norm.beta.into_buffer_arg(),
        norm.mean.into_buffer_arg(),
        norm.variance.into_buffer_arg(),
        channels_last(upstream).into_buffer_arg(),
        sums.clone().into_buffer_arg(),
        dropout::launched(options.dropout.as_ref()),
        options.epsilon as f32,
        windows,
        plan,
        division.lanes,
        division.rows,
    );
    let (cubes, threads) = division.for_parts();
    total_kernel::launch(
        &client,
        cubes,
        threads,
        sums.into_buffer_arg(),
        gamma_gradient.clone().into_buffer_arg(),
        beta_gradient.clone().into_buffer_arg(),
        division.parts,
        channels,
        division.lanes,
        division.rows,
    );
    (gamma_gradient, beta_gradient)
}
