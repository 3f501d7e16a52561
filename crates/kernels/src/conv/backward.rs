//! Gradients of the convolution without pooling: two more dense sums of products.

use rayon::prelude::*;

use crate::forward::{Correlation, number};
use crate::geometry::Geometry;
use crate::layout::surround;
use crate::pack::Packing;
use crate::scratch;
use crate::simd::{Kernel, Level, Vector};
use crate::sums::{Gradients, Partials};
use crate::threads::group;
use crate::tile::{self, Sink, WIDE, Walk};

/// Gradients of [`crate::kernels::conv2d`], given those of its output `[n, out height, out
/// width, filters]`.
///
/// # Panics
/// If a length does not fit the geometry.
pub fn conv2d_backward(
    level: Level,
    g: &Geometry,
    pictures: &[f32],
    weight: &[f32],
    gradients: &[f32],
    want_input: bool,
) -> Gradients {
    let n = pictures.len() / g.input_len();
    assert_eq!(pictures.len(), n * g.input_len(), "whole pictures");
    assert_eq!(weight.len(), g.filters * g.filter_len(), "weights fit");
    assert_eq!(gradients.len(), n * g.output_len(), "a gradient an output");
    let input = want_input.then(|| input_gradient(level, g, n, weight, gradients));
    let (weight, bias) = weight_gradient(level, g, n, pictures, gradients);
    Gradients { input, weight, bias }
}

/// For each kernel row and block of its values: what every output pixel looked at there, times
/// the gradients of all filters at that pixel.
fn weight_gradient(
    level: Level,
    g: &Geometry,
    n: usize,
    pictures: &[f32],
    gradients: &[f32],
) -> (Vec<f32>, Vec<f32>) {
    let block = WIDE * level.lanes();
    let row = g.kernel_row().div_ceil(block) * block;
    let partials = Partials::new(g, n, row);
    scratch::with([partials.pieces * partials.len()], |[sums]| {
        let pictures = pictures.par_chunks(partials.pictures * g.input_len());
        let gradients = gradients.par_chunks(partials.pictures * g.output_len());
        sums.par_chunks_mut(partials.len()).zip(pictures).zip(gradients).for_each(
            |((sums, pictures), gradients)| {
                sums.fill(0.0);
                let (weight, bias) = partials.split(sums);
                // The last block of a kernel row may reach beyond the last padded row.
                let padded_len = g.padded_len() + block;
                let images = group(usize::MAX, padded_len);
                scratch::with([images * padded_len], |[padded]| {
                    let gradients = gradients.chunks(images * g.output_len());
                    for (pictures, gradients) in pictures.chunks(images * g.input_len()).zip(gradients) {
                        let padded_pictures = padded.chunks_exact_mut(padded_len);
                        for (picture, padded) in pictures.chunks_exact(g.input_len()).zip(padded_pictures) {
                            g.pad(picture, 0, padded);
                        }
                        level.run(WeightGradient { g, row, padded, padded_len, gradients, weight });
                        for pixel in gradients.chunks_exact(g.filters) {
                            for (sum, gradient) in bias.iter_mut().zip(pixel) {
                                *sum += gradient;
                            }
                        }
                    }
                });
            },
        );
        partials.add_up(g, sums)
    })
}

/// The part of some pictures in the gradient of the weights.
struct WeightGradient<'a> {
    g: &'a Geometry,
    row: usize,
    padded: &'a [f32],
    /// Values of one padded picture.
    padded_len: usize,
    gradients: &'a [f32],
    /// `[filters, kernel, row]`
    weight: &'a mut [f32],
}

impl Kernel for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let g = self.g;
        let walk = Walk {
            repeats: self.gradients.len() / g.output_len(),
            a_repeat: g.output_len(),
            b_repeat: self.padded_len,
            segments: g.out_height,
            steps: g.out_width,
            a_segment: g.out_width * g.filters,
            a_step: g.filters,
            b_segment: g.stride * g.padded_row(),
            b_step: g.pixel_step(),
        };
        let filter = g.kernel * self.row;
        for ky in 0..g.kernel {
            for first in (0..self.row).step_by(WIDE * S::LANES) {
                let seen = &self.padded[ky * g.padded_row() + first..];
                let weight = &mut self.weight[ky * self.row + first..];
                let operands = [self.gradients, seen];
                tile::rows(simd, g.filters, |f| f, &walk, operands, &mut Add { weight, filter });
            }
        }
    }
}

/// Adds sums to the weights of their filters.
struct Add<'a> {
    weight: &'a mut [f32],
    /// Values from one filter to the next.
    filter: usize,
}

impl<S: Vector> Sink<S> for Add<'_> {
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

