//! Gradients of the pooled convolution, which visit only the pixels that a gradient passes through.
//!
//! Behind a 2x2 max-pool a quarter of the convolution's outputs has a gradient, and with ReLU about half of that. The gradient of a filter is a sum over its pixels that pass: their inputs, times their
//! gradients. The gradient of the input is a sum, at each pixel, over the filters that pass there.

use crate::conv::partial_sums::PartialSums;
use crate::gradients::Gradients;
use crate::memory::scratch;
use crate::pool::argmax_lists::ArgmaxLists;
use crate::pool::input_gradient::SparseInputGradient;
use crate::pool::kernel_rows::{KernelRows, SPARE};
use crate::pool::shape::{PoolShape, SlopeSource};
use crate::pool::slopes::TimesSlope;
use crate::pool::weight_gradient::SparseWeightGradient;
use crate::simd::level::Level;
use crate::threads::pieces;

/// What the backward pass needs of the forward pass, `[n, pooled height, pooled width, filters]` each.
#[derive(Clone, Copy, Debug)]
pub struct PooledForward<'a> {
    pub argmax: &'a [u8],
    /// What the shape's [`slope_source`](PoolShape::slope_source) names: the pooled values, the slopes, or an empty
    /// slice.
    pub slope_source: &'a [f32],
}

/// Computes the gradients of [`conv2d_max_pool2d`](crate::conv2d_max_pool2d)'s operands from `upstream` `[n, pooled
/// height, pooled width, filters]`, the gradient of its pooled values, and from what the forward pass has left.
///
/// # Panics
/// If a length does not fit the shape.
pub fn conv2d_max_pool2d_backward(
    level: Level,
    shape: &PoolShape,
    images: &[f32],
    weight: &[f32],
    forward: PooledForward<'_>,
    upstream: &[f32],
    gradients: Gradients<'_>,
) {
    let PooledForward { argmax, slope_source } = forward;
    let conv = &shape.conv;
    let n = images.len() / conv.input_len();
    assert_eq!(images.len(), n * conv.input_len(), "whole images");
    assert_eq!(weight.len(), conv.filters * conv.filter_len(), "weights fit");
    assert_eq!(
        [argmax.len(), upstream.len()],
        [n * shape.output_len(); 2],
        "an argmax and a gradient for each pooled value"
    );
    let has_slopes = shape.slope_source() != SlopeSource::Nothing;
    assert_eq!(
        slope_source.len(),
        if has_slopes { upstream.len() } else { 0 },
        "a slope for each, if needed"
    );
    gradients.assert_lengths([images.len(), weight.len(), conv.filters]);
    let rows = KernelRows::new(level, conv);
    let partial = PartialSums::new(conv, n, rows.padded);
    let packed_len = if gradients.input.is_some() { rows.packed_len(conv) } else { 0 };
    scratch::with([partial.pieces * partial.len(), packed_len], |[sums, packed]| {
        if gradients.input.is_some() {
            rows.pack(conv, weight, packed);
        }
        let packed = &*packed;
        let input = gradients.input.unwrap_or_default();
        let [input_len, pooled_len] = [conv.input_len(), shape.output_len()].map(|len| partial.images * len);
        pieces((&mut *sums, partial.len()), (input, input_len), |i, sums, input| {
            let [weight, bias] = partial.split(sums);
            bias.fill(0.0);
            let piece = BatchPiece {
                shape,
                rows,
                images: &images[i * input_len..],
                argmax: &argmax[i * pooled_len..],
                slope_source: if has_slopes { &slope_source[i * pooled_len..] } else { &[] },
                upstream: &upstream[i * pooled_len..],
                count: partial.images.min(n - i * partial.images),
                packed,
                weight,
                bias,
                input,
            };
            piece.add_gradients(level);
        });
        partial.add_up(conv, sums, gradients.weight, gradients.bias);
    });
}

/// A piece of the batch, and where its gradients go.
struct BatchPiece<'a> {
    shape: &'a PoolShape,
    rows: KernelRows,
    /// The images of this piece and all later ones.
    images: &'a [f32],
    argmax: &'a [u8],
    slope_source: &'a [f32],
    upstream: &'a [f32],
    /// How many images the piece has.
    count: usize,
    /// From [`KernelRows::pack`]. It is empty if no gradient of the input is wanted.
    packed: &'a [f32],
    /// `[filters, kernel, padded row]`. The piece's first image overwrites it.
    weight: &'a mut [f32],
    /// `[filters]`
    bias: &'a mut [f32],
    /// `[count, height, width, channels]`, or empty.
    input: &'a mut [f32],
}

impl BatchPiece<'_> {
    fn add_gradients(self, level: Level) {
        let (shape, conv, rows) = (self.shape, &self.shape.conv, self.rows);
        let padded_len = conv.padded_len() + SPARE;
        let want_input = !self.packed.is_empty();
        let input_len = if want_input { padded_len } else { 0 };
        let scaled_len = if self.slope_source.is_empty() { 0 } else { shape.output_len() };
        let [a, b, c, d, e, f] = ArgmaxLists::lengths(shape);
        let lengths = [padded_len, input_len, scaled_len, a, b, c, d, e, f];
        scratch::with(lengths, |[padded, input, scaled, a, b, c, d, e, f]| {
            let mut lists = ArgmaxLists::new(shape, [a, b, c, d, e, f]);
            for i in 0..self.count {
                let pooled = i * shape.output_len()..(i + 1) * shape.output_len();
                let argmax = &self.argmax[pooled.clone()];
                let mut upstream = &self.upstream[pooled.clone()];
                if !self.slope_source.is_empty() {
                    let (activation, source) = (shape.activation, &self.slope_source[pooled]);
                    level.run(TimesSlope { activation, source, upstream, scaled });
                    upstream = scaled;
                }
                lists.list_by_filter(argmax, upstream, self.bias);
                conv.pad(&self.images[i * conv.input_len()..][..conv.input_len()], 0, padded);
                let weight = &mut *self.weight;
                level.run(SparseWeightGradient {
                    conv,
                    rows,
                    lists: &lists,
                    padded,
                    weight,
                    is_first: i == 0,
                });
                if want_input {
                    input.fill(0.0);
                    lists.list_by_pixel(shape, argmax);
                    let packed = self.packed;
                    level.run(SparseInputGradient { shape, rows, lists: &lists, upstream, packed, input });
                    conv.unpad(input, &mut self.input[i * conv.input_len()..][..conv.input_len()]);
                }
            }
        });
    }
}
