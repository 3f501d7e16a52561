//! Gradients of the convolution without pooling: two more dense sums of products.

use crate::conv::input_gradient::input_gradient;
use crate::conv::matrix;
use crate::conv::shape::ConvShape;
use crate::conv::weight_gradient::weight_gradient;
use crate::gradients::Gradients;
use crate::simd::level::Level;
use crate::winograd::{self, tiles};

/// Computes what [`conv2d_backward`](crate::conv2d_backward) does, of one group of channels and at least one image.
pub(crate) fn conv2d_backward(
    level: Level,
    conv: &ConvShape,
    [images, weight, upstream]: [&[f32]; 3],
    gradients: Gradients<'_>,
) {
    let n = images.len() / conv.input_len();
    if tiles::pays(conv, n, false) {
        return winograd::backward::conv2d_backward(level, conv, [images, weight, upstream], gradients);
    }
    match gradients.input {
        Some(input) if matrix::fits(conv) => matrix::input_gradient(level, conv, weight, upstream, input),
        Some(input) => input_gradient(level, conv, n, weight, upstream, input),
        None => {}
    }
    weight_gradient(level, conv, images, upstream, [gradients.weight, gradients.bias]);
}
