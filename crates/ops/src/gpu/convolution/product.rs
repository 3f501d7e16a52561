//! The product of two matrices of which at least one is read from feature maps.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::ops::permute;
use burn_cubecl::tensor::CubeTensor;

use super::plan::{ConvPlan, Pass, Tile};
use crate::gpu::rows::sum_of_rows;
use crate::gpu::tensors::{channels_last, channels_second, contiguous, unwritten};

/// Threads of a cube.
const THREADS: usize = 256;

/// A thread computes so many rows and so many columns.
const EACH: usize = 4;

/// Cubes that keep a large GPU busy. Where the product has fewer tiles, its sums are cut into parts.
const CUBES: usize = 512;
const MOST_PARTS: usize = 128;

/// The most cubes in a row that every GPU takes.
const MOST_CUBES: usize = 65_535;

/// The value of maps `[n, height, width, channels]` under a tap of the filter that computes an output pixel, or the zero
/// beside the maps. `term` counts taps, and for each tap channels.
#[cube]
fn under_tap(maps: &[f32], pixel: usize, term: usize, #[comptime] plan: ConvPlan) -> f32 {
    let column = pixel % comptime!(plan.out_width);
    let row = pixel / comptime!(plan.out_width) % comptime!(plan.out_height);
    let image = pixel / comptime!(plan.out_width * plan.out_height);
    let channel = term % comptime!(plan.channels);
    let tap = term / comptime!(plan.channels);
    let y = row * comptime!(plan.stride[0]) + tap / comptime!(plan.kernel[1]);
    let x = column * comptime!(plan.stride[1]) + tap % comptime!(plan.kernel[1]);
    let [top, left] = comptime!(plan.before);
    let mut value = 0.0f32.runtime();
    if y >= top && y < comptime!(top + plan.height) && x >= left && x < comptime!(left + plan.width) {
        let at = (image * comptime!(plan.height) + (y - top)) * comptime!(plan.width) + (x - left);
        value = maps[at * comptime!(plan.channels) + channel];
    }
    value
}

/// The gradient `[n, out height, out width, filters]` of the output pixel to which a tap takes a pixel of the maps, or zero
/// if it takes it to none. `term` counts taps, and for each tap filters.
#[cube]
fn over_tap(gradient: &[f32], pixel: usize, term: usize, #[comptime] plan: ConvPlan) -> f32 {
    let column = pixel % comptime!(plan.width);
    let row = pixel / comptime!(plan.width) % comptime!(plan.height);
    let image = pixel / comptime!(plan.width * plan.height);
    let filter = term % comptime!(plan.filters);
    let tap = term / comptime!(plan.filters);
    let (down, aside) = (tap / comptime!(plan.kernel[1]), tap % comptime!(plan.kernel[1]));
    let y = row + comptime!(plan.before[0]);
    let x = column + comptime!(plan.before[1]);
    let mut value = 0.0f32.runtime();
    if y >= down && x >= aside {
        let [stride_y, stride_x] = comptime!(plan.stride);
        let (out_y, out_x) = ((y - down) / stride_y, (x - aside) / stride_x);
        let is_met = out_y * stride_y == y - down && out_x * stride_x == x - aside;
        if is_met && out_y < comptime!(plan.out_height) && out_x < comptime!(plan.out_width) {
            let at = (image * comptime!(plan.out_height) + out_y) * comptime!(plan.out_width) + out_x;
            value = gradient[at * comptime!(plan.filters) + filter];
        }
    }
    value
}

/// A value of the first matrix: `[rows, terms]`.
#[cube]
fn of_first(
    first: &[f32],
    row: usize,
    term: usize,
    #[comptime] plan: ConvPlan,
    #[comptime] pass: Pass,
) -> f32 {
    match pass {
        Pass::Forward => under_tap(first, row, term, plan),
        Pass::Maps => over_tap(first, row, term, plan),
        Pass::Filters => first[term * comptime!(plan.filters) + row],
    }
}

/// A value of the second matrix: `[terms, columns]`.
#[cube]
fn of_second(
    second: &[f32],
    term: usize,
    column: usize,
    #[comptime] plan: ConvPlan,
    #[comptime] pass: Pass,
) -> f32 {
    match pass {
        Pass::Forward => second[term * comptime!(plan.filters) + column],
        Pass::Maps => second[term * comptime!(plan.channels) + column],
        Pass::Filters => under_tap(second, term, column, plan),
    }
}

