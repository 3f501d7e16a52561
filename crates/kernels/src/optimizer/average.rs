//! Averages of weights over the steps of training.

use crate::optimizer::PIECE;
use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;

/// Moves each value of `averages` towards that of `values` by `share` of the distance between them.
///
/// # Panics
/// If the lengths differ.
pub fn average(level: Level, share: f32, values: &[f32], averages: &mut [f32]) {
    assert_eq!(values.len(), averages.len(), "each average has a value");
    if values.len() <= PIECE {
        level.run(Piece { share, values, averages });
        return;
    }
    let pieces = averages.par_chunks_mut(PIECE).zip(values.par_chunks(PIECE));
    pieces.for_each(|(averages, values)| level.run(Piece { share, values, averages }));
}

struct Piece<'a> {
    share: f32,
    values: &'a [f32],
    averages: &'a mut [f32],
}

impl Kernel for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, _simd: S) {
        for (average, value) in self.averages.iter_mut().zip(self.values) {
            *average += (value - *average) * self.share;
        }
    }
}
