//! The sum of two gradients of the same tensor.

use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;

/// How many values a thread takes at a time.
const PIECE: usize = 1 << 15;

/// Adds `values` to `sums`.
///
/// # Panics
/// If one is longer than the other.
pub fn add(level: Level, sums: &mut [f32], values: &[f32]) {
    assert_eq!(sums.len(), values.len(), "as many values as sums");
    let pieces = sums.par_chunks_mut(PIECE).zip(values.par_chunks(PIECE));
    pieces.for_each(|(sums, values)| level.run(Add(sums, values)));
}

struct Add<'a>(&'a mut [f32], &'a [f32]);

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, _simd: S) {
        for (sum, value) in self.0.iter_mut().zip(self.1) {
            *sum += value;
        }
    }
}
