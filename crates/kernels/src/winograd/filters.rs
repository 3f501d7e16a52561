//! Filters at the points, in the order in which the products read them.

use crate::conv::shape::ConvShape;
use crate::simd::level::Level;
use crate::simd::tile::WIDE;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;
use crate::winograd::points::{POINTS, SIDE, column, taps_at_points};

/// In which order the filters of a convolution are packed: `[block, point, inner, outputs of the block]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FilterOrder {
    /// What stands side by side in blocks: filters forward, channels backward.
    pub outputs: usize,
    /// What a product sums over: channels forward, filters backward.
    pub inner: usize,
    /// How many pairs of a filter and a channel lie from one output to the next in the weights, and from one inner
    /// index to the next.
    steps: [usize; 2],
    block: usize,
}

impl FilterOrder {
    pub(crate) fn forward(level: Level, conv: &ConvShape) -> Self {
        let block = WIDE * level.lanes();
        Self { outputs: conv.filters, inner: conv.channels, steps: [conv.channels, 1], block }
    }

    pub(crate) fn backward(level: Level, conv: &ConvShape) -> Self {
        let block = WIDE * level.lanes();
        Self { outputs: conv.channels, inner: conv.filters, steps: [1, conv.channels], block }
    }

    fn block_len(&self) -> usize {
        POINTS * self.inner * self.block
    }

    /// Values of all packed filters.
    pub(crate) fn len(&self) -> usize {
        self.outputs.div_ceil(self.block) * self.block_len()
    }

    /// The filters of a block at a point: `[inner, outputs of the block]`.
    #[inline(always)]
    pub(crate) fn at<'a>(&self, packed: &'a [f32], block: usize, point: usize) -> &'a [f32] {
        let len = self.inner * self.block;
        &packed[(block * POINTS + point) * len..][..len]
    }

    /// Transforms `weight` `[filters, channels, kernel, kernel]`, whose kernels are 3x3 or 5x5, into `packed`.
    pub(crate) fn pack(&self, level: Level, kernel: usize, weight: &[f32], packed: &mut [f32]) {
        packed.par_chunks_exact_mut(self.block_len()).enumerate().for_each(|(i, packed)| {
            let (order, first) = (self, i * self.block);
            match kernel {
                3 => level.run(Transform::<3> { order, first, weight, packed }),
                5 => level.run(Transform::<5> { order, first, weight, packed }),
                taps => unreachable!("Winograd's filtering takes no filters of {taps} taps"),
            }
        });
    }
}

/// Transforms one block of filters.
struct Transform<'a, const TAPS: usize> {
    order: &'a FilterOrder,
    /// The first output of the block.
    first: usize,
    weight: &'a [f32],
    packed: &'a mut [f32],
}

impl<const TAPS: usize> Kernel for Transform<'_, TAPS> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let FilterOrder { outputs, inner, steps, block } = *self.order;
        assert!(self.packed.len() >= POINTS * inner * WIDE * S::LANES, "a place for each filter");
        let used = block.min(outputs - self.first);
        let mut lanes = [[[0.0; 16 * WIDE]; TAPS]; TAPS];
        for i in 0..inner {
            for output in 0..used {
                let filter = (self.first + output) * steps[0] + i * steps[1];
                let taps = &self.weight[filter * TAPS * TAPS..][..TAPS * TAPS];
                for (lanes, taps) in lanes.iter_mut().zip(taps.chunks_exact(TAPS)) {
                    for (lanes, tap) in lanes.iter_mut().zip(taps) {
                        lanes[output] = *tap;
                    }
                }
            }
            for half in 0..WIDE {
                let mut rows = [[simd.splat_f32s(0.0); SIDE]; TAPS];
                for (row, lanes) in rows.iter_mut().zip(&lanes) {
                    let mut taps = [simd.splat_f32s(0.0); TAPS];
                    for (tap, lanes) in taps.iter_mut().zip(lanes) {
                        // SAFETY: there is room for `WIDE` vectors of 16 lanes, the longest there are.
                        *tap = unsafe { simd.load(lanes.as_ptr().add(half * S::LANES)) };
                    }
                    *row = taps_at_points(simd, &taps);
                }
                for x in 0..SIDE {
                    for (y, value) in taps_at_points(simd, &column(&rows, x)).into_iter().enumerate() {
                        let to = (((y * SIDE + x) * inner + i) * WIDE + half) * S::LANES;
                        // SAFETY: the length was checked above.
                        unsafe { simd.store(self.packed.as_mut_ptr().add(to), value) };
                    }
                }
            }
        }
    }
}
