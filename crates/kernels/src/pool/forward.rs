//! Convolution, bias, max-pooling and ReLU in one pass, with the winners remembered.

use crate::filters;
use crate::forward::{forward_packing, pack_forward, write};
use crate::geometry::Geometry;
use crate::pack::Packing;
use crate::scratch;
use crate::simd::{Kernel, Level, Vector};
use crate::threads::{band, pieces};
use crate::tile::{self, Sink, WIDE, Walk};
use crate::winograd::{self, WinogradBand};

/// Written in place of a winner where ReLU let nothing through, so that no gradient comes back.
pub const CUT: u8 = u8::MAX;
/// The largest pooling window, in pixels: a winner has to fit into a byte beside [`CUT`].
pub(crate) const LARGEST_WINDOW: usize = 255;

/// A convolution whose output is pooled by maximum, in windows that do not overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooled {
    pub conv: Geometry,
    /// Rows and columns of a window, at most 15.
    pub pool: usize,
    /// Whether ReLU follows.
    pub relu: bool,
}

impl Pooled {
    pub(crate) fn height(&self) -> usize {
        self.conv.out_height / self.pool
    }

    pub(crate) fn width(&self) -> usize {
        self.conv.out_width / self.pool
    }

    /// Values of one output picture.
    pub(crate) fn output_len(&self) -> usize {
        self.height() * self.width() * self.conv.filters
    }
}

/// Pooled maps `[n, pooled height, pooled width, filters]`, and for each value which pixel of
/// its window it came from, in row order, or [`CUT`].
#[derive(Clone, Debug, PartialEq)]
pub struct Maps {
    pub values: Vec<f32>,
    /// Empty where nobody asked for winners.
    pub winners: Vec<u8>,
}

/// As [`crate::kernels::conv2d`], with pooling and ReLU behind it.
///
/// Of equal values in a window the first in row order wins; a value that is not a number wins
/// against all others. Without winners there will be no gradient, so the packed filters are kept
/// for the next pictures.
///
/// # Panics
/// If a length does not fit the geometry, or the window is empty or larger than 15 x 15.
pub fn conv2d_max_pool2d(
    level: Level,
    shape: &Pooled,
    pictures: &[f32],
    weight: &[f32],
    bias: &[f32],
    keep_winners: bool,
) -> Maps {
    let g = &shape.conv;
    let n = pictures.len() / g.input_len();
    assert_eq!(pictures.len(), n * g.input_len(), "whole pictures");
    assert_eq!([weight.len(), bias.len()], [g.filters * g.filter_len(), g.filters], "weights fit");
    assert!((1..=LARGEST_WINDOW).contains(&(shape.pool * shape.pool)), "a window of {}", shape.pool);
    let method = Method::choose(level, shape, n, keep_winners);
    let len = n * shape.output_len();
    let mut maps = Maps { values: vec![0.0; len], winners: vec![0; if keep_winners { len } else { 0 }] };
    if len == 0 {
        return maps;
    }
    let rows = band(n, shape.height());
    let row_len = shape.width() * g.filters;
    let order = filters::order(level, matches!(method, Method::Winograd), [g.filters, g.channels, g.kernel]);
    let pack = |packed: &mut [f32]| match &method {
        Method::Direct(packing) => pack_forward(g, packing, weight, packed),
        Method::Winograd => winograd::pack(level, g.channels, g.filters, weight, packed),
    };
    filters::with_packed(order, weight, method.packed_len(level, g), !keep_winners, pack, |packed| {
        let (picture_len, band_len) = (shape.output_len(), rows * row_len);
        let maps = ((maps.values.as_mut_slice(), picture_len), (maps.winners.as_mut_slice(), picture_len));
        pieces(maps.0, maps.1, |image, values, winners| {
            let picture = &pictures[image * g.input_len()..][..g.input_len()];
            pieces((values, band_len), (winners, band_len), |i, values, winners| {
                let count = values.len() / row_len;
                let [window, products] = method.scratch_len(level, shape, count);
                let padded = g.padded_rows(count * shape.pool) * g.padded_row() + 16;
                scratch::with([padded, window, products], |[padded, window, products]| {
                    g.pad(picture, i * rows * shape.pool, padded);
                    let band = Band { shape, packed, padded, bias, values, winners };
                    match &method {
                        Method::Direct(packing) => level.run(DirectBand { band, packing, window }),
                        Method::Winograd => level.run(WinogradBand { band, pixels: window, products }),
                    }
                });
            });
        });
    });
    maps
}

