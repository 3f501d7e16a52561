//! Convolution without pooling.

use crate::conv::correlation::{Correlation, forward_packing, number_pixels, pack_forward};
use crate::conv::matrix;
use crate::conv::shape::ConvShape;
use crate::filters::kept::{self, Keep};
use crate::filters::packing::Packing;
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::threads::parallel::*;
use crate::threads::{band, group};
use crate::winograd::{self, tiles};

/// Computes what [`conv2d`](crate::conv2d) does, of one group of channels.
pub(crate) fn conv2d(
    level: Level,
    conv: &ConvShape,
    [images, weight, bias]: [&[f32]; 3],
    keep_filters: Keep<'_>,
    out: &mut [f32],
) {
    let n = images.len() / conv.input_len();
    if tiles::pays(conv, n, keep_filters.is_wanted()) {
        return winograd::forward::conv2d(level, conv, [images, weight, bias], keep_filters, out);
    }
    let packing = forward_packing(level, conv);
    let order = kept::order(level, false, [conv.filters, conv.channels, conv.kernel]);
    let pack = |packed: &mut [f32]| pack_forward(conv, &packing, weight, packed);
    let rows = band(n, conv.out_height);
    let group = if rows < conv.out_height { 1 } else { group(n, conv.padded_len()) };
    kept::with_packed(order, weight, packing.len(), keep_filters, pack, |packed| {
        if matrix::fits(conv) {
            return matrix::multiply(level, &packing, packed, images, Some(bias), out);
        }
        let groups = out.par_chunks_mut((group * conv.output_len()).max(1));
        groups.zip(images.par_chunks(group * conv.input_len())).for_each(|(out, images)| {
            let bands = out.par_chunks_mut(group * rows * conv.out_width * conv.filters).enumerate();
            bands.for_each(|(i, out)| {
                let band = ImageBand { level, conv, images, first: i * rows };
                band.convolve(&packing, packed, bias, out);
            });
        });
    });
}

/// A band of output rows of one image, or all rows of several.
struct ImageBand<'a> {
    level: Level,
    conv: &'a ConvShape,
    images: &'a [f32],
    /// The first output row.
    first: usize,
}

impl ImageBand<'_> {
    fn convolve(self, packing: &Packing, packed: &[f32], bias: &[f32], out: &mut [f32]) {
        let conv = self.conv;
        let images = self.images.len() / conv.input_len();
        let rows = out.len() / (images * conv.out_width * conv.filters);
        let padded_len = conv.padded_rows(rows) * conv.padded_row();
        let pixels = rows * conv.out_width;
        scratch::with([images * padded_len, pixels, pixels], |[padded, starts, places]| {
            let [starts, places] = [starts, places].map(scratch::as_indices);
            number_pixels(starts, conv.out_width, conv.stride * conv.padded_row(), conv.pixel_step());
            number_pixels(places, conv.out_width, conv.out_width * conv.filters, conv.filters);
            let padded_images = padded.chunks_exact_mut(padded_len);
            for (image, padded) in self.images.chunks_exact(conv.input_len()).zip(padded_images) {
                conv.pad(image, self.first, padded);
            }
            self.level.run(Correlation {
                packing,
                packed,
                padded,
                images,
                padded_image: padded_len,
                padded_row: conv.padded_row(),
                starts,
                places,
                bias: Some(bias),
                out,
                out_image: pixels * conv.filters,
            });
        });
    }
}
