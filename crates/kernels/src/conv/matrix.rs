//! Convolutions that are a product of matrices: pointwise ones, and those whose kernel is as large as the image.

use crate::conv::correlation::{Correlation, number_pixels};
use crate::conv::shape::ConvShape;
use crate::filters::packing::Packing;
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::tile::WIDE;
use crate::threads::parallel::*;

/// Whether each output is computed from values that lie one after the other, and no two pixels of the output share
/// any.
pub(crate) fn fits(conv: &ConvShape) -> bool {
    let sizes = [conv.height, conv.width];
    let is_pointwise = conv.kernel == 1 && sizes == [conv.out_height, conv.out_width] && conv.stride == 1;
    let is_whole = sizes == [conv.kernel; 2] && [conv.out_height, conv.out_width] == [1; 2];
    is_pointwise || is_whole && [conv.top, conv.left] == [0; 2]
}

/// Computes the gradient of the images from `upstream`, if the shape [`fits`].
pub(crate) fn input_gradient(
    level: Level,
    conv: &ConvShape,
    weight: &[f32],
    upstream: &[f32],
    input: &mut [f32],
) {
    let values = conv.kernel * conv.kernel_row();
    let packing = Packing { filters: values, rows: 1, row: conv.filters, block: WIDE * level.lanes() };
    scratch::with([packing.len()], |[packed]| {
        let taps = conv.kernel * conv.kernel;
        // Value `[tap, channel]` of the image belongs to weight `[channel, tap]` of a filter.
        let of_value = |value: usize| value % conv.channels * taps + value / conv.channels;
        packing.pack(packed, weight, conv.filters, of_value, |[_, _, filter]| filter * conv.channels * taps);
        multiply(level, &packing, packed, upstream, None, input);
    });
}

/// How many values of rows stay in the second-level cache beside a block of filters.
const CACHED: usize = 1 << 16;

/// Multiplies rows of `packing.rows * packing.row` values with packed filters, adds `bias`, and writes rows of
/// `packing.filters` values to `out`.
pub(crate) fn multiply(
    level: Level,
    packing: &Packing,
    packed: &[f32],
    rows: &[f32],
    bias: Option<&[f32]>,
    out: &mut [f32],
) {
    let row = packing.rows * packing.row;
    let most = (rows.len() / row).div_ceil(4 * current_num_threads());
    // Tiles of every height fill 12 rows.
    let count = most.min(CACHED / row).max(1).next_multiple_of(12);
    let pieces = out.par_chunks_mut(count * packing.filters).zip(rows.par_chunks(count * row));
    pieces.for_each(|(out, rows)| {
        let count = rows.len() / row;
        scratch::with([count; 2], |[starts, places]| {
            let [starts, places] = [starts, places].map(scratch::as_indices);
            number_pixels(starts, count, 0, row);
            number_pixels(places, count, 0, packing.filters);
            level.run(Correlation {
                packing,
                packed,
                padded: rows,
                images: 1,
                padded_image: rows.len(),
                padded_row: packing.row,
                starts,
                places,
                bias,
                out,
                out_image: 0,
            });
        });
    });
}
