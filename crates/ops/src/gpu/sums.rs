//! The kernels that add up over a batch: each channel's mean and variance, and the gradients of gamma and beta.
//!
//! Each sum takes two kernels. In the first, many cubes add up parts; in the second, a thread for each channel adds up the
//! parts in their order. So the bits depend on the shape alone.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use crate::finish::FinishOptions;
use crate::gpu::chain::{ChannelNorm, NormGradient, before_normalization, channel_norm, pulled_back, staged};
use crate::gpu::dropout::{self, Mask};
use crate::gpu::maps::{addend, window_gradient, winner};
use crate::gpu::plan::{Plan, Step};
use crate::gpu::tensors::{Norm, channels_last, one_each, sizes, unwritten};

/// Threads of a cube.
const THREADS: usize = 256;

/// Channels of a cube at most: as many values lie side by side.
const WIDEST: usize = 32;

/// Into how many parts a sum is cut at most.
const MOST_PARTS: usize = 64;

/// How many values of a channel a thread adds up at least, unless there are too few.
const LEAST: usize = 8;

/// How a sum over `items` pixels or windows is divided.
struct Division {
    /// Channels and rows of threads in a cube; both are powers of two.
    lanes: usize,
    rows: usize,
    /// Cubes side by side, and parts.
    cubes: usize,
    parts: usize,
}

impl Division {
    fn new(items: usize, channels: usize) -> Self {
        let lanes = channels.next_power_of_two().min(WIDEST);
        let rows = THREADS / lanes;
        Self {
            lanes,
            rows,
            cubes: channels.div_ceil(lanes),
            parts: (items / (rows * LEAST)).clamp(1, MOST_PARTS),
        }
    }

    fn launched(&self) -> (CubeCount, CubeDim) {
        let count = CubeCount::Static(self.cubes as u32, self.parts as u32, 1);
        (count, CubeDim::new_2d(self.lanes as u32, self.rows as u32))
    }
}

/// How many values there are, their mean, and the sum of their squared distances from it.
#[derive(CubeType, Clone, Copy)]
struct Moments {
    count: f32,
    mean: f32,
    squares: f32,
}

/// The moments of two sets of values together (Chan et al. 1983).
#[cube]
fn together(a: Moments, b: Moments) -> Moments {
    let count = a.count + b.count;
    let share = select(count > 0.0f32, b.count / max(count, 1.0f32), 0.0f32);
    let distance = b.mean - a.mean;
    Moments {
        count,
        mean: a.mean + distance * share,
        squares: a.squares + b.squares + distance * distance * a.count * share,
    }
}

/// Writes the moments of each part: `[parts, 3, channels]`.
#[cube(launch)]
fn moments_kernel(
    x: &[f32],
    shortcut: &[f32],
    moments: &mut [f32],
    pixels: usize,
    #[comptime] plan: Plan,
    #[comptime] lanes: usize,
    #[comptime] rows: usize,
) {
    let (lane, row) = (UNIT_POS_X as usize, UNIT_POS_Y as usize);
    let channels = comptime!(plan.channels);
    let channel = CUBE_POS_X as usize * lanes + lane;
    let part = CUBE_POS_Y as usize;
    let mut own = Moments { count: 0.0f32.runtime(), mean: 0.0f32.runtime(), squares: 0.0f32.runtime() };
    if channel < channels {
        let norm = channel_norm(x, x, x, x, 0.0f32, channel, plan);
        let mut pixel = part * rows + row;
        while pixel < pixels {
            let at = pixel * channels + channel;
            let values = staged(x[at], addend(shortcut, at, plan), &norm, plan);
            let distance = values.result - own.mean;
            own.count += 1.0f32;
            own.mean += distance / own.count;
            own.squares += distance * (values.result - own.mean);
            pixel += CUBE_COUNT_Y as usize * rows;
        }
    }
    let mut counts = Shared::new_slice(comptime!(lanes * rows));
    let mut means = Shared::new_slice(comptime!(lanes * rows));
    let mut squares = Shared::new_slice(comptime!(lanes * rows));
    let place = row * lanes + lane;
    counts[place] = own.count;
    means[place] = own.mean;
    squares[place] = own.squares;
    sync_cube();
    let mut half = comptime!(rows / 2).runtime();
    while half > 0 {
        if row < half {
            let other = place + half * lanes;
            let sum = together(
                Moments { count: counts[place], mean: means[place], squares: squares[place] },
                Moments { count: counts[other], mean: means[other], squares: squares[other] },
            );
            counts[place] = sum.count;
            means[place] = sum.mean;
            squares[place] = sum.squares;
        }
        sync_cube();
        half /= 2;
    }
    if row == 0 && channel < channels {
        let first = part * 3 * channels + channel;
        moments[first] = counts[lane];
        moments[first + channels] = means[lane];
        moments[first + 2 * channels] = squares[lane];
    }
}

