//! 5x5 and 3x3 convolution with 2x2 max-pooling by Winograd's minimal filtering, F(2x2, 5x5) and F(4x4, 3x3).
//!
//! A tile of 6x6 pixels gives 2x2 outputs of a 5x5 filter, which are one pooling window, and takes 36 products a
//! channel instead of 100. Of a 3x3 filter it gives 4x4 outputs, which are four windows, and takes 36 products
//! instead of 144.

use crate::conv::shape::ConvShape;
use crate::pool::shape::PoolShape;
use crate::pool::window::{Band, Placed, better, needs_smallest};
use crate::simd::level::Level;
use crate::simd::store::StoreBlocks;
use crate::simd::tile::{self, WIDE, Walk};
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;
use crate::winograd::points::{POINTS, SCALE, SIDE, column, outputs, pixels_at_points, taps_at_points};

/// How many tiles are computed at a time: their pixels and products have to stay in the second-level cache.
const TILES: usize = 64;

/// From how many images on it pays to transform filters that are used once.
pub(crate) const FEWEST_IMAGES: usize = 4;
/// From how many channels on the products outweigh the transforms, for filters of 5x5 and of 3x3 taps.
const FEWEST_CHANNELS: [usize; 2] = [8, 16];

/// Whether the kernels take a convolution of this shape.
pub(crate) fn suits(shape: &PoolShape) -> bool {
    let conv = &shape.conv;
    match (conv.kernel, conv.stride, shape.pool) {
        (5, 1, 2) => conv.channels >= FEWEST_CHANNELS[0],
        (3, 1, 2) => conv.channels >= FEWEST_CHANNELS[1],
        _ => false,
    }
}

/// How many outputs a tile has along its side.
fn outputs_of(conv: &ConvShape) -> usize {
    SIDE + 1 - conv.kernel
}

/// How many pooling windows a tile has along its side.
pub(crate) fn windows_of(shape: &PoolShape) -> usize {
    outputs_of(&shape.conv) / shape.pool
}

/// How many tiles a row of them has.
fn columns_of(shape: &PoolShape) -> usize {
    shape.width().div_ceil(windows_of(shape))
}

/// The convolution with rows of whole tiles, and how many of its output rows a band of `rows` pooled rows needs.
///
/// The outputs beyond the last window are not used. But the rounding of each output depends on all pixels of its
/// tile, so these have to be the same in every call.
pub(crate) fn whole_tiles(shape: &PoolShape, rows: usize) -> (ConvShape, usize) {
    let side = outputs_of(&shape.conv);
    let conv = ConvShape { out_width: columns_of(shape) * side, ..shape.conv };
    (conv, rows.div_ceil(windows_of(shape)) * side)
}

/// How many values all transformed filters have: `[block, point, channel, filters of the block]`.
pub(crate) fn packed_len(level: Level, conv: &ConvShape) -> usize {
    conv.filters.next_multiple_of(WIDE * level.lanes()) * POINTS * conv.channels
}

/// Transforms `weight` `[filters, channels, kernel, kernel]` into `packed`.
pub(crate) fn pack(level: Level, conv: &ConvShape, weight: &[f32], packed: &mut [f32]) {
    let block = WIDE * level.lanes();
    packed.par_chunks_exact_mut(POINTS * conv.channels * block).enumerate().for_each(|(i, packed)| {
        level.run(Transform { conv, first: i * block, weight, packed });
    });
}

/// Transforms one block of filters.
struct Transform<'a> {
    conv: &'a ConvShape,
    first: usize,
    weight: &'a [f32],
    packed: &'a mut [f32],
}

impl Kernel for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        if self.conv.kernel == 5 { self.transform::<S, 5>(simd) } else { self.transform::<S, 3>(simd) }
    }
}

impl Transform<'_> {
    #[inline(always)]
    fn transform<S: Vector, const TAPS: usize>(self, simd: S) {
        let (channels, block) = (self.conv.channels, WIDE * S::LANES);
        let used = block.min(self.conv.filters - self.first);
        for channel in 0..channels {
            let mut taps = [[[0.0; 16 * WIDE]; TAPS]; TAPS];
            for filter in 0..used {
                let at = ((self.first + filter) * channels + channel) * TAPS * TAPS;
                for (lanes, value) in taps.as_flattened_mut().iter_mut().zip(&self.weight[at..]) {
                    lanes[filter] = *value;
                }
            }
            for half in 0..WIDE {
                let mut rows = [[simd.splat_f32s(0.0); SIDE]; TAPS];
                for (row, taps) in rows.iter_mut().zip(&taps) {
                    let mut vectors = [simd.splat_f32s(0.0); TAPS];
                    for (vector, lanes) in vectors.iter_mut().zip(taps) {
                        // SAFETY: `lanes` has room for `WIDE` vectors of 16 lanes, the longest there are.
                        *vector = unsafe { simd.load(lanes.as_ptr().add(half * S::LANES)) };
                    }
                    *row = taps_at_points(simd, &vectors);
                }
                for x in 0..SIDE {
                    let column = taps_at_points(simd, &column(&rows, x));
                    for (y, value) in column.into_iter().enumerate() {
                        let at = ((y * SIDE + x) * channels + channel) * block + half * S::LANES;
                        let target = &mut self.packed[at..][..S::LANES];
                        // SAFETY: the target holds one vector.
                        unsafe { simd.store(target.as_mut_ptr(), value) };
                    }
                }
            }
        }
    }
}

