//! Sums of the products of images and gradients, and the gradient of the filters that they are turned into.

use crate::conv::add_rows::AddRows;
use crate::conv::shape::ConvShape;
use crate::simd::level::Level;
use crate::simd::tile::{self, WIDE, Walk};
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;
use crate::winograd::lanes::unscaled;
use crate::winograd::points::{POINTS, SIDE, column, outputs};
use crate::winograd::tiles::PointRows;

/// The factors that a transformed filter has at each point along one axis.
const FACTORS: [f32; SIDE] = [6.0, -4.0, -4.0, 1.0, 1.0, 24.0];

/// The sizes of the sums of one piece of a batch: `[point, block, channel, filter of the block]`, then biases
/// `[filter]`, with the filters filled up to whole blocks. They lie in the order in which they are computed, because the
/// processor fetches in advance what is read in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PointSums {
    channels: usize,
    block: usize,
    /// Filters, filled up.
    filters: usize,
}

impl PointSums {
    pub(crate) fn new(level: Level, conv: &ConvShape) -> Self {
        let block = WIDE * level.lanes();
        Self { channels: conv.channels, block, filters: conv.filters.next_multiple_of(block) }
    }

    /// Values of a piece.
    pub(crate) fn len(&self) -> usize {
        (POINTS * self.channels + 1) * self.filters
    }

    /// The sums of the weights and those of the biases of a piece.
    pub(crate) fn split<'a>(&self, piece: &'a mut [f32]) -> [&'a mut [f32]; 2] {
        piece.split_at_mut(POINTS * self.channels * self.filters).into()
    }

    /// Turns sums into the gradient of `weight` `[filters, channels, kernel, kernel]`.
    pub(crate) fn finish(&self, level: Level, conv: &ConvShape, sums: &[f32], weight: &mut [f32]) {
        let lanes = level.lanes();
        weight.par_chunks_mut(lanes * conv.filter_len()).enumerate().for_each(|(i, weight)| {
            let (sizes, first) = (self, i * lanes);
            match conv.kernel {
                3 => level.run(Finish::<3> { sizes, first, sums, weight }),
                _ => level.run(Finish::<5> { sizes, first, sums, weight }),
            }
        });
    }
}

/// Adds the products of some tiles.
pub(crate) struct AddProducts<'a> {
    pub sizes: &'a PointSums,
    /// How many tiles there are.
    pub tiles: usize,
    pub image_rows: PointRows,
    /// `[point, tile, channel]`, see `image_rows`
    pub images: &'a [f32],
    pub upstream_rows: PointRows,
    /// `[point, tile, filter]`, see `upstream_rows`
    pub upstream: &'a [f32],
    /// `[point, block, channel, filter of the block]`
    pub sums: &'a mut [f32],
}

impl Kernel for AddProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let PointSums { channels, block, filters } = *self.sizes;
        assert_eq!(block, WIDE * S::LANES, "the sizes are those of this level");
        let walk = Walk {
            repeats: 1,
            segments: 1,
            steps: self.tiles,
            a_step: self.image_rows.row,
            b_step: self.upstream_rows.row,
            ..Walk::default()
        };
        let mut sums = self.sums.chunks_exact_mut(channels * block);
        for point in 0..POINTS {
            let images = &self.images[point * self.image_rows.point..];
            let upstream = &self.upstream[point * self.upstream_rows.point..];
            for (first, out) in (0..filters).step_by(block).zip(&mut sums) {
                let mut add = AddRows { out, row: block };
                tile::sum_rows(simd, channels, |c| c, &walk, [images, &upstream[first..]], &mut add);
            }
        }
    }
}

/// Turns the sums of one vector of filters into their gradients.
struct Finish<'a, const TAPS: usize> {
    sizes: &'a PointSums,
    /// The first filter.
    first: usize,
    /// `[point, block, channel, filter of the block]`
    sums: &'a [f32],
    /// `[these filters, channels, kernel, kernel]`
    weight: &'a mut [f32],
}

impl<const TAPS: usize> Kernel for Finish<'_, TAPS> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let PointSums { channels, block, filters } = *self.sizes;
        let (point, first) = (channels * filters, self.first / block * block * channels + self.first % block);
        assert!(POINTS * point <= self.sums.len(), "a sum at each point");
        assert!(self.first + S::LANES <= filters && block.is_multiple_of(S::LANES), "a vector of filters");
        let mut lanes = [[[0.0; 16]; TAPS]; TAPS];
        for channel in 0..channels {
            let mut points = [[simd.splat_f32s(0.0); SIDE]; SIDE];
            for y in 0..SIDE {
                for x in 0..SIDE {
                    let at = (y * SIDE + x) * point + channel * block + first;
                    // SAFETY: the vector lies in a block, and the last block of the last point was checked above.
                    let sum = unsafe { simd.load(self.sums.as_ptr().add(at)) };
                    points[y][x] = simd.mul_f32s(sum, simd.splat_f32s(FACTORS[y] * FACTORS[x]));
                }
            }
            let mut columns = [[simd.splat_f32s(0.0); TAPS]; SIDE];
            for x in 0..SIDE {
                columns[x] = outputs::<S, TAPS>(simd, column(&points, x));
            }
            for (y, lanes) in lanes.iter_mut().enumerate() {
                let mut line = [simd.splat_f32s(0.0); SIDE];
                for x in 0..SIDE {
                    line[x] = columns[x][y];
                }
                for (lanes, value) in lanes.iter_mut().zip(outputs::<S, TAPS>(simd, line)) {
                    // SAFETY: no vector is longer than 16 lanes.
                    unsafe { simd.store(lanes.as_mut_ptr(), unscaled(simd, value)) };
                }
            }
            for (lane, filter) in self.weight.chunks_exact_mut(channels * TAPS * TAPS).enumerate() {
                let taps = filter[channel * TAPS * TAPS..].iter_mut();
                for (tap, lanes) in taps.zip(lanes.as_flattened()) {
                    *tap = lanes[lane];
                }
            }
        }
    }
}
