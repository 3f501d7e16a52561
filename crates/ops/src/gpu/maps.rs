//! The kernels behind a convolution: stages, pooling and dropout in one, and their gradient in another.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use crate::finish::FinishOptions;
use crate::gpu::chain::{ChannelNorm, NormGradient, channel_norm, pulled_back, staged};
use crate::gpu::dropout::{self, Mask, dropped};
use crate::gpu::plan::{Plan, Step};
use crate::gpu::tensors::{Norm, Operands, channels_last, channels_second, needed, one_each, unwritten};

/// What a stage adds to the value at this place.
#[cube]
pub(super) fn addend(shortcut: &[f32], at: usize, #[comptime] plan: Plan) -> f32 {
    if comptime!(plan.up_to(Step::Add) > 0) { shortcut[at] } else { 0.0f32.runtime() }
}

/// Which of a window's values, counted in row order from 0, is its largest behind all stages. The first one counts.
#[cube]
pub(super) fn winner(
    x: &[f32],
    shortcut: &[f32],
    norm: &ChannelNorm,
    first: usize,
    #[comptime] plan: Plan,
) -> usize {
    let mut best = 0.0f32.runtime();
    let mut place = 0usize.runtime();
    for row in 0..comptime!(plan.window[0]) {
        for column in 0..comptime!(plan.window[1]) {
            let at = first + (row * comptime!(plan.width) + column) * comptime!(plan.channels);
            let value = staged(x[at], addend(shortcut, at, plan), norm, plan).result;
            let number = row * comptime!(plan.window[1]) + column;
            if number == 0 || value > best {
                best = value;
                place = number;
            }
        }
    }
    place
}

/// Each thread computes one value of the output.
#[cube(launch)]
fn finish_kernel(
    x: &[f32],
    shortcut: &[f32],
    gamma: &[f32],
    beta: &[f32],
    mean: &[f32],
    variance: &[f32],
    out: &mut [f32],
    mask: &Mask,
    epsilon: f32,
    values: usize,
    #[comptime] plan: Plan,
) {
    if ABSOLUTE_POS >= values {
        terminate!();
    }
    let channels = comptime!(plan.channels);
    let [height, width] = comptime!([plan.out_height(), plan.out_width()]);
    let channel = ABSOLUTE_POS % channels;
    let column = ABSOLUTE_POS / channels % width;
    let row = ABSOLUTE_POS / comptime!(channels * width) % height;
    let image = ABSOLUTE_POS / comptime!(channels * width * height);
    let norm = channel_norm(gamma, beta, mean, variance, epsilon, channel, plan);
    let top = image * comptime!(plan.height) + row * comptime!(plan.window[0]);
    let first = (top * comptime!(plan.width) + column * comptime!(plan.window[1])) * channels + channel;
    let mut value = 0.0f32.runtime();
    for i in 0..comptime!(plan.window[0]) {
        for j in 0..comptime!(plan.window[1]) {
            let at = first + (i * comptime!(plan.width) + j) * channels;
            let result = staged(x[at], addend(shortcut, at, plan), &norm, plan).result;
            if comptime!(plan.takes_maxima) {
                value = select(i + j == 0, result, max(value, result));
            } else {
                value += result;
            }
        }
    }
    if comptime!(!plan.takes_maxima) {
        value /= f32::cast_from(comptime!((plan.window[0] * plan.window[1]) as u32));
    }
    if comptime!(plan.drops) {
        let place = ABSOLUTE_POS % comptime!(channels * width * height);
        value = dropped(mask, image as u32, place as u32, value);
    }
    out[ABSOLUTE_POS] = value;
}