/// One dimension of the input's gradient, for the input pixels of one phase: those that the
/// same kernel taps reach. With stride `s` there are `s` phases.
///
/// Input pixel `u` gets, for each tap `k` with `u + before = y * s + k`, the gradient of output
/// pixel `y`. With `u + before = s * q + phase` the taps are `phase + s * j` and their output
/// pixels `q - j`: a correlation with the taps in reverse order.
#[derive(Clone, Copy, Debug)]
struct Phase {
    phase: usize,
    taps: usize,
    /// The first `q`, and how many.
    first: usize,
    count: usize,
}

impl Phase {
    fn all(size: usize, before: usize, kernel: usize, stride: usize) -> impl Iterator<Item = Self> {
        (0..stride).map(move |phase| {
            let taps = kernel.saturating_sub(phase).div_ceil(stride);
            let first = before.saturating_sub(phase).div_ceil(stride);
            let end = (size + before).saturating_sub(phase).div_ceil(stride);
            Self { phase, taps, first, count: end.saturating_sub(first) }
        })
    }

    /// The kernel's tap that stands at place `i` of the reversed ones.
    fn tap(&self, i: usize, stride: usize) -> usize {
        self.phase + stride * (self.taps - 1 - i)
    }
}

/// A phase in both dimensions, with its weights.
struct Part {
    y: Phase,
    x: Phase,
    packing: Packing,
    /// Where its packed weights start.
    at: usize,
}

fn parts(level: Level, g: &Geometry) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = 0;
    for y in Phase::all(g.height, g.top, g.kernel, g.stride) {
        for x in Phase::all(g.width, g.left, g.kernel, g.stride) {
            let block = WIDE * level.lanes();
            let packing = Packing { filters: g.channels, rows: y.taps, row: x.taps * g.filters, block };
            if packing.len() > 0 {
                parts.push(Part { y, x, packing, at });
                at += packing.len();
            }
        }
    }
    parts
}

fn input_gradient(level: Level, g: &Geometry, n: usize, weight: &[f32], gradients: &[f32]) -> Vec<f32> {
    let phases = parts(level, g);
    let mut input = vec![0.0; n * g.input_len()];
    // Zeros before the first gradient, as many as a phase has taps more than one.
    let before = g.kernel.div_ceil(g.stride) - 1;
    let reach = |size: usize, first: usize| before + (size + first).div_ceil(g.stride);
    let (rows, columns) = (reach(g.height, g.top), reach(g.width, g.left));
    let padded_row = columns * g.filters;
    scratch::with([phases.iter().map(|part| part.packing.len()).sum()], |[packed]| {
        for Part { y, x, packing, at } in &phases {
            packing.pack(&mut packed[*at..at + packing.len()], |channel, i, j| {
                let (ky, kx, filter) = (y.tap(i, g.stride), x.tap(j / g.filters, g.stride), j % g.filters);
                weight[((filter * g.channels + channel) * g.kernel + ky) * g.kernel + kx]
            });
        }
        let packed = &*packed;
        let padded_len = rows * padded_row;
        let images = group(n, padded_len);
        let parts = input.par_chunks_mut(images * g.input_len());
        parts.zip(gradients.par_chunks(images * g.output_len())).for_each(|(input, gradients)| {
            let images = input.len() / g.input_len();
            let pixels = g.height * g.width;
            scratch::with([images * padded_len, pixels, pixels], |[padded, starts, places]| {
                let [starts, places] = [starts, places].map(scratch::as_indices);
                let padded_pictures = padded.chunks_exact_mut(padded_len);
                for (gradients, padded) in gradients.chunks_exact(g.output_len()).zip(padded_pictures) {
                    let corner = [before as isize, (before * g.filters) as isize];
                    surround(gradients, g.out_width * g.filters, corner, padded, padded_row);
                }
                for Part { y, x, packing, at } in phases.iter().filter(|part| part.y.count * part.x.count > 0)
                {
                    let (row, column) = (y.first + before + 1 - y.taps, x.first + before + 1 - x.taps);
                    let (up, left) =
                        (g.stride * y.first + y.phase - g.top, g.stride * x.first + x.phase - g.left);
                    let pixels = y.count * x.count;
                    number(&mut starts[..pixels], x.count, padded_row, g.filters);
                    number(
                        &mut places[..pixels],
                        x.count,
                        g.stride * g.width * g.channels,
                        g.stride * g.channels,
                    );
                    level.run(Correlation {
                        packing,
                        packed: &packed[*at..at + packing.len()],
                        padded: &padded[row * padded_row + column * g.filters..],
                        images,
                        padded_image: padded_len,
                        padded_row,
                        starts: &starts[..pixels],
                        places: &places[..pixels],
                        bias: None,
                        out: &mut input[(up * g.width + left) * g.channels..],
                        out_image: g.input_len(),
                    });
                }
            });
        });
    });
    input
}
