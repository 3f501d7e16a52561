//! The gradients of a convolution's weights and biases.

use crate::conv::add_rows::{AddRows, AddUp};
use crate::conv::partial_sums::{add_pieces, pieces_of};
use crate::conv::shape::ConvShape;
use crate::memory::layout::surround;
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::tile::{self, WIDE, Walk};
use crate::simd::vector::{Kernel, Vector};
use crate::threads::group;
use crate::threads::parallel::*;

/// Computes the gradients of `weight` `[filters, channels, kernel, kernel]` and `bias` `[filters]` from at least one
/// image.
///
/// For each tap and channel the input values that all output pixels were computed from are multiplied with the
/// gradients of blocks of filters at these pixels.
pub(crate) fn weight_gradient(
    level: Level,
    conv: &ConvShape,
    images: &[f32],
    upstream: &[f32],
    [weight, bias]: [&mut [f32]; 2],
) {
    let filters = conv.filters.next_multiple_of(WIDE * level.lanes());
    let len = (conv.filter_len() + 1) * filters;
    let n = images.len() / conv.input_len();
    let count = n.div_ceil(pieces_of(conv.filters * conv.filter_len()));
    scratch::with([n.div_ceil(count) * len], |[sums]| {
        let images = images.par_chunks(count * conv.input_len());
        let upstream = upstream.par_chunks(count * conv.output_len());
        sums.par_chunks_mut(len).zip(images).zip(upstream).for_each(|((sums, images), upstream)| {
            sums.fill(0.0);
            add_piece(level, conv, filters, [images, upstream], sums);
        });
        add_pieces(sums, len);
        let (sums, biases) = sums[..len].split_at(conv.filter_len() * filters);
        bias.copy_from_slice(&biases[..conv.filters]);
        weight.par_chunks_exact_mut(conv.filter_len()).enumerate().for_each(|(filter, weight)| {
            let taps = conv.kernel * conv.kernel;
            // [kernel row, kernel column, channel] -> [channel, kernel row, kernel column]
            for (i, value) in weight.iter_mut().enumerate() {
                *value = sums[(i % taps * conv.channels + i / taps) * filters + filter];
            }
        });
    });
}

/// Adds what one piece of the batch contributes to `sums`: weights `[kernel, kernel, channels, filters]`, then biases
/// `[filters]`, with the filters filled up to whole blocks.
fn add_piece(
    level: Level,
    conv: &ConvShape,
    filters: usize,
    [images, upstream]: [&[f32]; 2],
    sums: &mut [f32],
) {
    let (weight, bias) = sums.split_at_mut(conv.filter_len() * filters);
    // Neither threads nor vectors must change the size of a group, because the images of a group are summed in
    // registers.
    let group = group(usize::MAX, conv.padded_len()).min(images.len() / conv.input_len());
    let pixels = conv.out_height * conv.out_width;
    let filled_up = if filters == conv.filters { 0 } else { group * pixels * filters };
    scratch::with([group * conv.padded_len(), filled_up], |[padded, filled_up]| {
        let upstream = upstream.chunks(group * conv.output_len());
        for (images, upstream) in images.chunks(group * conv.input_len()).zip(upstream) {
            let padded_images = padded.chunks_exact_mut(conv.padded_len());
            for (image, padded) in images.chunks_exact(conv.input_len()).zip(padded_images) {
                conv.pad(image, 0, padded);
            }
            let upstream = if filters == conv.filters {
                upstream
            } else {
                let filled_up = &mut filled_up[..upstream.len() / conv.filters * filters];
                surround(upstream, conv.filters, [0, 0], filled_up, filters);
                &*filled_up
            };
            level.run(AddProducts { conv, filters, padded, upstream, weight });
            level.run(AddUp { rows: upstream, row: filters, sums: bias });
        }
    });
}

/// Adds what some images contribute to the gradient of the weights.
struct AddProducts<'a> {
    conv: &'a ConvShape,
    /// Filters, filled up to whole blocks.
    filters: usize,
    /// Padded images.
    padded: &'a [f32],
    /// `[n, out height, out width, filters]`
    upstream: &'a [f32],
    /// `[kernel, kernel, channels, filters]`
    weight: &'a mut [f32],
}

impl Kernel for AddProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Self { conv, filters, padded, upstream, weight } = self;
        let image = conv.out_height * conv.out_width * filters;
        let mut walk = Walk {
            repeats: upstream.len() / image,
            a_repeat: conv.padded_len(),
            b_repeat: image,
            segments: conv.out_height,
            a_segment: conv.stride * conv.padded_row(),
            b_segment: conv.out_width * filters,
            steps: conv.out_width,
            a_step: conv.pixel_step(),
            b_step: filters,
        };
        if conv.out_height * conv.out_width == 1 {
            // Many loops of one step each would be slow.
            walk = Walk { repeats: 1, steps: walk.repeats, a_step: walk.a_repeat, ..walk };
        }
        let row = conv.kernel_row();
        let start = |i: usize| i / row * conv.padded_row() + i % row;
        for first in (0..filters).step_by(WIDE * S::LANES) {
            let mut add = AddRows { out: &mut weight[first..], row: filters };
            tile::sum_rows(simd, conv.filter_len(), start, &walk, [padded, &upstream[first..]], &mut add);
        }
    }
}
