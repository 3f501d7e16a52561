//! Convolution, bias, activation and max-pooling in one pass, which remembers where each maximum was.

use crate::conv::correlation::{forward_packing, pack_forward};
use crate::conv::shape::ConvShape;
use crate::filters::kept::{self, Keep};
use crate::filters::packing::Packing;
use crate::memory::scratch;
use crate::pool::direct::DirectBand;
use crate::pool::outputs::Outputs;
use crate::pool::shape::{LARGEST_WINDOW, PoolShape, SlopeSource};
use crate::pool::window::Band;
use crate::pool::winograd::{self, WinogradBand};
use crate::simd::level::Level;
use crate::threads::band;

/// What the forward pass writes for the backward pass, `[n, pooled height, pooled width, filters]` each.
#[derive(Debug)]
pub struct Winners<'a> {
    /// The place in its window that each pooled value came from, counted in row order, or [`CUT`](crate::CUT).
    pub argmax: &'a mut [u8],
    /// The slope of the activation at each pooled value. It is empty unless the shape's
    /// [`slope_source`](PoolShape::slope_source) is [`SlopeSource::Slopes`].
    pub slopes: &'a mut [f32],
}

/// What the pooled values are for.
#[derive(Debug)]
pub enum Purpose<'a> {
    /// Gradients will be computed from the winners. The packed filters are not kept.
    Training(Winners<'a>),
    /// No gradient will be computed.
    Inference(Keep<'a>),
}

/// Convolves as [`conv2d`](crate::conv2d) does, applies the shape's activation, pools by maximum, and writes `[n,
/// pooled height, pooled width, filters]` to `values`.
///
/// If several values of a window are equal, the first in row order is the maximum; a value that is not a number
/// counts as larger than all others. Which values are equal is decided before an activation other than GELU is
/// applied.
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
    purpose: Purpose<'_>,
) {
    let conv = &shape.conv;
    let n = images.len() / conv.input_len();
    assert_eq!(images.len(), n * conv.input_len(), "whole images");
    assert_eq!([weight.len(), bias.len()], [conv.filters * conv.filter_len(), conv.filters], "weights fit");
    assert!((1..=LARGEST_WINDOW).contains(&(shape.pool * shape.pool)), "a window of {}", shape.pool);
    let len = n * shape.output_len();
    assert_eq!(values.len(), len, "the output has a place for each image");
    let (is_training, keep, Winners { argmax, slopes }) = match purpose {
        Purpose::Training(winners) => (true, Keep::No, winners),
        Purpose::Inference(keep) => (false, keep, Winners { argmax: &mut [], slopes: &mut [] }),
    };
    let has_slopes = is_training && shape.slope_source() == SlopeSource::Slopes;
    let lengths = [is_training, has_slopes].map(|is_kept| if is_kept { len } else { 0 });
    assert_eq!(
        [argmax.len(), slopes.len()],
        lengths,
        "an argmax, and a slope if needed, for each pooled value"
    );
    if len == 0 {
        return;
    }
    let method = Method::choose(level, shape, n, is_training);
    let is_winograd = matches!(method, Method::Winograd);
    let order = kept::order(level, is_winograd, [conv.filters, conv.channels, conv.kernel]);
    let pack = |packed: &mut [f32]| match &method {
        Method::Direct(packing) => pack_forward(conv, packing, weight, packed),
        Method::Winograd => winograd::pack(level, conv, weight, packed),
    };
    kept::with_packed(order, weight, method.packed_len(level, conv), keep, pack, |packed| {
        let rows = method.rows_of_band(n, shape);
        let out = Outputs { values, argmax, slopes };
        out.for_each_piece(shape.output_len(), |i, out| {
            let image = &images[i * conv.input_len()..][..conv.input_len()];
            out.for_each_piece(rows * shape.width() * conv.filters, |i, out| {
                method.run(level, image, i * rows, Band { shape, packed, padded: &[], bias, out });
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
        let is_worth_packing = n >= winograd::FEWEST_IMAGES || !is_training;
        if winograd::suits(shape) && is_worth_packing {
            Self::Winograd
        } else {
            Self::Direct(forward_packing(level, &shape.conv))
        }
    }

    /// Values of all packed filters.
    fn packed_len(&self, level: Level, conv: &ConvShape) -> usize {
        match self {
            Self::Direct(packing) => packing.len(),
            Self::Winograd => winograd::packed_len(level, conv),
        }
    }

    /// How many pooled rows a thread computes at a time. Where a tile has several of them, a band has whole tiles,
    /// so that the rounding of a value does not depend on the number of threads.
    fn rows_of_band(&self, n: usize, shape: &PoolShape) -> usize {
        let rows = band(n, shape.height());
        match self {
            Self::Direct(_) => rows,
            Self::Winograd => rows.next_multiple_of(winograd::windows_of(shape)),
        }
    }

    /// How many values of two scratch buffers a band of `rows` pooled rows needs.
    fn scratch_len(&self, level: Level, shape: &PoolShape, rows: usize) -> [usize; 2] {
        match self {
            Self::Direct(packing) => [shape.pool * shape.width() * shape.pool * packing.block, 0],
            Self::Winograd => winograd::scratch_len(level, shape, rows),
        }
    }

    /// Computes the band whose first pooled row is `first`, after padding the rows of `image` that it needs.
    fn run(&self, level: Level, image: &[f32], first: usize, band: Band<'_>) {
        let (shape, rows) = (band.shape, band.rows());
        let [window, products] = self.scratch_len(level, shape, rows);
        let (conv, out_rows) = match self {
            Self::Direct(_) => (shape.conv, rows * shape.pool),
            Self::Winograd => winograd::whole_tiles(shape, rows),
        };
        // A vector that begins at the last pixel's last channel may reach beyond it, by up to 15 values.
        let padded = conv.padded_rows(out_rows) * conv.padded_row() + 16;
        scratch::with([padded, window, products], |[padded, window, products]| {
            conv.pad(image, first * shape.pool, padded);
            let band = Band { padded, ..band };
            match self {
                Self::Direct(packing) => level.run(DirectBand { band, packing, window }),
                Self::Winograd => level.run(WinogradBand { band, conv, pixels: window, products }),
            }
        });
    }
}
