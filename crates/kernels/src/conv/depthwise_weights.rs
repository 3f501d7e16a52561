//! The gradients of the weights and biases of a convolution in which each filter reads a channel of its own.

use crate::conv::partial_sums::{add_pieces, pieces_of};
use crate::conv::shape::ConvShape;
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;
use crate::winograd::lanes::{load, store};

/// Computes the gradients of `weight` `[channels, 1, kernel, kernel]` and `bias` `[channels]` from at least one image.
pub(crate) fn weight_gradient(
    level: Level,
    conv: &ConvShape,
    [images, upstream]: [&[f32]; 2],
    [weight, bias]: [&mut [f32]; 2],
) {
    // Weights [tap, channel], then biases [channel].
    let len = weight.len() + bias.len();
    let n = images.len() / conv.input_len();
    let count = n.div_ceil(pieces_of(len));
    scratch::with([n.div_ceil(count) * len], |[sums]| {
        let images = images.par_chunks(count * conv.input_len());
        let upstream = upstream.par_chunks(count * conv.output_len());
        sums.par_chunks_mut(len).zip(images).zip(upstream).for_each(|((sums, images), upstream)| {
            sums.fill(0.0);
            scratch::with([conv.padded_len()], |[padded]| {
                let upstream = upstream.chunks_exact(conv.output_len());
                for (image, upstream) in images.chunks_exact(conv.input_len()).zip(upstream) {
                    conv.pad(image, 0, padded);
                    level.run(AddProducts { conv, padded, upstream, sums });
                }
            });
        });
        add_pieces(sums, len);
        bias.copy_from_slice(&sums[weight.len()..len]);
        for (i, value) in weight.iter_mut().enumerate() {
            *value = sums[i % conv.filter_len() * conv.channels + i / conv.filter_len()];
        }
    });
}

/// How many taps of a kernel row are summed at a time.
const TAPS: usize = 5;

/// Adds what one image contributes.
struct AddProducts<'a> {
    conv: &'a ConvShape,
    padded: &'a [f32],
    /// `[out height, out width, channels]`
    upstream: &'a [f32],
    /// Weights `[tap, channel]`, then biases `[channel]`.
    sums: &'a mut [f32],
}

impl Kernel for AddProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(mut self, simd: S) {
        let (kernel, channels) = (self.conv.kernel, self.conv.channels);
        for channel in (0..channels).step_by(S::LANES) {
            for tap in 0..kernel * kernel {
                let (row, first) = (tap / kernel, tap % kernel);
                if first % TAPS > 0 {
                    continue;
                }
                match TAPS.min(kernel - first) {
                    1 => self.add_taps::<S, 1>(simd, [row, first], channel),
                    2 => self.add_taps::<S, 2>(simd, [row, first], channel),
                    3 => self.add_taps::<S, 3>(simd, [row, first], channel),
                    4 => self.add_taps::<S, 4>(simd, [row, first], channel),
                    _ => self.add_taps::<S, TAPS>(simd, [row, first], channel),
                }
            }
            let mut sum = simd.splat_f32s(0.0);
            for pixel in self.upstream.chunks_exact(channels) {
                sum = simd.add_f32s(sum, load(simd, pixel, channel));
            }
            add(simd, &mut self.sums[kernel * kernel * channels..], channel, sum);
        }
    }
}

impl AddProducts<'_> {
    /// Adds to the sums of `N` taps side by side, the vector of channels from `channel` on.
    #[inline(always)]
    fn add_taps<S: Vector, const N: usize>(&mut self, simd: S, [row, first]: [usize; 2], channel: usize) {
        let (conv, channels) = (self.conv, self.conv.channels);
        let mut sums = [simd.splat_f32s(0.0); N];
        for (y, upstream) in self.upstream.chunks_exact(conv.out_width * channels).enumerate() {
            let padded = &self.padded[(y * conv.stride + row) * conv.padded_row() + first * channels..];
            for (x, pixel) in upstream.chunks_exact(channels).enumerate() {
                let gradient = load(simd, pixel, channel);
                for (i, sum) in sums.iter_mut().enumerate() {
                    let pixel = &padded[x * conv.pixel_step() + i * channels..][..channels];
                    *sum = simd.multiply_add(load(simd, pixel, channel), gradient, *sum);
                }
            }
        }
        let sums_of_row = self.sums[(row * conv.kernel + first) * channels..].chunks_exact_mut(channels);
        for (target, sum) in sums_of_row.zip(sums) {
            add(simd, target, channel, sum);
        }
    }
}

/// Adds to the vector from `first` on.
#[inline(always)]
fn add<S: Vector>(simd: S, values: &mut [f32], first: usize, sum: S::f32s) {
    store(simd, values, first, simd.add_f32s(load(simd, values, first), sum));
}
