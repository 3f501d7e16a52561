//! The gradient of the weights from the list of each filter's pixels that pass.

use crate::conv::shape::ConvShape;
use crate::pool::argmax_lists::ArgmaxLists;
use crate::pool::kernel_rows::KernelRows;
use crate::simd::vector::{Kernel, Vector};

/// Adds to each filter's gradient the inputs of its pixels that pass, times their gradients.
pub(crate) struct SparseWeightGradient<'a> {
    pub conv: &'a ConvShape,
    pub rows: KernelRows,
    pub lists: &'a ArgmaxLists<'a>,
    /// The padded image, with as many values behind it as fill up a kernel row.
    pub padded: &'a [f32],
    /// `[filters, kernel, padded row]`
    pub weight: &'a mut [f32],
    /// Whether the sums begin with these pixels. What `weight` holds then does not count.
    pub is_first: bool,
}

impl Kernel for SparseWeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let KernelRows { lanes, vectors, padded: row, .. } = self.rows;
        let (kernel, padded_row) = (self.conv.kernel, self.conv.padded_row());
        for (filter, weight) in self.weight.chunks_exact_mut(kernel * row).enumerate() {
            let passing = self.lists.of_filter(filter);
            let last = passing.0.iter().copied().max().unwrap_or(0) as usize;
            let (padded, is_first) = (self.padded, self.is_first);
            let mut sums = FilterSums { passing, last, padded, padded_row, weight, row, is_first };
            // Short rows are summed several at a time, because each addition waits for the one before it.
            match (kernel, vectors) {
                (5, 1) => sums.add::<S, 5, 1>(simd, 0, 0),
                (5, 2) => sums.add::<S, 5, 2>(simd, 0, 0),
                (3, 1) => sums.add::<S, 3, 1>(simd, 0, 0),
                (3, 2) => sums.add::<S, 3, 2>(simd, 0, 0),
                (3, 3) => sums.add::<S, 3, 3>(simd, 0, 0),
                (3, 4) => sums.add::<S, 3, 4>(simd, 0, 0),
                _ => {
                    for ky in 0..kernel {
                        for (first, count) in self.rows.groups() {
                            let at = first * lanes;
                            match count {
                                1 => sums.add::<S, 1, 1>(simd, ky, at),
                                2 => sums.add::<S, 1, 2>(simd, ky, at),
                                3 => sums.add::<S, 1, 3>(simd, ky, at),
                                4 => sums.add::<S, 1, 4>(simd, ky, at),
                                5 => sums.add::<S, 1, 5>(simd, ky, at),
                                6 => sums.add::<S, 1, 6>(simd, ky, at),
                                7 => sums.add::<S, 1, 7>(simd, ky, at),
                                8 => sums.add::<S, 1, 8>(simd, ky, at),
                                9 => sums.add::<S, 1, 9>(simd, ky, at),
                                10 => sums.add::<S, 1, 10>(simd, ky, at),
                                11 => sums.add::<S, 1, 11>(simd, ky, at),
                                _ => sums.add::<S, 1, 12>(simd, ky, at),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The sums of one filter, and the pixels that pass.
struct FilterSums<'a> {
    /// From [`ArgmaxLists::of_filter`].
    passing: (&'a [u32], &'a [f32]),
    /// The last place of `passing`.
    last: usize,
    padded: &'a [f32],
    padded_row: usize,
    weight: &'a mut [f32],
    row: usize,
    is_first: bool,
}

impl FilterSums<'_> {
    /// Adds to `WIDTH` vectors, from value `first` on, of `HEIGHT` kernel rows from `ky` on.
    #[inline(always)]
    fn add<S: Vector, const HEIGHT: usize, const WIDTH: usize>(&mut self, simd: S, ky: usize, first: usize) {
        let (places, gradients) = self.passing;
        let reach = (ky + HEIGHT - 1) * self.padded_row + first + WIDTH * S::LANES;
        assert!(self.last + reach <= self.padded.len(), "every input lies in the padded image");
        assert!((ky + HEIGHT - 1) * self.row + first + WIDTH * S::LANES <= self.weight.len());
        // SAFETY: the last input and the last vector of the sums were checked above.
        unsafe {
            let weight = self.weight.as_mut_ptr().add(ky * self.row + first);
            let padded = self.padded.as_ptr().add(ky * self.padded_row + first);
            let mut sums = [[simd.splat_f32s(0.0); WIDTH]; HEIGHT];
            if !self.is_first {
                for (y, sums) in sums.iter_mut().enumerate() {
                    for (x, sum) in sums.iter_mut().enumerate() {
                        *sum = simd.load(weight.add(y * self.row + x * S::LANES));
                    }
                }
            }
            for (&place, &gradient) in places.iter().zip(gradients) {
                let input = padded.add(place as usize);
                let gradient = simd.splat_f32s(gradient);
                for (y, sums) in sums.iter_mut().enumerate() {
                    for (x, sum) in sums.iter_mut().enumerate() {
                        let input = simd.load(input.add(y * self.padded_row + x * S::LANES));
                        *sum = simd.multiply_add(gradient, input, *sum);
                    }
                }
            }
            for (y, sums) in sums.iter().enumerate() {
                for (x, sum) in sums.iter().enumerate() {
                    simd.store(weight.add(y * self.row + x * S::LANES), *sum);
                }
            }
        }
    }
}
