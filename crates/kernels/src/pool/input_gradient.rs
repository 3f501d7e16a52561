//! The gradient of the input from the list of the filters that pass at each pixel.

use crate::pool::argmax_lists::ArgmaxLists;
use crate::pool::kernel_rows::KernelRows;
use crate::pool::shape::PoolShape;
use crate::simd::vector::{Kernel, Vector};

/// Adds, at each pixel of the convolution's output, the filters that pass there, times their gradients.
pub(crate) struct SparseInputGradient<'a> {
    pub shape: &'a PoolShape,
    pub rows: KernelRows,
    pub lists: &'a ArgmaxLists<'a>,
    /// `[pooled height, pooled width, filters]`
    pub upstream: &'a [f32],
    /// From [`KernelRows::pack`].
    pub packed: &'a [f32],
    /// The gradient of the padded image, with as many values behind it as fill up a kernel row.
    pub input: &'a mut [f32],
}

impl Kernel for SparseInputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(mut self, simd: S) {
        let conv = &self.shape.conv;
        let mut packed = self.packed;
        for ky in 0..conv.kernel {
            for (first, count) in self.rows.chunks() {
                let (filters, others) = packed.split_at(conv.filters * count * S::LANES);
                packed = others;
                let at = ky * conv.padded_row() + first * S::LANES;
                match count {
                    1 => self.add::<S, 1>(simd, filters, at),
                    2 => self.add::<S, 2>(simd, filters, at),
                    3 => self.add::<S, 3>(simd, filters, at),
                    4 => self.add::<S, 4>(simd, filters, at),
                    5 => self.add::<S, 5>(simd, filters, at),
                    6 => self.add::<S, 6>(simd, filters, at),
                    7 => self.add::<S, 7>(simd, filters, at),
                    8 => self.add::<S, 8>(simd, filters, at),
                    9 => self.add::<S, 9>(simd, filters, at),
                    10 => self.add::<S, 10>(simd, filters, at),
                    11 => self.add::<S, 11>(simd, filters, at),
                    _ => self.add::<S, 12>(simd, filters, at),
                }
            }
        }
    }
}

impl SparseInputGradient<'_> {
    /// Adds `WIDTH` vectors of each filter, `at` values behind the beginning of each pixel's input.
    #[inline(always)]
    fn add<S: Vector, const WIDTH: usize>(&mut self, simd: S, filters: &[f32], at: usize) {
        let filter_count = self.shape.conv.filters;
        let width = WIDTH * S::LANES;
        assert_eq!(filters.len(), filter_count * width);
        let mut pixel = 0;
        let upstream = self.upstream.chunks_exact(filter_count);
        for (corner, upstream) in self.lists.corners().iter().zip(upstream) {
            for offset in self.lists.offsets(self.shape) {
                let passing = self.lists.of_pixel(pixel);
                pixel += 1;
                if passing.is_empty() {
                    continue;
                }
                let target = &mut self.input[(corner + offset) as usize + at..][..width];
                let mut sums = [simd.splat_f32s(0.0); WIDTH];
                for &filter in passing {
                    // SAFETY: the lists hold filters of this convolution, each of which has a gradient and
                    // `WIDTH` vectors in `filters`; their lengths were asserted.
                    unsafe {
                        let gradient = simd.splat_f32s(*upstream.get_unchecked(filter as usize));
                        let filter = filters.as_ptr().add(filter as usize * width);
                        for (i, sum) in sums.iter_mut().enumerate() {
                            *sum = simd.multiply_add(gradient, simd.load(filter.add(i * S::LANES)), *sum);
                        }
                    }
                }
                for (i, sum) in sums.iter().enumerate() {
                    let target = target[i * S::LANES..].as_mut_ptr();
                    // SAFETY: the target holds `WIDTH` vectors.
                    unsafe { simd.store(target, simd.add_f32s(*sum, simd.load(target))) };
                }
            }
        }
    }
}
