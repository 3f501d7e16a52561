//! Convolution, bias, max-pooling and ReLU in one pass, which remembers where each maximum was.

use crate::conv::correlation::{forward_packing, pack_forward};
use crate::conv::shape::ConvShape;
use crate::kept_filters;
use crate::packing::Packing;
use crate::pool::direct::DirectBand;
use crate::pool::shape::{LARGEST_WINDOW, PoolShape};
use crate::pool::window::Band;
use crate::pool::winograd::{self, WinogradBand};
use crate::scratch;
use crate::simd::level::Level;
use crate::threads::{band, pieces};

/// Convolves as [`conv2d`](crate::conv2d) does, pools by maximum, applies ReLU if the shape asks for it, and
/// writes `[n, pooled height, pooled width, filters]` to `values`.
///
/// `argmax` gets, for each pooled value, the place in its window that it came from, counted in row order, or
/// [`CUT`](crate::CUT). If several values of a window are equal, the first in row order is the maximum; a
/// value that is not a number counts as larger than all others. Without `argmax` no gradient can be computed,
/// so the network does not change, and the packed filters are kept for later calls with the same weights.
///
/// # Panics
/// If a length does not fit the shape, or the window is empty or larger than 15 x 15.
pub fn conv2d_max_pool2d(
    level: Level,
    shape: &PoolShape,
    images: &[f32],
    weight: &[f32],
    bias: &[f32],
    values: &mut [f32],
    argmax: Option<&mut [u8]>,
) {
    let conv = &shape.conv;
    let n = images.len() / conv.input_len();
    assert_eq!(images.len(), n * conv.input_len(), "whole images");
    assert_eq!([weight.len(), bias.len()], [conv.filters * conv.filter_len(), conv.filters], "weights fit");
    assert!((1..=LARGEST_WINDOW).contains(&(shape.pool * shape.pool)), "a window of {}", shape.pool);
    let len = n * shape.output_len();
    assert_eq!(values.len(), len, "the output has a place for each image");
    let is_training = argmax.is_some();
    let argmax = argmax.unwrap_or_default();
    assert_eq!(argmax.len(), if is_training { len } else { 0 }, "an argmax for each pooled value");
    if len == 0 {
        return;
    }
    let method = Method::choose(level, shape, n, is_training);
    let is_winograd = matches!(method, Method::Winograd);
    let order = kept_filters::order(level, is_winograd, [conv.filters, conv.channels, conv.kernel]);
    let pack = |packed: &mut [f32]| match &method {
        Method::Direct(packing) => pack_forward(conv, packing, weight, packed),
        Method::Winograd => winograd::pack(level, conv.channels, conv.filters, weight, packed),
    };
    kept_filters::with_packed(order, weight, method.packed_len(level, conv), !is_training, pack, |packed| {
        let rows = band(n, shape.height());
        let (image_len, band_len) = (shape.output_len(), rows * shape.width() * conv.filters);
        pieces((values, image_len), (argmax, image_len), |i, values, argmax| {
            let image = &images[i * conv.input_len()..][..conv.input_len()];
            pieces((values, band_len), (argmax, band_len), |i, values, argmax| {
                method.run(level, image, i * rows, Band { shape, packed, padded: &[], bias, values, argmax });
            });
        });
    });
}

/// How the convolution is computed: from its pixels, or by Winograd's filtering.
enum Method {
    Direct(Packing),
    Winograd,
}

impl Method {
    fn choose(level: Level, shape: &PoolShape, n: usize, is_training: bool) -> Self {
        let conv = &shape.conv;
        let suits_winograd = (conv.kernel, conv.stride, shape.pool) == (5, 1, 2)
            && conv.channels >= winograd::FEWEST_CHANNELS
            && (n >= winograd::FEWEST_IMAGES || !is_training);
        if suits_winograd { Self::Winograd } else { Self::Direct(forward_packing(level, conv)) }
    }

    /// Values of all packed filters.
    fn packed_len(&self, level: Level, conv: &ConvShape) -> usize {
        match self {
            Self::Direct(packing) => packing.len(),
            Self::Winograd => winograd::packed_len(level, conv.channels, conv.filters),
        }
    }

    /// How many values of two scratch buffers a band of `rows` pooled rows needs.
    fn scratch_len(&self, level: Level, shape: &PoolShape, rows: usize) -> [usize; 2] {
        match self {
            Self::Direct(packing) => [shape.pool * shape.width() * shape.pool * packing.block, 0],
            Self::Winograd => winograd::scratch_len(level, shape.conv.channels, rows, shape.width()),
        }
    }
    /// Computes the band whose first pooled row is `first`, after padding the rows of `image` that it needs.
    fn run(&self, level: Level, image: &[f32], first: usize, band: Band<'_>) {
        let (conv, pool) = (&band.shape.conv, band.shape.pool);
        let rows = band.values.len() / (band.shape.width() * conv.filters);
        let [window, products] = self.scratch_len(level, band.shape, rows);
        // A vector that begins at the last pixel's last channel may reach beyond it, by up to 15 values.
        let padded = conv.padded_rows(rows * pool) * conv.padded_row() + 16;
        scratch::with([padded, window, products], |[padded, window, products]| {
            conv.pad(image, first * pool, padded);
            let band = Band { padded, ..band };
            match self {
                Self::Direct(packing) => level.run(DirectBand { band, packing, window }),
                Self::Winograd => level.run(WinogradBand { band, pixels: window, products }),
            }
        });
    }
}
