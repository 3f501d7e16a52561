//! Each channel's mean and variance over a batch.
//!
//! It takes two kernels. In the first, many cubes add up parts; in the second, a cube for each 32 channels puts the parts
//! together. All in an order that depends on the shape alone.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use crate::finish::FinishOptions;
use crate::gpu::chain::{channel_norm, staged};
use crate::gpu::maps::addend;
use crate::gpu::plan::Plan;
use crate::gpu::rows::{Division, Moments, moments_of_rows, no_moments, together};
use crate::gpu::tensors::{Operands, unwritten};

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
    let mut own = no_moments();
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
    let all = moments_of_rows(own, row, lane, lanes, rows);
    if row == 0 && channel < channels {
        let first = part * 3 * channels + channel;
        moments[first] = all.count;
        moments[first + channels] = all.mean;
        moments[first + 2 * channels] = all.squares;
    }
}

/// Puts the parts together: each row of threads some of them, then the rows each other.
#[cube(launch)]
fn statistics_kernel(
    moments: &[f32],
    mean: &mut [f32],
    variance: &mut [f32],
    parts: usize,
    #[comptime] channels: usize,
    #[comptime] lanes: usize,
    #[comptime] rows: usize,
) {
    let (lane, row) = (UNIT_POS_X as usize, UNIT_POS_Y as usize);
    let channel = CUBE_POS_X as usize * lanes + lane;
    let mut own = no_moments();
    if channel < channels {
        let mut part = row;
        while part < parts {
            let first = part * 3 * channels + channel;
            let of_part = Moments {
                count: moments[first],
                mean: moments[first + channels],
                squares: moments[first + 2 * channels],
            };
            let sum = together(&own, &of_part);
            own.count = sum.count;
            own.mean = sum.mean;
            own.squares = sum.squares;
            part += rows;
        }
    }
    let all = moments_of_rows(own, row, lane, lanes, rows);
    if row == 0 && channel < channels {
        mean[channel] = all.mean;
        variance[channel] = all.squares / all.count;
    }
}

/// The mean and the variance `[channels]` of what enters the normalization of maps `[n, channels, height, width]`.
pub(super) fn statistics(
    maps: CubeTensor,
    shortcut: CubeTensor,
    options: &FinishOptions,
) -> (CubeTensor, CubeTensor) {
    let Operands { x, shortcut, plan, n } = Operands::new(maps, shortcut, options);
    let (pixels, channels) = (n * plan.height * plan.width, plan.channels);
    let division = Division::new(pixels, channels);
    let moments = unwritten(&x, [division.parts, 3, channels]);
    let [mean, variance] = [(); 2].map(|()| unwritten(&x, [channels]));
    let client = x.client.clone();
    let (cubes, threads) = division.for_values();
    moments_kernel::launch(
        &client,
        cubes,
        threads,
        x.into_buffer_arg(),
        shortcut.into_buffer_arg(),
        moments.clone().into_buffer_arg(),
        pixels,
        plan,
        division.lanes,
        division.rows,
    );
    let (cubes, threads) = division.for_parts();
    statistics_kernel::launch(
        &client,
        cubes,
        threads,
        moments.into_buffer_arg(),
        mean.clone().into_buffer_arg(),
        variance.clone().into_buffer_arg(),
        division.parts,
        channels,
        division.lanes,
        division.rows,
    );
    (mean, variance)
}