/// Each cube computes a tile of the product, or of a part of its sums.
#[cube(launch)]
fn product_kernel(
    first: &[f32],
    second: &[f32],
    bias: &[f32],
    out: &mut [f32],
    rows: usize,
    terms: usize,
    terms_of_part: usize,
    #[comptime] plan: ConvPlan,
    #[comptime] pass: Pass,
    #[comptime] tile: Tile,
) {
    let columns = comptime!(plan.sizes(pass, 1)[1]);
    let thread = UNIT_POS as usize;
    let (across, down) = comptime!((tile.columns / EACH, tile.rows / EACH));
    let (thread_x, thread_y) = (thread % across, thread / across);
    let first_row = CUBE_POS_X as usize * comptime!(tile.rows);
    let first_column = CUBE_POS_Y as usize * comptime!(tile.columns);
    let part = CUBE_POS_Z as usize;
    let end = min((part + 1) * terms_of_part, terms);
    // One more than a row has, so that the threads of a column do not wait for the same bank of memory.
    let (a_row, b_row, depth) = comptime!((tile.rows + 1, tile.columns + 1, tile.depth));
    let mut a = Shared::new_slice(comptime!(depth * a_row));
    let mut b = Shared::new_slice(comptime!(depth * b_row));
    let mut sums = Array::<f32>::new(comptime!(EACH * EACH));
    #[unroll]
    for i in 0..comptime!(EACH * EACH) {
        sums[i] = 0.0f32;
    }
    let mut start = part * terms_of_part;
    while start < end {
        for i in 0..comptime!(tile.rows * depth / THREADS) {
            let place = thread + i * THREADS;
            // Neighbours read neighbouring values.
            let (step, row) = if comptime!(pass == Pass::Filters) {
                (place / comptime!(tile.rows), place % comptime!(tile.rows))
            } else {
                (place % depth, place / depth)
            };
            let mut value = 0.0f32.runtime();
            if first_row + row < rows && start + step < end {
                value = of_first(first, first_row + row, start + step, plan, pass);
            }
            a[step * a_row + row] = value;
        }
        for i in 0..comptime!((tile.columns * depth).div_ceil(THREADS)) {
            let place = thread + i * THREADS;
            // The narrowest tile has fewer values than threads.
            if place < comptime!(tile.columns * depth) {
                let (step, column) = (place / comptime!(tile.columns), place % comptime!(tile.columns));
                let mut value = 0.0f32.runtime();
                if first_column + column < columns && start + step < end {
                    value = of_second(second, start + step, first_column + column, plan, pass);
                }
                b[step * b_row + column] = value;
            }
        }
        sync_cube();
        for step in 0..depth {
            let mut of_columns = Array::<f32>::new(EACH);
            #[unroll]
            for j in 0..EACH {
                of_columns[j] = b[step * b_row + thread_x + j * across];
            }
            #[unroll]
            for i in 0..EACH {
                let of_row = a[step * a_row + thread_y + i * down];
                #[unroll]
                for j in 0..EACH {
                    sums[i * EACH + j] += of_row * of_columns[j];
                }
            }
        }
        sync_cube();
        start += depth;
    }
    #[unroll]
    for i in 0..EACH {
        #[unroll]
        for j in 0..EACH {
            let (row, column) = (first_row + thread_y + i * down, first_column + thread_x + j * across);
            if row < rows && column < columns {
                let sum = sums[i * EACH + j];
                match pass {
                    Pass::Forward => out[row * columns + column] = sum + bias[column],
                    Pass::Maps => out[row * columns + column] = sum,
                    Pass::Filters => {
                        let (tap, channel) =
                            (column / comptime!(plan.channels), column % comptime!(plan.channels));
                        let at = (row * comptime!(plan.channels) + channel) * comptime!(plan.taps()) + tap;
                        out[part * rows * columns + at] = sum;
                    }
                }
            }
        }
    }
}

/// Adds up the parts `[parts, values]` of sums: 32 values a cube, each by 8 threads.
#[cube(launch)]
fn parts_kernel(parts: &[f32], out: &mut [f32], number: usize, values: usize) {
    let (lane, row) = (UNIT_POS_X as usize, UNIT_POS_Y as usize);
    let value = CUBE_POS * 32 + lane;
    let mut own = 0.0f32.runtime();
    if value < values {
        let mut part = row;
        while part < number {
            own += parts[part * values + value];
            part += 8;
        }
    }
    let sum = sum_of_rows(own, row, lane, 32usize, 8usize);
    if row == 0 && value < values {
        out[value] = sum;
    }
}

