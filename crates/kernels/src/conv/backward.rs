//! Gradients of the convolution without pooling: two more dense sums of products.

use crate::conv::input_gradient::input_gradient;
use crate::conv::shape::ConvShape;
use crate::conv::weight_gradient::weight_gradient;
use crate::gradients::Gradients;
use crate::simd::level::Level;
use crate::winograd::{self, tiles};

/// Computes the gradients of [`conv2d`](crate::conv2d)'s operands from `upstream`, the gradient of its output
/// `[n, out height, out width, filters]`.
///
/// # Panics
/// If a length does not fit the shape.
pub fn conv2d_backward(
    level: Level,
    conv: &ConvShape,
    images: &[f32],
    weight: &[f32],
    upstream: &[f32],
    gradients: Gradients<'_>,
) {
    let n = images.len() / conv.input_len();
    assert_eq!(images.len(), n * conv.input_len(), "whole images");
    assert_eq!(weight.len(), conv.filters * conv.filter_len(), "weights fit");
    assert_eq!(upstream.len(), n * conv.output_len(), "a gradient for each output");
    gradients.assert_lengths([images.len(), weight.len(), conv.filters]);
    if tiles::pays(conv, n, false) {
        return winograd::backward::conv2d_backward(level, conv, [images, weight, upstream], gradients);
    }
    if let Some(input) = gradients.input {
        input_gradient(level, conv, n, weight, upstream, input);
    }
    weight_gradient(level, conv, images, upstream, [gradients.weight, gradients.bias]);
}
