//! The gradients of a convolution's weights and biases.

use rayon::prelude::*;

use crate::conv::partial_sums::PartialSums;
use crate::conv::shape::ConvShape;
use crate::scratch;
use crate::simd::level::Level;
use crate::simd::tile::{self, Sink, WIDE, Walk};
use crate::simd::vector::{Kernel, Vector};
use crate::threads::group;

/// Computes the gradients of `weight` `[filters, channels, kernel, kernel]` and `bias` `[filters]`.
///
/// For each kernel row and block of its values, the input values that every output pixel was computed from
/// are multiplied with the gradients of all filters at that pixel.
pub(crate) fn weight_gradient(
    level: Level,
    conv: &ConvShape,
    images: &[f32],
    upstream: &[f32],
    [weight, bias]: [&mut [f32]; 2],
) {
    let block = WIDE * level.lanes();
    let row = conv.kernel_row().div_ceil(block) * block;
    let partial = PartialSums::new(conv, images.len() / conv.input_len(), row);
    scratch::with([partial.pieces * partial.len()], |[sums]| {
        let images = images.par_chunks(partial.images * conv.input_len());
        let upstream = upstream.par_chunks(partial.images * conv.output_len());
        let pieces = sums.par_chunks_mut(partial.len()).zip(images).zip(upstream);
        pieces.for_each(|((sums, images), upstream)| {
            let [weight, bias] = partial.clear(sums);
            add_piece(level, conv, row, images, upstream, [weight, bias]);
        });
        partial.add_up(conv, sums, weight, bias);
    });
}

/// Adds what one piece of the batch contributes to `weight` `[filters, kernel, row]` and `bias` `[filters]`.
fn add_piece(
    level: Level,
    conv: &ConvShape,
    row: usize,
    images: &[f32],
    upstream: &[f32],
    [weight, bias]: [&mut [f32]; 2],
) {
    // The last block of a kernel row may reach beyond the last padded row.
    let padded_len = conv.padded_len() + WIDE * level.lanes();
    // Threads must not change the size of a group, because the images of a group are summed in registers.
    let group = group(usize::MAX, padded_len);
    scratch::with([group * padded_len], |[padded]| {
        let upstream = upstream.chunks(group * conv.output_len());
        for (images, upstream) in images.chunks(group * conv.input_len()).zip(upstream) {
            let padded_images = padded.chunks_exact_mut(padded_len);
            for (image, padded) in images.chunks_exact(conv.input_len()).zip(padded_images) {
                conv.pad(image, 0, padded);
            }
            level.run(WeightGradient { conv, row, padded, padded_len, upstream, weight });
            for pixel in upstream.chunks_exact(conv.filters) {
                for (sum, gradient) in bias.iter_mut().zip(pixel) {
                    *sum += gradient;
                }
            }
        }
    });
}

/// Adds what some images contribute to the gradient of the weights.
struct WeightGradient<'a> {
    conv: &'a ConvShape,
    /// Values of a kernel row that is filled up to whole blocks.
    row: usize,
    padded: &'a [f32],
    /// Values of one padded image.
    padded_len: usize,
    /// `[n, out height, out width, filters]`
    upstream: &'a [f32],
    /// `[filters, kernel, row]`
    weight: &'a mut [f32],
}

impl Kernel for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let conv = self.conv;
        let walk = Walk {
            repeats: self.upstream.len() / conv.output_len(),
            a_repeat: conv.output_len(),
            b_repeat: self.padded_len,
            segments: conv.out_height,
            steps: conv.out_width,
            a_segment: conv.out_width * conv.filters,
            a_step: conv.filters,
            b_segment: conv.stride * conv.padded_row(),
            b_step: conv.pixel_step(),
        };
        let filter = conv.kernel * self.row;
        for ky in 0..conv.kernel {
            for first in (0..self.row).step_by(WIDE * S::LANES) {
                let input = &self.padded[ky * conv.padded_row() + first..];
                let weight = &mut self.weight[ky * self.row + first..];
                let operands = [self.upstream, input];
                tile::sum_rows(
                    simd,
                    conv.filters,
                    |f| f,
                    &walk,
                    operands,
                    &mut AddToFilters { weight, filter },
                );
            }
        }
    }
}

/// Adds each row of sums to the weights of its filter.
struct AddToFilters<'a> {
    weight: &'a mut [f32],
    /// Values from one filter to the next.
    filter: usize,
}

impl<S: Vector> Sink<S> for AddToFilters<'_> {
    #[inline(always)]
    fn put(&mut self, simd: S, first: usize, sums: &[[S::f32s; WIDE]]) {
        for (row, sums) in sums.iter().enumerate() {
            let target = &mut self.weight[(first + row) * self.filter..][..WIDE * S::LANES];
            for (i, sum) in sums.iter().enumerate() {
                let target = target[i * S::LANES..].as_mut_ptr();
                // SAFETY: the target holds `WIDE` vectors.
                unsafe { simd.store(target, simd.add_f32s(simd.load(target), *sum)) };
            }
        }
    }
}
