//! The gradient of a convolution's input, as one correlation of the output's gradient for each phase.

use crate::conv::correlation::{Correlation, number_pixels};
use crate::conv::shape::ConvShape;
use crate::filters::packing::Packing;
use crate::memory::layout::surround;
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::tile::WIDE;
use crate::threads::group;
use crate::threads::parallel::*;

/// A phase along one axis: the input pixels that the same kernel taps reach. With stride `s` there are `s`
/// phases.
///
/// Input pixel `u` gets, for each tap `k` with `u + before = y * s + k`, the gradient of output
/// pixel `y`. With `u + before = s * q + phase` the taps are `phase + s * j` and their output
/// pixels `q - j`: a correlation with the taps in reverse order.
#[derive(Clone, Copy, Debug)]
struct AxisPhase {
    phase: usize,
    taps: usize,
    /// The first `q`.
    first: usize,
    /// How many `q` there are.
    count: usize,
}

impl AxisPhase {
    /// The phases of an axis of `size` pixels with `before` zeros in front.
    fn all(size: usize, before: usize, kernel: usize, stride: usize) -> impl Iterator<Item = Self> {
        (0..stride).map(move |phase| {
            let taps = kernel.saturating_sub(phase).div_ceil(stride);
            let first = before.saturating_sub(phase).div_ceil(stride);
            let end = (size + before).saturating_sub(phase).div_ceil(stride);
            Self { phase, taps, first, count: end.saturating_sub(first) }
        })
    }

    /// The kernel's tap that stands at place `i` of the reversed taps.
    fn tap(&self, i: usize, stride: usize) -> usize {
        self.phase + stride * (self.taps - 1 - i)
    }
}

/// The input pixels that belong to one phase along each axis, and the packed weights that reach them.
#[derive(Clone, Copy, Debug)]
struct Phase {
    y: AxisPhase,
    x: AxisPhase,
    packing: Packing,
    /// Where the phase's packed weights start.
    at: usize,
}

impl Phase {
    /// The phases that any tap reaches: with a stride larger than the kernel some are reached by none.
    fn all(level: Level, conv: &ConvShape) -> impl Iterator<Item = Self> {
        let block = WIDE * level.lanes();
        let rows = AxisPhase::all(conv.height, conv.top, conv.kernel, conv.stride);
        let pairs = rows.flat_map(move |y| {
            AxisPhase::all(conv.width, conv.left, conv.kernel, conv.stride).map(move |x| (y, x))
        });
        let phases = pairs.scan(0, move |end, (y, x)| {
            let packing = Packing { filters: conv.channels, rows: y.taps, row: x.taps * conv.filters, block };
            let at = *end;
            *end += packing.len();
            Some(Self { y, x, packing, at })
        });
        phases.filter(|phase| phase.packing.len() > 0)
    }

    fn packed_range(&self) -> std::ops::Range<usize> {
        self.at..self.at + self.packing.len()
    }

    fn pack(&self, conv: &ConvShape, weight: &[f32], packed: &mut [f32]) {
        let taps = conv.kernel * conv.kernel;
        let packed = &mut packed[self.packed_range()];
        self.packing.pack(
            packed,
            weight,
            conv.filters,
            |channel| channel * taps,
            |[i, j, filter]| {
                let (ky, kx) = (self.y.tap(i, conv.stride), self.x.tap(j, conv.stride));
                filter * conv.channels * taps + ky * conv.kernel + kx
            },
        );
    }
}

/// The output's gradients of one image with zeros around them, so that each phase's correlation finds a value
/// wherever it looks.
#[derive(Clone, Copy, Debug)]
struct PaddedUpstream {
    /// Zeros before the first gradient, along each axis: one less than the most taps of a phase.
    before: usize,
    /// Values of a row.
    row: usize,
    /// Values of an image.
    len: usize,
}

impl PaddedUpstream {
    fn new(conv: &ConvShape) -> Self {
        let before = conv.kernel.div_ceil(conv.stride) - 1;
        let reach = |size: usize, first: usize| before + (size + first).div_ceil(conv.stride);
        let (rows, columns) = (reach(conv.height, conv.top), reach(conv.width, conv.left));
        let row = columns * conv.filters;
        Self { before, row, len: rows * row }
    }

    fn pad(&self, conv: &ConvShape, upstream: &[f32], padded: &mut [f32]) {
        let corner = [self.before as isize, (self.before * conv.filters) as isize];
        surround(upstream, conv.out_width * conv.filters, corner, padded, self.row);
    }
}

/// Computes the gradient `[n, height, width, channels]` of the images from `upstream` `[n, out height, out
/// width, filters]`.
pub(crate) fn input_gradient(
    level: Level,
    conv: &ConvShape,
    n: usize,
    weight: &[f32],
    upstream: &[f32],
    input: &mut [f32],
) {
    let packed_len = Phase::all(level, conv).map(|phase| phase.packing.len()).sum();
    scratch::with([packed_len], |[packed]| {
        for phase in Phase::all(level, conv) {
            phase.pack(conv, weight, packed);
        }
        let packed = &*packed;
        let group = group(n, PaddedUpstream::new(conv).len);
        let groups = input.par_chunks_mut(group * conv.input_len());
        groups.zip(upstream.par_chunks(group * conv.output_len())).for_each(|(input, upstream)| {
            group_gradient(level, conv, packed, upstream, input);
        });
    });
}

/// The gradient of a group of images that one thread computes.
fn group_gradient(level: Level, conv: &ConvShape, packed: &[f32], upstream: &[f32], input: &mut [f32]) {
    let layout = PaddedUpstream::new(conv);
    let images = input.len() / conv.input_len();
    let pixels = conv.height * conv.width;
    if conv.stride > conv.kernel {
        // No tap reaches some of the pixels, so nothing else writes their gradients.
        input.fill(0.0);
    }
    scratch::with([images * layout.len, pixels, pixels], |[padded, starts, places]| {
        let [starts, places] = [starts, places].map(scratch::as_indices);
        let padded_images = padded.chunks_exact_mut(layout.len);
        for (upstream, padded) in upstream.chunks_exact(conv.output_len()).zip(padded_images) {
            layout.pad(conv, upstream, padded);
        }
        for phase in Phase::all(level, conv) {
            let Phase { y, x, packing, .. } = phase;
            let pixels = y.count * x.count;
            if pixels == 0 {
                continue;
            }
            // Where the first pixel's taps begin in the padded gradients, and where the pixel lies in the
            // input.
            let (row, column) = (y.first + layout.before + 1 - y.taps, x.first + layout.before + 1 - x.taps);
            let (up, left) =
                (conv.stride * y.first + y.phase - conv.top, conv.stride * x.first + x.phase - conv.left);
            number_pixels(&mut starts[..pixels], x.count, layout.row, conv.filters);
            let [input_row, input_pixel] = [conv.width, 1].map(|pixels| conv.stride * pixels * conv.channels);
            number_pixels(&mut places[..pixels], x.count, input_row, input_pixel);
            level.run(Correlation {
                packing: &packing,
                packed: &packed[phase.packed_range()],
                padded: &padded[row * layout.row + column * conv.filters..],
                images,
                padded_image: layout.len,
                padded_row: layout.row,
                starts: &starts[..pixels],
                places: &places[..pixels],
                bias: None,
                out: &mut input[(up * conv.width + left) * conv.channels..],
                out_image: conv.input_len(),
            });
        }
    });
}