/// How many values a band of `rows` pooled rows needs for the pixels at the points and for the products.
pub(crate) fn scratch_len(level: Level, shape: &PoolShape, rows: usize) -> [usize; 2] {
    let columns = columns_of(shape);
    let tiles = rows_at_a_time(columns).min(rows.div_ceil(windows_of(shape))) * columns;
    let lanes = level.lanes();
    [POINTS * tiles * shape.conv.channels.next_multiple_of(lanes), POINTS * tiles * WIDE * lanes]
}

/// How many rows of tiles are computed at a time.
fn rows_at_a_time(columns: usize) -> usize {
    (TILES / columns).max(1)
}

/// Computes a band by Winograd's filtering.
pub(crate) struct WinogradBand<'a> {
    pub band: Band<'a>,
    /// From [`whole_tiles`].
    pub conv: ConvShape,
    /// `[point, tile, channel]`, with the channels filled up to whole vectors
    pub pixels: &'a mut [f32],
    /// `[point, tile, filters of a block]`
    pub products: &'a mut [f32],
}

impl Kernel for WinogradBand<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(mut self, simd: S) {
        let columns = columns_of(self.band.shape);
        let rows = self.band.rows().div_ceil(windows_of(self.band.shape));
        for first in (0..rows).step_by(rows_at_a_time(columns)) {
            let count = rows_at_a_time(columns).min(rows - first);
            self.transform(simd, first, count * columns);
            let block_len = POINTS * self.conv.channels * WIDE * S::LANES;
            for (block, filters) in self.band.packed.chunks_exact(block_len).enumerate() {
                self.multiply(simd, filters, count * columns);
                for tile in 0..count * columns {
                    let corner = [first + tile / columns, tile % columns];
                    if self.conv.kernel == 5 {
                        self.finish::<S, 2>(simd, block, count * columns, tile, corner);
                    } else {
                        self.finish::<S, 4>(simd, block, count * columns, tile, corner);
                    }
                }
            }
        }
    }
}