/// Each thread computes the gradients of one window's values. Windows that leave the maps are among them, because the
/// values in them have a gradient too where the statistics are the batch's.
#[cube(launch)]
fn gradient_kernel(
    x: &[f32],
    shortcut: &[f32],
    gamma: &[f32],
    beta: &[f32],
    mean: &[f32],
    variance: &[f32],
    upstream: &[f32],
    gamma_gradient: &[f32],
    beta_gradient: &[f32],
    out: &mut [f32],
    mask: &Mask,
    epsilon: f32,
    // Values of a channel in the whole batch.
    count: f32,
    windows: usize,
    #[comptime] plan: Plan,
    #[comptime] after: usize,
) {
    if ABSOLUTE_POS >= windows {
        terminate!();
    }
    let channels = comptime!(plan.channels);
    let [rows, columns] = comptime!(plan.covering());
    let channel = ABSOLUTE_POS % channels;
    let column = ABSOLUTE_POS / channels % columns;
    let row = ABSOLUTE_POS / comptime!(channels * columns) % rows;
    let image = ABSOLUTE_POS / comptime!(channels * columns * rows);
    let norm = channel_norm(gamma, beta, mean, variance, epsilon, channel, plan);
    let means = if comptime!(plan.is_of_batch && plan.up_to(Step::Normalize) > 0) {
        NormGradient { gradient: beta_gradient[channel] / count, product: gamma_gradient[channel] / count }
    } else {
        NormGradient { gradient: 0.0f32.runtime(), product: 0.0f32.runtime() }
    };
    let (top, left) = (row * comptime!(plan.window[0]), column * comptime!(plan.window[1]));
    let above = image * comptime!(plan.height) + top;
    let first = (above * comptime!(plan.width) + left) * channels + channel;
    let mut g = 0.0f32.runtime();
    let mut place = 0usize.runtime();
    if row < comptime!(plan.out_height()) && column < comptime!(plan.out_width()) {
        g = window_gradient(upstream, mask, image, row, column, channel, plan);
        if comptime!(plan.takes_maxima) {
            place = winner(x, shortcut, &norm, first, plan);
        }
    }
    for i in 0..comptime!(plan.window[0]) {
        for j in 0..comptime!(plan.window[1]) {
            if top + i < comptime!(plan.height) && left + j < comptime!(plan.width) {
                let at = first + (i * comptime!(plan.width) + j) * channels;
                let values = staged(x[at], addend(shortcut, at, plan), &norm, plan);
                let mut of_value = g;
                if comptime!(plan.takes_maxima) {
                    of_value = select(i * comptime!(plan.window[1]) + j == place, g, 0.0f32);
                }
                out[at] = pulled_back(of_value, &values, &norm, &means, plan, after);
            }
        }
    }
}

/// The gradient behind the stages of a window's largest value, or of each of its values.
#[cube]
pub(super) fn window_gradient(
    upstream: &[f32],
    mask: &Mask,
    image: usize,
    row: usize,
    column: usize,
    channel: usize,
    #[comptime] plan: Plan,
) -> f32 {
    let [height, width] = comptime!([plan.out_height(), plan.out_width()]);
    let place = (row * width + column) * comptime!(plan.channels) + channel;
    let mut g = upstream[image * comptime!(height * width * plan.channels) + place];
    if comptime!(plan.drops) {
        g = dropped(mask, image as u32, place as u32, g);
    }
    if comptime!(!plan.takes_maxima) {
        g /= f32::cast_from(comptime!((plan.window[0] * plan.window[1]) as u32));
    }
    g
}

/// Stages, pooling and dropout of maps `[n, channels, height, width]`.
pub(super) fn finish(
    maps: CubeTensor,
    shortcut: CubeTensor,
    norm: [CubeTensor; 4],
    options: &FinishOptions,
) -> CubeTensor {
    let Operands { x, shortcut, plan, n } = Operands::new(maps, shortcut, options);
    let norm = Norm::new(norm, options.stages, &x);
    let out = unwritten(&x, [n, plan.out_height(), plan.out_width(), plan.channels]);
    let values = out.meta.num_elements();
    let (cubes, threads) = one_each(&x, values);
    let client = x.client.clone();
    finish_kernel::launch(
        &client,
        cubes,
        threads,
        x.into_buffer_arg(),
        shortcut.into_buffer_arg(),
        norm.gamma.into_buffer_arg(),
        norm.beta.into_buffer_arg(),
        norm.mean.into_buffer_arg(),
        norm.variance.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        dropout::launched(options.dropout.as_ref()),
        options.epsilon as f32,
        values,
        plan,
    );
    channels_second(out)
}

/// The gradient of the maps, or of the shortcut, from that of the output, and from those of gamma and beta.
pub(super) fn gradient(
    maps: CubeTensor,
    shortcut: CubeTensor,
    norm: [CubeTensor; 4],
    upstream: CubeTensor,
    norm_gradients: [CubeTensor; 2],
    options: &FinishOptions,
    of_shortcut: bool,
) -> CubeTensor {
    let Operands { x, shortcut, plan, n } = Operands::new(maps, shortcut, options);
    let norm = Norm::new(norm, options.stages, &x);
    let out = unwritten(&x, [n, plan.height, plan.width, plan.channels]);
    let [gamma_gradient, beta_gradient] = needed(norm_gradients, options.stages, &x);
    let [rows, columns] = plan.covering();
    let windows = n * rows * columns * plan.channels;
    let (cubes, threads) = one_each(&x, windows);
    let client = x.client.clone();
    gradient_kernel::launch(
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
        gamma_gradient.into_buffer_arg(),
        beta_gradient.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        dropout::launched(options.dropout.as_ref()),
        options.epsilon as f32,
        (n * plan.height * plan.width) as f32,
        windows,
        plan,
        if of_shortcut { plan.up_to(Step::Add) } else { 0 },
    );
    channels_second(out)
}
