//! 5x5 convolution with 2x2 max-pooling by Winograd's minimal filtering, F(2x2, 5x5).
//!
//! After Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), images and filters are
//! turned into their values at points, where a convolution is a product. A tile of 6x6 pixels gives 2x2
//! outputs, which are one pooling window, and takes 36 products a channel instead of 100. The points are 0,
//! 1, -1, 2, -2 and infinity, as in F(4x4, 3x3).
//!
//! Filters are transformed without fractions, which makes them 24 times too large in each direction, and the
//! outputs are divided at the end. So whole numbers stay exact.

use rayon::prelude::*;

use crate::pool::window::{Band, larger};
use crate::simd::level::Level;
use crate::simd::store::StoreBlocks;
use crate::simd::tile::{self, WIDE, Walk};
use crate::simd::vector::{Kernel, Vector};
use crate::winograd::points::{POINTS, SCALE, SIDE, column, outputs, pixels_at_points, taps_at_points};

/// Taps along the side of a filter.
const TAPS: usize = 5;
/// How many tiles are computed at a time: their pixels and products have to stay in the second-level cache.
const TILES: usize = 64;

/// From how many images on it pays to transform filters that are used once.
pub(crate) const FEWEST_IMAGES: usize = 4;
/// From how many channels on the products outweigh the transforms.
pub(crate) const FEWEST_CHANNELS: usize = 8;

/// How many values all transformed filters have: `[block, point, channel, filters of the block]`.
pub(crate) fn packed_len(level: Level, channels: usize, filters: usize) -> usize {
    let block = WIDE * level.lanes();
    filters.div_ceil(block) * block * POINTS * channels
}

/// Transforms `weight` `[filters, channels, 5, 5]` into `packed`.
pub(crate) fn pack(level: Level, channels: usize, filters: usize, weight: &[f32], packed: &mut [f32]) {
    let block = WIDE * level.lanes();
    packed.par_chunks_exact_mut(POINTS * channels * block).enumerate().for_each(|(i, packed)| {
        level.run(Transform { channels, first: i * block, filters, weight, packed });
    });
}

/// Transforms one block of filters.
struct Transform<'a> {
    channels: usize,
    first: usize,
    filters: usize,
    weight: &'a [f32],
    packed: &'a mut [f32],
}

impl Kernel for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let block = WIDE * S::LANES;
        let used = block.min(self.filters - self.first);
        for channel in 0..self.channels {
            let mut taps = [[0.0; 16 * WIDE]; TAPS * TAPS];
            for filter in 0..used {
                let at = ((self.first + filter) * self.channels + channel) * TAPS * TAPS;
                for (lanes, value) in taps.iter_mut().zip(&self.weight[at..][..TAPS * TAPS]) {
                    lanes[filter] = *value;
                }
            }
            for half in 0..WIDE {
                let mut vectors = [simd.splat_f32s(0.0); TAPS * TAPS];
                for (vector, lanes) in vectors.iter_mut().zip(&taps) {
                    // SAFETY: a row of `taps` has room for `WIDE` vectors of 16 lanes, the longest there are.
                    *vector = unsafe { simd.load(lanes.as_ptr().add(half * S::LANES)) };
                }
                let mut rows = [[simd.splat_f32s(0.0); SIDE]; TAPS];
                for (row, taps) in rows.iter_mut().zip(vectors.as_chunks().0) {
                    *row = taps_at_points::<S, TAPS>(simd, taps);
                }
                for x in 0..SIDE {
                    let column = taps_at_points(simd, &column(&rows, x));
                    for (y, value) in column.into_iter().enumerate() {
                        let at = ((y * SIDE + x) * self.channels + channel) * block + half * S::LANES;
                        let target = &mut self.packed[at..][..S::LANES];
                        // SAFETY: the target holds one vector.
                        unsafe { simd.store(target.as_mut_ptr(), value) };
                    }
                }
            }
        }
    }
}

