//! Convolutions in which each filter reads a channel of its own.

use crate::conv::depthwise_weights::weight_gradient;
use crate::conv::shape::ConvShape;
use crate::gradients::Gradients;
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;
use crate::winograd::lanes::{load, store};

/// Whether each filter reads one channel, and each channel is read by one filter.
pub(crate) fn fits(conv: &ConvShape) -> bool {
    [conv.channels, conv.filters] == [conv.groups; 2]
}

/// Computes what [`conv2d`](crate::conv2d) does.
pub(crate) fn conv2d(level: Level, conv: &ConvShape, [images, weight, bias]: [&[f32]; 3], out: &mut [f32]) {
    scratch::with([weight.len()], |[taps]| {
        // [channel, tap] -> [tap, channel]
        for (i, tap) in taps.iter_mut().enumerate() {
            *tap = weight[i % conv.channels * conv.filter_len() + i / conv.channels];
        }
        let taps = &*taps;
        let images = images.par_chunks(conv.input_len());
        out.par_chunks_mut(conv.output_len()).zip(images).for_each(|(out, image)| {
            scratch::with([conv.padded_len()], |[padded]| {
                conv.pad(image, 0, padded);
                let padded_row = conv.padded_row();
                level.run(Correlate { conv, padded, padded_row, taps, bias: Some(bias), out });
            });
        });
    });
}

/// Computes what [`conv2d_backward`](crate::conv2d_backward) does, of at least one image.
pub(crate) fn conv2d_backward(
    level: Level,
    conv: &ConvShape,
    [images, weight, upstream]: [&[f32]; 3],
    gradients: Gradients<'_>,
) {
    if let Some(input) = gradients.input {
        input_gradient(level, conv, weight, upstream, input);
    }
    weight_gradient(level, conv, [images, upstream], [gradients.weight, gradients.bias]);
}

/// Computes the gradient of the images: the outputs' gradients, `stride` pixels apart with zeros between and around
/// them, correlated with the taps in reverse order.
fn input_gradient(level: Level, conv: &ConvShape, weight: &[f32], upstream: &[f32], input: &mut [f32]) {
    let reversed = ConvShape { stride: 1, out_height: conv.height, out_width: conv.width, ..*conv };
    scratch::with([weight.len()], |[taps]| {
        for (i, tap) in taps.iter_mut().enumerate() {
            let reverse = conv.filter_len() - 1 - i / conv.channels;
            *tap = weight[i % conv.channels * conv.filter_len() + reverse];
        }
        let taps = &*taps;
        let upstream = upstream.par_chunks(conv.output_len());
        input.par_chunks_mut(conv.input_len()).zip(upstream).for_each(|(input, upstream)| {
            scratch::with([reversed.padded_len()], |[padded]| {
                spread(conv, upstream, padded, reversed.padded_row());
                let padded_row = reversed.padded_row();
                level.run(Correlate { conv: &reversed, padded, padded_row, taps, bias: None, out: input });
            });
        });
    });
}

/// Writes the gradients of one image's outputs, `stride` pixels apart, into `padded`, rows of `row` values.
fn spread(conv: &ConvShape, upstream: &[f32], padded: &mut [f32], row: usize) {
    padded.fill(0.0);
    let [top, left] = [conv.top, conv.left].map(|before| conv.kernel - 1 - before);
    let rows = upstream.chunks_exact(conv.out_width * conv.channels);
    for (target, upstream) in padded.chunks_exact_mut(row).skip(top).step_by(conv.stride).zip(rows) {
        let targets = target.chunks_exact_mut(conv.channels).skip(left).step_by(conv.stride);
        for (target, pixel) in targets.zip(upstream.chunks_exact(conv.channels)) {
            target.copy_from_slice(pixel);
        }
    }
}

/// How many outputs side by side share the taps that are loaded.
const PIXELS: usize = 4;

/// Correlates each channel of one padded image with its own taps.
struct Correlate<'a> {
    conv: &'a ConvShape,
    padded: &'a [f32],
    padded_row: usize,
    /// `[tap, channel]`
    taps: &'a [f32],
    bias: Option<&'a [f32]>,
    /// `[out height, out width, channels]`
    out: &'a mut [f32],
}

impl Kernel for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let conv = self.conv;
        for (y, out) in self.out.chunks_exact_mut(conv.out_width * conv.channels).enumerate() {
            let padded = &self.padded[y * conv.stride * self.padded_row..];
            for (i, out) in out.chunks_mut(PIXELS * conv.channels).enumerate() {
                let at = [&padded[i * PIXELS * conv.pixel_step()..], self.taps];
                for channel in (0..conv.channels).step_by(S::LANES) {
                    let bias = match self.bias {
                        Some(bias) => load(simd, bias, channel),
                        None => simd.splat_f32s(0.0),
                    };
                    if out.len() == PIXELS * conv.channels {
                        pixels::<S, PIXELS>(simd, conv, at, self.padded_row, channel, bias, out);
                    } else {
                        for (x, out) in out.chunks_exact_mut(conv.channels).enumerate() {
                            let at = [&at[0][x * conv.pixel_step()..], at[1]];
                            pixels::<S, 1>(simd, conv, at, self.padded_row, channel, bias, out);
                        }
                    }
                }
            }
        }
    }
}

/// Computes `N` outputs side by side, the vector of channels from `channel` on.
#[inline(always)]
fn pixels<S: Vector, const N: usize>(
    simd: S,
    conv: &ConvShape,
    [padded, taps]: [&[f32]; 2],
    padded_row: usize,
    channel: usize,
    bias: S::f32s,
    out: &mut [f32],
) {
    let mut sums = [simd.splat_f32s(0.0); N];
    for (i, tap) in taps.chunks_exact(conv.channels).enumerate() {
        let tap = load(simd, tap, channel);
        let first = i / conv.kernel * padded_row + i % conv.kernel * conv.channels;
        for (x, sum) in sums.iter_mut().enumerate() {
            let pixel = &padded[first + x * conv.pixel_step()..][..conv.channels];
            *sum = simd.multiply_add(load(simd, pixel, channel), tap, *sum);
        }
    }
    for (sum, pixel) in sums.into_iter().zip(out.chunks_exact_mut(conv.channels)) {
        store(simd, pixel, channel, simd.add_f32s(sum, bias));
    }
}
