//! Writing vectors to slices that may end in the middle of one.

use crate::simd::tile::{Sink, WIDE};
use crate::simd::vector::Vector;

/// Writes `WIDE` vectors side by side, or as many of their lanes as `target` has room for.
#[inline(always)]
pub(crate) fn write<S: Vector>(simd: S, target: &mut [f32], vectors: &[S::f32s; WIDE]) {
    let mut whole = [[0.0; 16]; WIDE];
    let is_whole = target.len() == WIDE * S::LANES;
    for (i, (vector, spare)) in vectors.iter().zip(&mut whole).enumerate() {
        let to = if is_whole { target[i * S::LANES..].as_mut_ptr() } else { spare.as_mut_ptr() };
        // SAFETY: a whole target has room for each vector, and no vector is longer than 16 lanes.
        unsafe { simd.store(to, *vector) };
    }
    if !is_whole {
        let lanes = whole.iter().flat_map(|spare| &spare[..S::LANES]);
        for (value, lane) in target.iter_mut().zip(lanes) {
            *value = *lane;
        }
    }
}

/// Writes lanes that hold whole numbers up to 255 as bytes.
#[inline(always)]
pub(crate) fn write_bytes<S: Vector>(simd: S, target: &mut [u8], vectors: &[S::f32s; WIDE]) {
    let mut lanes = [0.0; 16 * WIDE];
    for (i, vector) in vectors.iter().enumerate() {
        // SAFETY: `lanes` has room for `WIDE` vectors of 16 lanes, the longest there are.
        unsafe { simd.store(lanes.as_mut_ptr().add(i * S::LANES), *vector) };
    }
    for (byte, lane) in target.iter_mut().zip(lanes) {
        *byte = lane as u8;
    }
}

/// Writes each row's sums, plus a bias, to the row's place.
pub(crate) struct StoreRows<'a, P> {
    pub out: &'a mut [f32],
    /// Where in `out` each row goes.
    pub place: P,
    /// How many columns of the block exist. The others only fill it up.
    pub used: usize,
    pub bias: Option<&'a [f32]>,
}

impl<S: Vector, P: Fn(usize) -> usize> Sink<S> for StoreRows<'_, P> {
    #[inline(always)]
    fn put(&mut self, simd: S, first: usize, sums: &[[S::f32s; WIDE]]) {
        let whole = self.bias.filter(|bias| bias.len() == WIDE * S::LANES);
        for (i, sums) in sums.iter().enumerate() {
            let target = &mut self.out[(self.place)(first + i)..][..self.used];
            let Some(bias) = whole else {
                write(simd, target, sums);
                for (value, bias) in target.iter_mut().zip(self.bias.unwrap_or(&[])) {
                    *value += bias;
                }
                continue;
            };
            let mut sums = *sums;
            for (j, sum) in sums.iter_mut().enumerate() {
                // SAFETY: the bias is as long as `WIDE` vectors.
                *sum = simd.add_f32s(*sum, unsafe { simd.load(bias.as_ptr().add(j * S::LANES)) });
            }
            write(simd, target, &sums);
        }
    }
}

/// Writes the sums of all rows one after the other, each a whole block.
pub(crate) struct StoreBlocks<'a>(pub &'a mut [f32]);

impl<S: Vector> Sink<S> for StoreBlocks<'_> {
    #[inline(always)]
    fn put(&mut self, simd: S, first: usize, sums: &[[S::f32s; WIDE]]) {
        let block = WIDE * S::LANES;
        for (target, sums) in self.0[first * block..].chunks_exact_mut(block).zip(sums) {
            write(simd, target, sums);
        }
    }
}