/// How many values a band of `rows` pooled rows, `columns` wide, needs for the pixels at the points and for
/// the products.
pub(crate) fn scratch_len(level: Level, channels: usize, rows: usize, columns: usize) -> [usize; 2] {
    let tiles = rows_at_a_time(columns).min(rows) * columns;
    let lanes = level.lanes();
    [POINTS * tiles * channels.next_multiple_of(lanes), POINTS * tiles * WIDE * lanes]
}

/// How many pooled rows are computed at a time.
fn rows_at_a_time(columns: usize) -> usize {
    (TILES / columns).max(1)
}

/// Computes a band by Winograd's filtering.
pub(crate) struct WinogradBand<'a> {
    pub band: Band<'a>,
    /// `[point, tile, channel]`, with the channels filled up to whole vectors
    pub pixels: &'a mut [f32],
    /// `[point, tile, filters of a block]`
    pub products: &'a mut [f32],
}

impl Kernel for WinogradBand<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(mut self, simd: S) {
        let columns = self.band.shape.width();
        let rows = self.band.values.len() / (columns * self.band.shape.conv.filters);
        for first in (0..rows).step_by(rows_at_a_time(columns)) {
            let count = rows_at_a_time(columns).min(rows - first);
            self.transform(simd, first, count * columns);
            let block_len = POINTS * self.band.shape.conv.channels * WIDE * S::LANES;
            for (block, filters) in self.band.packed.chunks_exact(block_len).enumerate() {
                self.multiply(simd, filters, count * columns);
                self.finish(simd, block, first, count * columns);
            }
        }
    }
}

impl WinogradBand<'_> {
    /// Turns the tiles of the pooled rows from `first` on into their values at the points.
    #[inline(always)]
    fn transform<S: Vector>(&mut self, simd: S, first: usize, tiles: usize) {
        let conv = &self.band.shape.conv;
        let (columns, row) = (self.band.shape.width(), conv.padded_row());
        let channels = conv.channels.next_multiple_of(S::LANES);
        let point = tiles * channels;
        assert!(POINTS * point <= self.pixels.len(), "every point has room for its tiles");
        for tile in 0..tiles {
            let (y, x) = (first + tile / columns, tile % columns);
            let corner = 2 * (y * row + x * conv.channels);
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
        let channels = self.band.shape.conv.channels;
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

    /// Turns the products back into windows of 2x2 outputs, and keeps the maximum of each window.
    #[inline(always)]
    fn finish<S: Vector>(&mut self, simd: S, block: usize, first: usize, tiles: usize) {
        let shape = self.band.shape;
        let filters = shape.conv.filters;
        let width = WIDE * S::LANES;
        let used = width.min(filters - block * width);
        let bias = &self.band.bias[block * width..][..used];
        assert!(POINTS * tiles * width <= self.products.len(), "the products of every point");
        for tile in 0..tiles {
            let mut maximum = [[simd.splat_f32s(0.0); WIDE]; 2];
            for half in 0..WIDE {
                let mut lines = [[simd.splat_f32s(0.0); SIDE]; 2];
                for x in 0..SIDE {
                    let mut column = [simd.splat_f32s(0.0); SIDE];
                    for (y, value) in column.iter_mut().enumerate() {
                        let at = ((y * SIDE + x) * tiles + tile) * width + half * S::LANES;
                        // SAFETY: points and tiles are in range, see the assertion.
                        *value = unsafe { simd.load(self.products.as_ptr().add(at)) };
                    }
                    [lines[0][x], lines[1][x]] = outputs::<S, 2>(simd, column);
                }
                let [a, b] = outputs::<S, 2>(simd, lines[0]);
                let [c, d] = outputs::<S, 2>(simd, lines[1]);
                let mut best = [a, simd.splat_f32s(0.0)];
                for (place, value) in [(1.0, b), (2.0, c), (3.0, d)] {
                    best = larger(simd, best, [value, simd.splat_f32s(place)]);
                }
                maximum[0][half] = simd.div_f32s(best[0], simd.splat_f32s(SCALE));
                maximum[1][half] = best[1];
            }
            let at = (first * shape.width() + tile) * filters + block * width;
            self.band.put(simd, at, maximum, bias);
        }
    }
}