/// So many cubes, in more than one row if a row cannot hold them.
fn spread(cubes: usize) -> CubeCount {
    let rows = cubes.div_ceil(MOST_CUBES);
    CubeCount::Static(cubes.div_ceil(rows) as u32, rows as u32, 1)
}

/// Whether there are few enough tiles.
pub(super) fn takes(plan: &ConvPlan, pass: Pass, n: usize) -> bool {
    let [rows, columns, terms] = plan.sizes(pass, n);
    let tile = Tile::new(columns);
    rows > 0
        && terms > 0
        && rows.div_ceil(tile.rows) <= MOST_CUBES
        && columns.div_ceil(tile.columns) <= MOST_CUBES
}

/// Computes a product into memory that holds its values once for each part.
fn multiply(
    [first, second, bias]: [CubeTensor; 3],
    plan: ConvPlan,
    pass: Pass,
    n: usize,
    parts: usize,
    out: CubeTensor,
) {
    let [rows, columns, terms] = plan.sizes(pass, n);
    let tile = Tile::new(columns);
    let client = first.client.clone();
    let cubes = [rows.div_ceil(tile.rows), columns.div_ceil(tile.columns), parts].map(|count| count as u32);
    product_kernel::launch(
        &client,
        CubeCount::Static(cubes[0], cubes[1], cubes[2]),
        CubeDim::new_1d(THREADS as u32),
        first.into_buffer_arg(),
        second.into_buffer_arg(),
        bias.into_buffer_arg(),
        out.into_buffer_arg(),
        rows,
        terms,
        terms.div_ceil(parts),
        plan,
        pass,
        tile,
    );
}

/// Maps `[n, channels, height, width]` convolved with filters, plus a bias.
pub(super) fn forward(maps: CubeTensor, weight: CubeTensor, bias: CubeTensor, plan: ConvPlan) -> CubeTensor {
    let maps = channels_last(maps);
    let n = maps.meta.shape()[0];
    let out = unwritten(&maps, [n, plan.out_height, plan.out_width, plan.filters]);
    // [filters, channels, rows, columns] -> [rows, columns, channels, filters]
    let weight = contiguous(permute(weight, &[2, 3, 1, 0]));
    multiply([maps, weight, contiguous(bias)], plan, Pass::Forward, n, 1, out.clone());
    channels_second(out)
}

/// The gradient of the maps, from that of the output.
pub(super) fn maps_gradient(gradient: CubeTensor, weight: CubeTensor, plan: ConvPlan) -> CubeTensor {
    let gradient = channels_last(gradient);
    let n = gradient.meta.shape()[0];
    let out = unwritten(&gradient, [n, plan.height, plan.width, plan.channels]);
    let stand_in = gradient.clone();
    // [filters, channels, rows, columns] -> [rows, columns, filters, channels]
    let weight = contiguous(permute(weight, &[2, 3, 0, 1]));
    multiply([gradient, weight, stand_in], plan, Pass::Maps, n, 1, out.clone());
    channels_second(out)
}

/// The gradient of the filters, from that of the output.
pub(super) fn filters_gradient(maps: CubeTensor, gradient: CubeTensor, plan: ConvPlan) -> CubeTensor {
    let (maps, gradient) = (channels_last(maps), channels_last(gradient));
    let n = maps.meta.shape()[0];
    let [rows, columns, terms] = plan.sizes(Pass::Filters, n);
    let tile = Tile::new(columns);
    let tiles = rows.div_ceil(tile.rows) * columns.div_ceil(tile.columns);
    let parts = (CUBES / tiles).min(terms.div_ceil(4 * tile.depth)).clamp(1, MOST_PARTS);
    let values = rows * columns;
    let sums = unwritten(&maps, [parts, values]);
    let shape = [plan.filters, plan.channels, plan.kernel[0], plan.kernel[1]];
    let out = unwritten(&maps, shape);
    let stand_in = maps.clone();
    multiply([gradient, maps, stand_in], plan, Pass::Filters, n, parts, sums.clone());
    let client = sums.client.clone();
    parts_kernel::launch(
        &client,
        spread(values.div_ceil(32)),
        CubeDim::new_2d(32, 8),
        sums.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        parts,
        values,
    );
    out
}
