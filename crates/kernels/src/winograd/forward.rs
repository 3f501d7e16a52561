//! Convolution without pooling by Winograd's filtering.

use crate::conv::shape::ConvShape;
use crate::filters::kept::{self, Keep};
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::tile::WIDE;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::band;
use crate::threads::parallel::*;
use crate::winograd::filters::FilterOrder;
use crate::winograd::images::ImagesAtPoints;
use crate::winograd::lanes::{load, store, unscaled};
use crate::winograd::multiply::Multiply;
use crate::winograd::points::{SIDE, column, outputs};
use crate::winograd::tiles::{PointRows, TILES, Tiles};

/// Computes what [`conv2d`](crate::conv2d) does, for shapes for which [`pays`](crate::winograd::tiles::pays).
pub(crate) fn conv2d(
    level: Level,
    conv: &ConvShape,
    [images, weight, bias]: [&[f32]; 3],
    keep_filters: Keep<'_>,
    out: &mut [f32],
) {
    let tiles = Tiles::new(conv);
    let n = images.len() / conv.input_len();
    let filters = FilterOrder::forward(level, conv);
    let order = kept::order(level, true, [conv.filters, conv.channels, conv.kernel]);
    let pack = |packed: &mut [f32]| filters.pack(level, conv.kernel, weight, packed);
    // Several images fill up the tiles that are computed at a time; bands of a single one are whole rows of tiles.
    let [tile_rows, side] = tiles.rows();
    let rows = band(n, tile_rows);
    let most = (n / (4 * current_num_threads())).max(1);
    let group = if rows < tile_rows { 1 } else { (4 * TILES).div_ceil(tiles.per_image()).min(most) };
    kept::with_packed(order, weight, filters.len(), keep_filters, pack, |packed| {
        let groups = out.par_chunks_mut(group * conv.output_len());
        groups.zip(images.par_chunks(group * conv.input_len())).for_each(|(out, images)| {
            let bands = out.par_chunks_mut(group * rows * side * conv.out_width * conv.filters).enumerate();
            bands.for_each(|(i, out)| {
                let first = i * tiles.of_rows(rows * side);
                let band = Band { level, tiles: &tiles, filters: &filters, packed, images, bias, first };
                band.convolve(out);
            });
        });
    });
}

/// Some rows of tiles of one image, or all tiles of several.
struct Band<'a> {
    level: Level,
    tiles: &'a Tiles,
    filters: &'a FilterOrder,
    packed: &'a [f32],
    images: &'a [f32],
    bias: &'a [f32],
    /// The first tile.
    first: usize,
}

impl Band<'_> {
    fn convolve(self, out: &mut [f32]) {
        let Self { level, tiles, filters, packed, images, bias, first } = self;
        let conv = &tiles.conv;
        let n = images.len() / conv.input_len();
        let end = first + n * tiles.of_rows(out.len() / (n * conv.out_width * conv.filters));
        let lanes = level.lanes();
        let rows = PointRows::new(TILES, conv.channels, lanes);
        let out_rows = PointRows::new(TILES, conv.filters, WIDE * lanes);
        scratch::with([rows.len(), out_rows.len(), conv.channels], |[values, products, zeros]| {
            zeros.fill(0.0);
            for begin in (first..end).step_by(TILES) {
                let range = begin..end.min(begin + TILES);
                let count = range.len();
                level.run(ImagesAtPoints { tiles, range, images, zeros, rows, out: values });
                level.run(Multiply {
                    order: filters,
                    filters: packed,
                    tiles: count,
                    rows,
                    values,
                    out_rows,
                    out: products,
                });
                let finish = Finish { tiles, first, begin, count, rows: out_rows, products, bias, out };
                match conv.kernel {
                    3 => level.run(FinishOutputs::<4>(finish)),
                    _ => level.run(FinishOutputs::<2>(finish)),
                }
            }
        });
    }
}

/// Turns products back into outputs.
struct Finish<'a> {
    tiles: &'a Tiles,
    /// The tile with which `out` begins, which begins a row of tiles.
    first: usize,
    /// The first tile of the products.
    begin: usize,
    count: usize,
    rows: PointRows,
    /// `[point, tile, filter]`, see `rows`
    products: &'a [f32],
    bias: &'a [f32],
    out: &'a mut [f32],
}

/// The same with the outputs along the side of a tile.
struct FinishOutputs<'a, const OUTPUTS: usize>(Finish<'a>);

impl<const OUTPUTS: usize> Kernel for FinishOutputs<'_, OUTPUTS> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Finish { tiles, first, begin, count, rows, products, bias, out } = self.0;
        let maps = tiles.outputs();
        let (_, [first_row, _]) = tiles.place(first);
        assert!(rows.len() <= products.len() && count * rows.row <= rows.point, "the products of all tiles");
        assert!(maps.channels.next_multiple_of(S::LANES) <= rows.row, "a row holds all filters");
        let before = first_row * maps.width * maps.channels;
        for i in 0..count {
            let (image, [y, x]) = tiles.place(begin + i);
            let width = OUTPUTS.min(maps.width - x);
            for filter in (0..maps.channels).step_by(S::LANES) {
                let bias = load(simd, bias, filter);
                let at = &products[i * rows.row + filter..];
                // SAFETY: rows and points were checked above.
                let lines = unsafe { half_outputs::<S, OUTPUTS>(simd, at, rows.point) };
                for (dy, line) in lines.iter().enumerate().take(maps.height - y) {
                    let at = image * maps.len() + ((y + dy) * maps.width + x) * maps.channels - before;
                    let target = &mut out[at..][..width * maps.channels];
                    let values = outputs::<S, OUTPUTS>(simd, *line);
                    for (value, pixel) in values.into_iter().zip(target.chunks_exact_mut(maps.channels)) {
                        store(simd, pixel, filter, simd.add_f32s(unscaled(simd, value), bias));
                    }
                }
            }
        }
    }
}

/// Turns the columns of products back into outputs: `[output row][point]`.
///
/// # Safety
/// `products` holds a vector at its start, `point` values further on, and so on for each point.
#[inline(always)]
unsafe fn half_outputs<S: Vector, const OUTPUTS: usize>(
    simd: S,
    products: &[f32],
    point: usize,
) -> [[S::f32s; SIDE]; OUTPUTS] {
    let mut lines = [[simd.splat_f32s(0.0); SIDE]; OUTPUTS];
    let mut columns = [[simd.splat_f32s(0.0); SIDE]; SIDE];
    for (i, value) in columns.as_flattened_mut().iter_mut().enumerate() {
        // SAFETY: the caller vouches for the place.
        *value = unsafe { simd.load(products.as_ptr().add(i * point)) };
    }
    for x in 0..SIDE {
        let values = outputs::<S, OUTPUTS>(simd, column(&columns, x));
        for (line, value) in lines.iter_mut().zip(values) {
            line[x] = value;
        }
    }
    lines
}