/// How the convolution is computed.
enum Method {
    Direct(Packing),
    Winograd,
}

impl Method {
    fn choose(level: Level, shape: &Pooled, n: usize, is_training: bool) -> Self {
        let g = &shape.conv;
        let suits_winograd = (g.kernel, g.stride, shape.pool) == (5, 1, 2)
            && g.channels >= winograd::FEWEST_CHANNELS
            && (n >= winograd::FEWEST_PICTURES || !is_training);
        if suits_winograd { Self::Winograd } else { Self::Direct(forward_packing(level, g)) }
    }

    fn packed_len(&self, level: Level, g: &Geometry) -> usize {
        match self {
            Self::Direct(packing) => packing.len(),
            Self::Winograd => winograd::packed_len(level, g.channels, g.filters),
        }
    }

    /// Values that a band of `rows` pooled rows needs while it is computed.
    fn scratch_len(&self, level: Level, shape: &Pooled, rows: usize) -> [usize; 2] {
        match self {
            Self::Direct(packing) => [shape.pool * shape.width() * shape.pool * packing.block, 0],
            Self::Winograd => winograd::scratch_len(level, shape.conv.channels, rows, shape.width()),
        }
    }
}

/// The pooled rows of one band of a picture.
pub(crate) struct Band<'a> {
    pub shape: &'a Pooled,
    /// All filters, as the method wants them.
    pub packed: &'a [f32],
    pub padded: &'a [f32],
    pub bias: &'a [f32],
    pub values: &'a mut [f32],
    /// Empty where nobody asked for winners.
    pub winners: &'a mut [u8],
}

/// A band, every output computed from its pixels.
struct DirectBand<'a> {
    band: Band<'a>,
    packing: &'a Packing,
    /// `[pool, width * pool, block]`: the convolution's rows that one pooled row comes from.
    window: &'a mut [f32],
}

impl Kernel for DirectBand<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Packing { filters, rows, row, block, .. } = *self.packing;
        let Band { shape, packed, padded, bias, values, winners } = self.band;
        let (g, pool) = (&shape.conv, shape.pool);
        let walk = Walk {
            repeats: 1,
            segments: rows,
            steps: row,
            a_segment: g.padded_row(),
            a_step: 1,
            b_segment: row * block,
            b_step: block,
            ..Walk::default()
        };
        let columns = shape.width() * pool;
        let row_len = shape.width() * filters;
        for (i, weights) in packed.chunks_exact(self.packing.block_len()).enumerate() {
            let first = i * block;
            let used = block.min(filters - first);
            let bias = &bias[first..first + used];
            for (y, values) in values.chunks_exact_mut(row_len).enumerate() {
                for (dy, target) in self.window.chunks_exact_mut(columns * block).enumerate() {
                    let padded = &padded[(y * pool + dy) * g.stride * g.padded_row()..];
                    let start = |x| x * g.pixel_step();
                    tile::rows(simd, columns, start, &walk, [padded, weights], &mut Keep(target));
                }
                for x in 0..shape.width() {
                    let at = x * filters + first;
                    let winner = winner(simd, &self.window[x * pool * block..], columns * block, pool);
                    let [sums, places] = finish(simd, winner, bias, shape.relu);
                    write(simd, &mut values[at..at + used], &sums);
                    if !winners.is_empty() {
                        write_bytes(simd, &mut winners[y * row_len + at..][..used], &places);
                    }
                }
            }
        }
    }
}

