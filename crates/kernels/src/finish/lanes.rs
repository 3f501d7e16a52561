//! Vectors of the channels of four neighbouring pixels, loaded from and stored to channels-last values.

use crate::simd::vector::Vector;

/// How many pixels are computed beside each other, so that none waits for the result of the one before it. Sums
/// over pixels have as many partial sums, on every level.
pub(crate) const PIXELS: usize = 4;

/// A vector for each of four pixels.
pub(crate) type Pixels<S> = [<S as pulp::Simd>::f32s; PIXELS];

/// The channels that a vector holds.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    pub first: usize,
    /// How many channels exist. The vector's other lanes only fill it up.
    pub lanes: usize,
}

/// The blocks of so many channels.
#[inline(always)]
pub(crate) fn blocks<S: Vector>(channels: usize) -> impl Iterator<Item = Block> {
    let firsts = (0..channels).step_by(S::LANES);
    firsts.map(move |first| Block { first, lanes: S::LANES.min(channels - first) })
}

/// Up to four pixels, and those of their channels that fit into a vector.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Where the first pixel's first value lies.
    pub at: usize,
    /// How many pixels there are.
    pub pixels: usize,
    /// How many channels of a vector exist.
    pub lanes: usize,
    /// Values from one pixel to the next.
    pub channels: usize,
}

impl Place {
    /// A block of the pixels from `pixel` on, among `pixels` pixels of so many channels.
    #[inline(always)]
    pub(crate) fn new(pixel: usize, pixels: usize, channels: usize, block: Block) -> Self {
        let at = pixel * channels + block.first;
        Self { at, pixels: PIXELS.min(pixels - pixel), lanes: block.lanes, channels }
    }

    /// Loads the pixels. Those that do not exist, and channels that do not, are zero.
    #[inline(always)]
    pub(crate) fn load<S: Vector>(self, simd: S, values: &[f32]) -> Pixels<S> {
        let mut pixels = [simd.splat_f32s(0.0); PIXELS];
        if self.pixels == PIXELS && self.lanes == S::LANES {
            let values = &values[self.at..self.at + (PIXELS - 1) * self.channels + S::LANES];
            for i in 0..PIXELS {
                // SAFETY: the last pixel's vector ends where the slice does.
                pixels[i] = unsafe { simd.load(values.as_ptr().add(i * self.channels)) };
            }
        } else {
            for i in 0..self.pixels.min(PIXELS) {
                pixels[i] = part(simd, &values[self.at + i * self.channels..][..self.lanes]);
            }
        }
        pixels
    }

    /// Stores the pixels and channels that exist.
    #[inline(always)]
    pub(crate) fn store<S: Vector>(self, simd: S, values: &mut [f32], pixels: &Pixels<S>) {
        if self.pixels == PIXELS && self.lanes == S::LANES {
            let values = &mut values[self.at..self.at + (PIXELS - 1) * self.channels + S::LANES];
            for i in 0..PIXELS {
                // SAFETY: the last pixel's vector ends where the slice does.
                unsafe { simd.store(values.as_mut_ptr().add(i * self.channels), pixels[i]) };
            }
        } else {
            for i in 0..self.pixels.min(PIXELS) {
                let target = &mut values[self.at + i * self.channels..][..self.lanes];
                target.copy_from_slice(&lanes_of(simd, pixels[i])[..self.lanes]);
            }
        }
    }
}

/// A block of `values` `[channels]`. Channels that do not exist are zero.
#[inline(always)]
pub(crate) fn load_block<S: Vector>(simd: S, values: &[f32], block: Block) -> S::f32s {
    part(simd, &values[block.first..block.first + block.lanes])
}

/// A vector that begins with these values and goes on with zeros.
#[inline(always)]
fn part<S: Vector>(simd: S, values: &[f32]) -> S::f32s {
    if values.len() == S::LANES {
        // SAFETY: there are as many values as the vector has lanes.
        return unsafe { simd.load(values.as_ptr()) };
    }
    let mut lanes = [0.0; 16];
    lanes[..values.len()].copy_from_slice(values);
    // SAFETY: no vector is longer than 16 lanes.
    unsafe { simd.load(lanes.as_ptr()) }
}

/// The lanes of a vector.
#[inline(always)]
pub(crate) fn lanes_of<S: Vector>(simd: S, vector: S::f32s) -> [f32; 16] {
    let mut lanes = [0.0; 16];
    // SAFETY: no vector is longer than 16 lanes.
    unsafe { simd.store(lanes.as_mut_ptr(), vector) };
    lanes
}

/// The partial sums of four pixels, added in a fixed order.
#[inline(always)]
pub(crate) fn total<S: Vector>(simd: S, sums: Pixels<S>) -> S::f32s {
    simd.add_f32s(simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], sums[3]))
}
