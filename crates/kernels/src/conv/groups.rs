//! Convolutions without pooling, and their gradients: the channels in one group or in several.

use crate::conv::shape::ConvShape;
use crate::conv::{backward, depthwise, forward};
use crate::filters::kept::Keep;
use crate::gradients::Gradients;
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::threads::parallel::*;

/// Convolves images `[n, height, width, channels]` with `weight` `[filters, channels / groups, kernel, kernel]`, adds
/// `bias` `[filters]`, and writes `[n, out height, out width, filters]` to `out`.
///
/// The packed filters are kept as `keep_filters` says, if there is one group.
///
/// # Panics
/// If a length does not fit the shape.
pub fn conv2d(
    level: Level,
    conv: &ConvShape,
    images: &[f32],
    weight: &[f32],
    bias: &[f32],
    keep_filters: Keep<'_>,
    out: &mut [f32],
) {
    let n = images.len() / conv.input_len();
    assert_eq!(images.len(), n * conv.input_len(), "whole images");
    assert_eq!([weight.len(), bias.len()], [conv.filters * conv.filter_len(), conv.filters], "weights fit");
    assert_eq!(out.len(), n * conv.output_len(), "the output has a place for each image");
    if conv.groups == 1 {
        return forward::conv2d(level, conv, [images, weight, bias], keep_filters, out);
    }
    if depthwise::fits(conv) {
        return depthwise::conv2d(level, conv, [images, weight, bias], out);
    }
    let part = of_group(conv);
    scratch::with([n * part.input_len(), n * part.output_len()], |[part_images, part_out]| {
        for group in 0..conv.groups {
            take(images, conv.channels, part_images, [part.channels, group]);
            let weight = of(weight, group, part.filters * part.filter_len());
            let operands = [&*part_images, weight, of(bias, group, part.filters)];
            forward::conv2d(level, &part, operands, Keep::No, part_out);
            put(part_out, [part.filters, group], out, conv.filters);
        }
    });
}

/// Computes the gradients of [`conv2d`]'s operands from `upstream`, the gradient of its output `[n, out height, out
/// width, filters]`.
///
/// # Panics
/// If a length does not fit the shape.
pub fn conv2d_backward(
    level: Level,
    conv: &ConvShape,
    images: &[f32],
    weight: &[f32],
    upstream: &[f32],
    mut gradients: Gradients<'_>,
) {
    let n = images.len() / conv.input_len();
    assert_eq!(images.len(), n * conv.input_len(), "whole images");
    assert_eq!(weight.len(), conv.filters * conv.filter_len(), "weights fit");
    assert_eq!(upstream.len(), n * conv.output_len(), "a gradient for each output");
    gradients.assert_lengths([images.len(), weight.len(), conv.filters]);
    if n == 0 {
        gradients.weight.fill(0.0);
        gradients.bias.fill(0.0);
        return;
    }
    if conv.groups == 1 {
        return backward::conv2d_backward(level, conv, [images, weight, upstream], gradients);
    }
    if depthwise::fits(conv) {
        return depthwise::conv2d_backward(level, conv, [images, weight, upstream], gradients);
    }
    let part = of_group(conv);
    let lengths = [n * part.input_len(), n * part.output_len(), n * part.input_len()];
    scratch::with(lengths, |[part_images, part_upstream, part_input]| {
        let weights = part.filters * part.filter_len();
        for group in 0..conv.groups {
            take(images, conv.channels, part_images, [part.channels, group]);
            take(upstream, conv.filters, part_upstream, [part.filters, group]);
            let operands = [&*part_images, of(weight, group, weights), &*part_upstream];
            let part_gradients = Gradients {
                input: gradients.input.as_ref().map(|_| &mut *part_input),
                weight: &mut gradients.weight[group * weights..][..weights],
                bias: &mut gradients.bias[group * part.filters..][..part.filters],
            };
            backward::conv2d_backward(level, &part, operands, part_gradients);
            if let Some(input) = &mut gradients.input {
                put(part_input, [part.channels, group], input, conv.channels);
            }
        }
    });
}

/// The convolution of one group.
fn of_group(conv: &ConvShape) -> ConvShape {
    let [channels, filters] = [conv.channels, conv.filters].map(|all| all / conv.groups);
    ConvShape { channels, filters, groups: 1, ..*conv }
}

/// The part of `values` that belongs to a group, `len` values.
fn of(values: &[f32], group: usize, len: usize) -> &[f32] {
    &values[group * len..][..len]
}

/// How many pixels a thread copies at a time.
const PIXELS: usize = 1 << 10;

/// Copies the channels of one group out of pixels `[pixel, all channels]` into `part` `[pixel, channels]`.
fn take(values: &[f32], all: usize, part: &mut [f32], [channels, group]: [usize; 2]) {
    let parts = part.par_chunks_mut(PIXELS * channels);
    parts.zip(values.par_chunks(PIXELS * all)).for_each(|(part, values)| {
        for (part, pixel) in part.chunks_exact_mut(channels).zip(values.chunks_exact(all)) {
            part.copy_from_slice(of(pixel, group, channels));
        }
    });
}

/// The inverse of [`take`].
fn put(part: &[f32], [channels, group]: [usize; 2], values: &mut [f32], all: usize) {
    let parts = part.par_chunks(PIXELS * channels);
    parts.zip(values.par_chunks_mut(PIXELS * all)).for_each(|(part, values)| {
        for (part, pixel) in part.chunks_exact(channels).zip(values.chunks_exact_mut(all)) {
            pixel[group * channels..][..channels].copy_from_slice(part);
        }
    });
}