/// Keeps a row of sums, block by block.
pub(crate) struct Keep<'a>(pub &'a mut [f32]);

impl<S: Vector> Sink<S> for Keep<'_> {
    #[inline(always)]
    fn put(&mut self, simd: S, first: usize, sums: &[[S::f32s; WIDE]]) {
        let block = WIDE * S::LANES;
        for (target, sums) in self.0[first * block..].chunks_exact_mut(block).zip(sums) {
            write(simd, target, sums);
        }
    }
}

/// The largest values of a window and their places, as numbers, in each lane.
pub(crate) type Winner<S> = [[<S as pulp::Simd>::f32s; WIDE]; 2];

/// Looks through `pool` rows, `row` values apart, of `pool` pixels.
#[inline(always)]
fn winner<S: Vector>(simd: S, window: &[f32], row: usize, pool: usize) -> Winner<S> {
    let block = WIDE * S::LANES;
    assert!((pool - 1) * (row + block) + block <= window.len(), "the window lies in its rows");
    let mut best = [[simd.splat_f32s(0.0); WIDE]; 2];
    for i in 0..WIDE {
        for place in 0..pool * pool {
            let at = place / pool * row + place % pool * block + i * S::LANES;
            // SAFETY: the last vector of the last pixel ends where the assertion says.
            let value = unsafe { simd.load(window.as_ptr().add(at)) };
            let candidate = [value, simd.splat_f32s(place as f32)];
            let so_far = [best[0][i], best[1][i]];
            [best[0][i], best[1][i]] = if place == 0 { candidate } else { better(simd, so_far, candidate) };
        }
    }
    best
}

/// The candidate where it is larger or the first that is not a number, else the best so far.
#[inline(always)]
pub(crate) fn better<S: Vector>(simd: S, best: [S::f32s; 2], candidate: [S::f32s; 2]) -> [S::f32s; 2] {
    let not_above = simd.less_than_or_equal_f32s(candidate[0], best[0]);
    let is_number = simd.equal_f32s(best[0], best[0]);
    let takes = simd.and_m32s(simd.not_m32s(not_above), is_number);
    [simd.select_f32s(takes, candidate[0], best[0]), simd.select_f32s(takes, candidate[1], best[1])]
}

/// Adds the bias and applies ReLU to the largest values; their places become [`CUT`] where it cuts.
#[inline(always)]
pub(crate) fn finish<S: Vector>(simd: S, winner: Winner<S>, bias: &[f32], relu: bool) -> Winner<S> {
    let mut padded = [0.0; 16 * WIDE];
    padded[..bias.len()].copy_from_slice(bias);
    let [mut sums, mut places] = winner;
    for i in 0..WIDE {
        // SAFETY: `padded` has room for `WIDE` vectors of 16 lanes, the longest there are.
        let bias = unsafe { simd.load(padded.as_ptr().add(i * S::LANES)) };
        sums[i] = simd.add_f32s(sums[i], bias);
        if relu {
            let zero = simd.splat_f32s(0.0);
            let cut = simd.less_than_or_equal_f32s(sums[i], zero);
            sums[i] = simd.select_f32s(cut, zero, sums[i]);
            places[i] = simd.select_f32s(cut, simd.splat_f32s(f32::from(CUT)), places[i]);
        }
    }
    [sums, places]
}

/// Writes places as bytes.
#[inline(always)]
pub(crate) fn write_bytes<S: Vector>(simd: S, target: &mut [u8], places: &[S::f32s; WIDE]) {
    let mut lanes = [0.0; 16 * WIDE];
    for (i, places) in places.iter().enumerate() {
        // SAFETY: `lanes` has room for `WIDE` vectors of 16 lanes, the longest there are.
        unsafe { simd.store(lanes.as_mut_ptr().add(i * S::LANES), *places) };
    }
    for (byte, place) in target.iter_mut().zip(lanes) {
        *byte = place as u8;
    }
}
