//! Gradients of a convolution by Winograd's filtering.
//!
//! The gradients of a tile's outputs are transformed once, and serve both gradients: multiplied with the tile's pixels
//! at each point and summed over all tiles they give the gradient of the filters, multiplied with the filters and
//! summed over these they give the gradient of the pixels.

use crate::conv::add_rows::AddUp;
use crate::conv::partial_sums::{add_pieces, pieces_of};
use crate::conv::shape::ConvShape;
use crate::gradients::Gradients;
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::tile::WIDE;
use crate::threads::pieces;
use crate::winograd::filters::FilterOrder;
use crate::winograd::images::ImagesAtPoints;
use crate::winograd::input_gradient::AddTiles;
use crate::winograd::multiply::Multiply;
use crate::winograd::points::POINTS;
use crate::winograd::tiles::{PointRows, TILES, Tiles};
use crate::winograd::upstream::{SUM, UpstreamAtPoints};
use crate::winograd::weight_gradient::{AddProducts, PointSums};

/// Computes what [`conv2d_backward`](crate::conv2d_backward) does, for shapes for which
/// [`pays`](crate::winograd::tiles::pays), which have at least one image.
pub(crate) fn conv2d_backward(
    level: Level,
    conv: &ConvShape,
    [images, weight, upstream]: [&[f32]; 3],
    gradients: Gradients<'_>,
) {
    let sizes = PointSums::new(level, conv);
    let n = images.len() / conv.input_len();
    let count = n.div_ceil(pieces_of(POINTS * conv.channels * conv.filters));
    let order = FilterOrder::backward(level, conv);
    let packed_len = if gradients.input.is_some() { order.len() } else { 0 };
    scratch::with([n.div_ceil(count) * sizes.len(), packed_len], |[sums, packed]| {
        if gradients.input.is_some() {
            order.pack(level, conv.kernel, weight, packed);
        }
        let piece = Piece { level, tiles: &Tiles::new(conv), sizes: &sizes, order: &order, filters: packed };
        let input = gradients.input.unwrap_or(&mut []);
        pieces((sums, sizes.len()), (input, count * conv.input_len()), |i, sums, input| {
            let images = &images[i * count * conv.input_len()..];
            let images = &images[..images.len().min(count * conv.input_len())];
            let upstream = &upstream[i * count * conv.output_len()..];
            piece.add([images, upstream], sums, input);
        });
        add_pieces(sums, sizes.len());
        let [sums, bias] = sizes.split(&mut sums[..sizes.len()]);
        sizes.finish(level, conv, sums, gradients.weight);
        gradients.bias.copy_from_slice(&bias[..conv.filters]);
    });
}

/// What the pieces of a batch have in common.
struct Piece<'a> {
    level: Level,
    tiles: &'a Tiles,
    sizes: &'a PointSums,
    order: &'a FilterOrder,
    filters: &'a [f32],
}

impl Piece<'_> {
    /// Computes what one piece of the batch adds to the gradients of weights and biases, and the gradient of its
    /// images, if `input` is not empty.
    fn add(&self, [images, upstream]: [&[f32]; 2], sums: &mut [f32], input: &mut [f32]) {
        let &Self { level, tiles, sizes, order, filters } = self;
        let conv = &tiles.conv;
        let block = WIDE * level.lanes();
        let rows = PointRows::new(TILES, conv.channels, block);
        let upstream_rows = PointRows::new(TILES, conv.filters, block);
        let lengths = [rows.len(), rows.len(), upstream_rows.len(), conv.channels.max(conv.filters)];
        let [weight_sums, bias_sums] = sizes.split(sums);
        weight_sums.fill(0.0);
        bias_sums.fill(0.0);
        input.fill(0.0);
        scratch::with(lengths, |[pixels, products, gradients, zeros]| {
            zeros.fill(0.0);
            let end = images.len() / conv.input_len() * tiles.per_image();
            for begin in (0..end).step_by(TILES) {
                let range = begin..end.min(begin + TILES);
                let count = range.len();
                level.run(ImagesAtPoints { tiles, range: range.clone(), images, zeros, rows, out: pixels });
                macro_rules! upstream_at_points {
                    ($outputs:literal) => {
                        level.run(UpstreamAtPoints::<$outputs> {
                            tiles,
                            range,
                            upstream,
                            zeros,
                            rows: upstream_rows,
                            out: gradients,
                        })
                    };
                }
                match conv.kernel {
                    3 => upstream_at_points!(4),
                    _ => upstream_at_points!(2),
                }
                let rows_of_sums = &gradients[SUM * upstream_rows.point..][..count * upstream_rows.row];
                level.run(AddUp { rows: rows_of_sums, row: upstream_rows.row, sums: bias_sums });
                level.run(AddProducts {
                    sizes,
                    tiles: count,
                    image_rows: rows,
                    images: pixels,
                    upstream_rows,
                    upstream: gradients,
                    sums: weight_sums,
                });
                if input.is_empty() {
                    continue;
                }
                level.run(Multiply {
                    order,
                    filters,
                    tiles: count,
                    rows: upstream_rows,
                    values: gradients,
                    out_rows: rows,
                    out: products,
                });
                level.run(AddTiles { tiles, begin, count, rows, products, input });
            }
        });
    }
}
