//! The sum of squares, from which the gradients' norm is computed.

use crate::optimizer::PIECE;
use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;

/// How many sums a piece has side by side, at least as many as the widest vector has lanes.
const SUMS: usize = 16;

/// The sum of the values' squares.
///
/// The order of the additions depends on the number of values alone: each piece has 16 sums, which take its
/// values in turn, and the pieces are added one after the other. A square of an `f32` is exact in `f64`.
pub fn sum_of_squares(level: Level, values: &[f32]) -> f64 {
    if values.len() <= PIECE {
        return level.run(Piece(values));
    }
    let sums: Vec<f64> = values.par_chunks(PIECE).map(|piece| level.run(Piece(piece))).collect();
    sums.iter().sum()
}

struct Piece<'a>(&'a [f32]);

impl Kernel for Piece<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Vector>(self, _simd: S) -> f64 {
        let mut sums = [0.0; SUMS];
        let mut rows = self.0.chunks_exact(SUMS);
        for row in &mut rows {
            for i in 0..SUMS {
                let value = f64::from(row[i]);
                sums[i] += value * value;
            }
        }
        for (sum, value) in sums.iter_mut().zip(rows.remainder()) {
            let value = f64::from(*value);
            *sum += value * value;
        }
        sums.iter().sum()
    }
}