/// Each thread takes one channel.
#[cube(launch)]
fn statistics_kernel(
    moments: &[f32],
    mean: &mut [f32],
    variance: &mut [f32],
    parts: usize,
    #[comptime] channels: usize,
) {
    let channel = ABSOLUTE_POS;
    if channel >= channels {
        terminate!();
    }
    let mut all = Moments { count: 0.0f32.runtime(), mean: 0.0f32.runtime(), squares: 0.0f32.runtime() };
    for part in 0..parts {
        let first = part * 3 * channels + channel;
        let of_part = Moments {
            count: moments[first],
            mean: moments[first + channels],
            squares: moments[first + 2 * channels],
        };
        let sum = together(Moments { count: all.count, mean: all.mean, squares: all.squares }, of_part);
        all.count = sum.count;
        all.mean = sum.mean;
        all.squares = sum.squares;
    }
    mean[channel] = all.mean;
    variance[channel] = all.squares / all.count;
}

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
    let mut gradients = Shared::new_slice(comptime!(lanes * rows));
    let mut products = Shared::new_slice(comptime!(lanes * rows));
    let place = row * lanes + lane;
    gradients[place] = gradient;
    products[place] = product;
    sync_cube();
    let mut half = comptime!(rows / 2).runtime();
    while half > 0 {
        if row < half {
            let other = place + half * lanes;
            let (of_other, product_of_other) = (gradients[other], products[other]);
            gradients[place] += of_other;
            products[place] += product_of_other;
        }
        sync_cube();
        half /= 2;
    }
    if row == 0 && channel < channels {
        let first = part * 2 * channels + channel;
        sums[first] = gradients[lane];
        sums[first + channels] = products[lane];
    }
}

/// What one window adds to the sums.
#[cube]
#[allow(clippy::too_many_arguments, reason = "a kernel's tensors are arguments of their own")]
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

/// Each thread takes one channel.
#[cube(launch)]
fn total_kernel(
    sums: &[f32],
    gamma_gradient: &mut [f32],
    beta_gradient: &mut [f32],
    parts: usize,
    #[comptime] channels: usize,
) {
    let channel = ABSOLUTE_POS;
    if channel >= channels {
        terminate!();
    }
    let mut gradient = 0.0f32.runtime();
    let mut product = 0.0f32.runtime();
    for part in 0..parts {
        let first = part * 2 * channels + channel;
        gradient += sums[first];
        product += sums[first + channels];
    }
    beta_gradient[channel] = gradient;
    gamma_gradient[channel] = product;
}

/// The mean and the variance `[channels]` of what enters the normalization of maps `[n, channels, height, width]`.
pub(super) fn statistics(
    maps: CubeTensor,
    shortcut: CubeTensor,
    options: &FinishOptions,
) -> (CubeTensor, CubeTensor) {
    let x = channels_last(maps);
    let [n, height, width, channels] = sizes(&x);
    let plan = Plan::new([height, width, channels], options);
    let shortcut = if options.stages.adds() { channels_last(shortcut) } else { x.clone() };
    let pixels = n * height * width;
    let division = Division::new(pixels, channels);
    let moments = unwritten(&x, [division.parts, 3, channels]);
    let [mean, variance] = [(); 2].map(|()| unwritten(&x, [channels]));
    let client = x.client.clone();
    let (cubes, threads) = division.launched();
    moments_kernel::launch(
        &client,
        cubes,
        threads,
        x.clone().into_buffer_arg(),
        shortcut.into_buffer_arg(),
        moments.clone().into_buffer_arg(),
        pixels,
        plan,
        division.lanes,
        division.rows,
    );
    let (cubes, threads) = one_each(&x, channels);
    statistics_kernel::launch(
        &client,
        cubes,
        threads,
        moments.into_buffer_arg(),
        mean.clone().into_buffer_arg(),
        variance.clone().into_buffer_arg(),
        division.parts,
        channels,
    );
    (mean, variance)
}

/// The gradients `[channels]` of gamma and beta, from that of the output.
pub(super) fn norm_gradients(
    maps: CubeTensor,
    shortcut: CubeTensor,
    norm: [CubeTensor; 4],
    upstream: CubeTensor,
    options: &FinishOptions,
) -> (CubeTensor, CubeTensor) {
    let x = channels_last(maps);
    let [n, height, width, channels] = sizes(&x);
    let plan = Plan::new([height, width, channels], options);
    let shortcut = if options.stages.adds() { channels_last(shortcut) } else { x.clone() };
    let norm = Norm::new(norm, options.stages, &x);
    let windows = n * plan.out_height() * plan.out_width();
    let division = Division::new(windows, channels);
    let sums = unwritten(&x, [division.parts, 2, channels]);
    let [gamma_gradient, beta_gradient] = [(); 2].map(|()| unwritten(&x, [channels]));
    let client = x.client.clone();
    let (cubes, threads) = division.launched();
    gradient_sums_kernel::launch(
        &client,
        cubes,
        threads,
        x.clone().into_buffer_arg(),
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
    let (cubes, threads) = one_each(&x, channels);
    total_kernel::launch(
        &client,
        cubes,
        threads,
        sums.into_buffer_arg(),
        gamma_gradient.clone().into_buffer_arg(),
        beta_gradient.clone().into_buffer_arg(),
        division.parts,
        channels,
    );
    (gamma_gradient, beta_gradient)
}
