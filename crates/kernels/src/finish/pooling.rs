//! Pooling of one row of windows, and the way of its gradient back.

use crate::finish::lanes::{Block, PIXELS, Place, blocks};
use crate::finish::shape::{FinishShape, PoolKind, Pooling};
use crate::simd::vector::Vector;

/// Adding this to a whole number below 2^23 puts the number into the lowest bits of the sum.
const TO_BITS: f32 = (1u32 << 23) as f32;

/// One row of windows.
#[derive(Clone, Copy)]
pub(crate) struct WindowRow {
    pooling: Pooling,
    /// Pixels of a row of the feature maps.
    width: usize,
    /// Windows beside each other.
    windows: usize,
    channels: usize,
}

impl WindowRow {
    pub(crate) fn new(shape: &FinishShape) -> Option<Self> {
        let (width, windows, channels) = (shape.width, shape.out_width(), shape.channels);
        shape.pooling.map(|pooling| Self { pooling, width, windows, channels })
    }

    /// How many pixels a window has.
    fn pixels(&self) -> usize {
        self.pooling.height * self.pooling.width
    }

    /// Where the first of four windows' pixels `k` lies, for the vector of channels from `first` on.
    #[inline(always)]
    fn inside(&self, window: usize, k: usize, block: Block) -> Place {
        let (row, column) = (k / self.pooling.width, k % self.pooling.width);
        Place {
            at: (row * self.width + window * self.pooling.width + column) * self.channels + block.first,
            channels: self.pooling.width * self.channels,
            ..self.outside(window, block)
        }
    }

    /// Where the first of four windows' results lies.
    #[inline(always)]
    fn outside(&self, window: usize, block: Block) -> Place {
        Place::new(window, self.windows, self.channels, block)
    }

    /// Pools the values of a row of windows. `places` gets, behind max-pooling, the place of each maximum in its
    /// window, counted in row order. The first of equal values is the maximum, and NaN is larger than all others.
    #[inline(always)]
    pub(crate) fn pool<S: Vector>(&self, simd: S, values: &[f32], out: &mut [f32], places: &mut [f32]) {
        let share = simd.splat_f32s(1.0 / self.pixels() as f32);
        for block in blocks::<S>(self.channels) {
            for window in (0..self.windows).step_by(PIXELS) {
                let to = self.outside(window, block);
                let mut best = self.inside(window, 0, block).load(simd, values);
                let mut place = [simd.splat_f32s(0.0); PIXELS];
                for k in 1..self.pixels() {
                    let value = self.inside(window, k, block).load(simd, values);
                    let number = simd.splat_f32s(k as f32);
                    for i in 0..PIXELS {
                        if self.pooling.kind == PoolKind::Average {
                            best[i] = simd.add_f32s(best[i], value[i]);
                            continue;
                        }
                        let not_above = simd.less_than_or_equal_f32s(value[i], best[i]);
                        let is_number = simd.equal_f32s(best[i], best[i]);
                        let takes = simd.and_m32s(simd.not_m32s(not_above), is_number);
                        best[i] = simd.select_f32s(takes, value[i], best[i]);
                        place[i] = simd.select_f32s(takes, number, place[i]);
                    }
                }
                if self.pooling.kind == PoolKind::Average {
                    for i in 0..PIXELS {
                        best[i] = simd.mul_f32s(best[i], share);
                    }
                } else if !places.is_empty() {
                    to.store(simd, places, &place);
                }
                to.store(simd, out, &best);
            }
        }
    }

    /// Writes the gradient of each value of a row of windows to `gradient`, from the gradient of the pooled values
    /// and the places of the maxima. `upstream` is empty if the rows fill no window.
    #[inline(always)]
    pub(crate) fn unpool<S: Vector>(&self, simd: S, upstream: &[f32], places: &[f32], gradient: &mut [f32]) {
        let is_covered = self.windows * self.pooling.width == self.width;
        if upstream.is_empty() || !is_covered {
            gradient.fill(0.0);
        }
        if upstream.is_empty() {
            return;
        }
        let (share, zero) = (simd.splat_f32s(1.0 / self.pixels() as f32), simd.splat_f32s(0.0));
        for block in blocks::<S>(self.channels) {
            for window in (0..self.windows).step_by(PIXELS) {
                let from = self.outside(window, block);
                let mut g = from.load(simd, upstream);
                if self.pooling.kind == PoolKind::Average {
                    for i in 0..PIXELS {
                        g[i] = simd.mul_f32s(g[i], share);
                    }
                    for k in 0..self.pixels() {
                        self.inside(window, k, block).store(simd, gradient, &g);
                    }
                    continue;
                }
                let place = from.load(simd, places);
                for k in 0..self.pixels() {
                    let number = simd.splat_f32s(k as f32);
                    let mut chosen = g;
                    for i in 0..PIXELS {
                        chosen[i] = simd.select_f32s(simd.equal_f32s(place[i], number), g[i], zero);
                    }
                    self.inside(window, k, block).store(simd, gradient, &chosen);
                }
            }
        }
    }
}

/// Writes places as bytes. They are whole numbers up to 255.
#[inline(always)]
pub(crate) fn to_bytes(places: &[f32], bytes: &mut [u8]) {
    for (byte, place) in bytes.iter_mut().zip(places) {
        *byte = (place + TO_BITS).to_bits() as u8;
    }
}

/// Reads places from bytes.
#[inline(always)]
pub(crate) fn from_bytes(bytes: &[u8], places: &mut [f32]) {
    for (place, byte) in places.iter_mut().zip(bytes) {
        *place = f32::from(*byte);
    }
}
