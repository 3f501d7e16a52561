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
            for chunk in self.rows.chunks() {
                let (filters, others) = packed.split_at(conv.filters * self.rows.chunk_len(chunk));
                packed = others;
                let at = ky * conv.padded_row() + chunk.first;
                let parts = chunk.parts;
                match chunk.vectors {
                    1 => self.add::<S, 1>(simd, filters, at, parts),
                    2 => self.add::<S, 2>(simd, filters, at, parts),
                    3 => self.add::<S, 3>(simd, filters, at, parts),
                    4 => self.add::<S, 4>(simd, filters, at, parts),
                    5 => self.add::<S, 5>(simd, filters, at, parts),
                    6 => self.add::<S, 6>(simd, filters, at, parts),
                    7 => self.add::<S, 7>(simd, filters, at, parts),
                    8 => self.add::<S, 8>(simd, filters, at, parts),
                    9 => self.add::<S, 9>(simd, filters, at, parts),
                    10 => self.add::<S, 10>(simd, filters, at, parts),
                    11 => self.add::<S, 11>(simd, filters, at, parts),
                    _ => self.add::<S, 12>(simd, filters, at, parts),
                }
            }
        }
    }
}

impl SparseInputGradient<'_> {
    /// Adds `parts` times `WIDTH` vectors of each filter, `at` values behind the beginning of each pixel's input.
    #[inline(always)]
    fn add<S: Vector, const WIDTH: usize>(&mut self, simd: S, filters: &[f32], at: usize, parts: usize) {
        let filter_count = self.shape.conv.filters;
        let (width, filter_len) = (WIDTH * S::LANES, parts * WIDTH * S::LANES);
        assert_eq!(filters.len(), filter_count * filter_len);
        let mut pixel = 0;
        let upstream = self.upstream.chunks_exact(filter_count);
        for (corner, upstream) in self.lists.corners().iter().zip(upstream) {
            for offset in self.lists.offsets(self.shape) {
                let passing = self.lists.of_pixel(pixel);
                pixel += 1;
                if passing.is_empty() {
                    continue;
                }
                let target = &mut self.input[(corner + offset) as usize + at..][..filter_len];
                for part in 0..parts {
                    let mut sums = [simd.splat_f32s(0.0); WIDTH];
                    for &filter in passing {
                        // SAFETY: the lists hold filters of this convolution, each of which has a gradient and
                        // `parts` times `WIDTH` vectors in `filters`; their lengths were asserted.
                        unsafe {
                            let gradient = simd.splat_f32s(*upstream.get_unchecked(filter as usize));
                            let filter = filters.as_ptr().add(filter as usize * filter_len + part * width);
                            for (i, sum) in sums.iter_mut().enumerate() {
                                *sum = simd.multiply_add(gradient, simd.load(filter.add(i * S::LANES)), *sum);
                            }
                        }
                    }
                    for (i, sum) in sums.iter().enumerate() {
                        let target = target[part * width + i * S::LANES..].as_mut_ptr();
                        // SAFETY: the target holds `parts` times `WIDTH` vectors.
                        unsafe { simd.store(target, simd.add_f32s(*sum, simd.load(target))) };
                    }
                }
            }
        }
    }
}
