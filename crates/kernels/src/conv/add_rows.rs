//! Sums in memory, to which rows of values are added.

use crate::simd::tile::{Sink, WIDE};
use crate::simd::vector::{Kernel, Vector};

/// Adds each row of sums to a row of `out`.
pub(crate) struct AddRows<'a> {
    /// The place of the first row's block, and all that follows.
    pub out: &'a mut [f32],
    /// Values from one row to the next.
    pub row: usize,
}

impl<S: Vector> Sink<S> for AddRows<'_> {
    #[inline(always)]
    fn put(&mut self, simd: S, first: usize, sums: &[[S::f32s; WIDE]]) {
        for (i, sums) in sums.iter().enumerate() {
            let target = &mut self.out[(first + i) * self.row..][..WIDE * S::LANES];
            for (j, sum) in sums.iter().enumerate() {
                let target = target[j * S::LANES..].as_mut_ptr();
                // SAFETY: the target holds `WIDE` vectors.
                unsafe { simd.store(target, simd.add_f32s(simd.load(target), *sum)) };
            }
        }
    }
}

/// Adds the first values of `rows`, one row after the other, to sums.
pub(crate) struct AddUp<'a> {
    pub rows: &'a [f32],
    /// Values from one row to the next.
    pub row: usize,
    /// Whole vectors.
    pub sums: &'a mut [f32],
}

impl Kernel for AddUp<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        for (i, sums) in self.sums.chunks_exact_mut(S::LANES).enumerate() {
            // SAFETY: the chunk is a whole vector.
            let mut sum = unsafe { simd.load(sums.as_ptr()) };
            for row in self.rows.chunks_exact(self.row) {
                let values = &row[i * S::LANES..][..S::LANES];
                // SAFETY: the values are a whole vector.
                sum = simd.add_f32s(sum, unsafe { simd.load(values.as_ptr()) });
            }
            // SAFETY: as for the load.
            unsafe { simd.store(sums.as_mut_ptr(), sum) };
        }
    }
}