impl WinogradBand<'_> {
    /// Turns the tiles of the rows of tiles from `first` on into their values at the points.
    #[inline(always)]
    fn transform<S: Vector>(&mut self, simd: S, first: usize, tiles: usize) {
        let conv = &self.conv;
        let (columns, row) = (columns_of(self.band.shape), conv.padded_row());
        let channels = conv.channels.next_multiple_of(S::LANES);
        let point = tiles * channels;
        assert!(POINTS * point <= self.pixels.len(), "every point has room for its tiles");
        for tile in 0..tiles {
            let (y, x) = (first + tile / columns, tile % columns);
            let corner = outputs_of(conv) * (y * row + x * conv.channels);
            for channel in (0..conv.channels).step_by(S::LANES) {
                // The last vector of a pixel may contain values of the next one. They land in the places that
                // fill up the channels, which nothing reads.
                let pixels = &self.band.padded[corner + channel..];
                assert!(
                    5 * (row + conv.channels) + S::LANES <= pixels.len(),
                    "a tile lies in the padded image"
                );
                let mut tile_lines = [[simd.splat_f32s(0.0); SIDE]; SIDE];
                for (y, line) in tile_lines.iter_mut().enumerate() {
                    for (x, value) in line.iter_mut().enumerate() {
                        // SAFETY: the last vector of the tile's last pixel was checked above.
                        *value = unsafe { simd.load(pixels.as_ptr().add(y * row + x * conv.channels)) };
                    }
                    *line = pixels_at_points(simd, *line);
                }
                for x in 0..SIDE {
                    let column = pixels_at_points(simd, column(&tile_lines, x));
                    for (y, value) in column.into_iter().enumerate() {
                        let to = (y * SIDE + x) * point + tile * channels + channel;
                        // SAFETY: the last vector of the last point was checked above.
                        unsafe { simd.store(self.pixels.as_mut_ptr().add(to), value) };
                    }
                }
            }
        }
    }

    /// Multiplies tiles with filters at each point.
    #[inline(always)]
    fn multiply<S: Vector>(&mut self, simd: S, filters: &[f32], tiles: usize) {
        let channels = self.conv.channels;
        let pixel = channels.next_multiple_of(S::LANES);
        let block = WIDE * S::LANES;
        let walk =
            Walk { repeats: 1, segments: 1, steps: channels, a_step: 1, b_step: block, ..Walk::default() };
        for point in 0..POINTS {
            let pixels = &self.pixels[point * tiles * pixel..][..tiles * pixel];
            let filters = &filters[point * channels * block..][..channels * block];
            let products = &mut self.products[point * tiles * block..][..tiles * block];
            let start = |tile| tile * pixel;
            tile::sum_rows(simd, tiles, start, &walk, [pixels, filters], &mut StoreBlocks(products));
        }
    }

    /// Turns the products of one of `tiles` tiles back into outputs, and writes the results of its windows.
    /// `corner` says where the tile stands: in which row of tiles, and in which column.
    #[inline(always)]
    fn finish<S: Vector, const SIZE: usize>(
        &mut self,
        simd: S,
        block: usize,
        tiles: usize,
        tile: usize,
        corner: [usize; 2],
    ) {
        let shape = self.band.shape;
        let filters = shape.conv.filters;
        let width = WIDE * S::LANES;
        let used = width.min(filters - block * width);
        let bias = &self.band.bias[block * width..][..used];
        let both = needs_smallest(shape.activation);
        let grid = self.outputs::<S, SIZE>(simd, tiles, tile);
        let [rows, columns] = [self.band.rows(), shape.width()];
        let windows = SIZE / 2;
        for window in 0..windows * windows {
            let (top, left) = (window / windows, window % windows);
            let (y, x) = (corner[0] * windows + top, corner[1] * windows + left);
            if y >= rows || x >= columns {
                continue;
            }
            let mut extremes = [[[simd.splat_f32s(0.0); 2]; WIDE]; 2];
            for half in 0..WIDE {
                let [above, below] = [&grid[half][2 * top], &grid[half][2 * top + 1]];
                let values = [above[2 * left], above[2 * left + 1], below[2 * left], below[2 * left + 1]];
                extremes[0][half] = extreme::<S, true>(simd, values);
                if both {
                    extremes[1][half] = extreme::<S, false>(simd, values);
                }
            }
            let at = (y * columns + x) * filters + block * width;
            self.band.put(simd, at, &extremes, bias);
        }
    }

    /// The outputs of one tile, too large by [`SCALE`].
    #[inline(always)]
    fn outputs<S: Vector, const SIZE: usize>(
        &self,
        simd: S,
        tiles: usize,
        tile: usize,
    ) -> [[[S::f32s; SIZE]; SIZE]; WIDE] {
        let width = WIDE * S::LANES;
        assert!(tile < tiles && POINTS * tiles * width <= self.products.len(), "the products of every point");
        let mut grid = [[[simd.splat_f32s(0.0); SIZE]; SIZE]; WIDE];
        for (half, grid) in grid.iter_mut().enumerate() {
            let mut lines = [[simd.splat_f32s(0.0); SIDE]; SIZE];
            for x in 0..SIDE {
                let mut column = [simd.splat_f32s(0.0); SIDE];
                for (y, value) in column.iter_mut().enumerate() {
                    let at = ((y * SIDE + x) * tiles + tile) * width + half * S::LANES;
                    // SAFETY: points and tiles are in range, see the assertion.
                    *value = unsafe { simd.load(self.products.as_ptr().add(at)) };
                }
                let column = outputs::<S, SIZE>(simd, column);
                for (line, value) in lines.iter_mut().zip(column) {
                    line[x] = value;
                }
            }
            for (row, line) in grid.iter_mut().zip(lines) {
                *row = outputs::<S, SIZE>(simd, line);
            }
        }
        grid
    }
}

/// The largest (with `LARGEST`) or the smallest of a window's four outputs, divided by [`SCALE`], and its place.
#[inline(always)]
fn extreme<S: Vector, const LARGEST: bool>(simd: S, values: [S::f32s; 4]) -> Placed<S> {
    let mut best = [values[0], simd.splat_f32s(0.0)];
    for place in 1..4 {
        let candidate = [values[place], simd.splat_f32s(place as f32)];
        best = better::<S, LARGEST>(simd, best, candidate);
    }
    [simd.div_f32s(best[0], simd.splat_f32s(SCALE)), best[1]]
}
