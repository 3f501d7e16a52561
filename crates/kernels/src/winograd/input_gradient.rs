//! Products of gradients and filters, turned into what each tile adds to the gradient of the images.

use crate::simd::vector::{Kernel, Vector};
use crate::winograd::lanes::{load, store, unscaled};
use crate::winograd::points::{POINTS, SIDE, column, times};
use crate::winograd::tiles::{PointRows, Tiles};

/// Adds the gradients of tiles to those of the images. Tiles overlap; each pixel gets its terms in the tiles' order.
pub(crate) struct AddTiles<'a> {
    pub tiles: &'a Tiles,
    /// The first tile of the products.
    pub begin: usize,
    /// How many tiles there are.
    pub count: usize,
    pub rows: PointRows,
    /// `[point, tile, channel]`, see `rows`
    pub products: &'a [f32],
    /// `[n, height, width, channels]`
    pub input: &'a mut [f32],
}

impl Kernel for AddTiles<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Self { tiles, begin, count, rows, products, input } = self;
        let maps = tiles.images();
        assert!(rows.len() <= products.len() && count * rows.row <= rows.point, "the products of all tiles");
        assert!(maps.channels.next_multiple_of(S::LANES) <= rows.row, "a row holds all channels");
        for i in 0..count {
            let (image, place) = tiles.pixel_place(begin + i);
            let input = &mut input[image * maps.len()..][..maps.len()];
            let [ys, xs] = maps.inside(place, SIDE);
            for channel in (0..maps.channels).step_by(S::LANES) {
                let at = &products[i * rows.row + channel..];
                // SAFETY: rows and points were checked above.
                let lines = unsafe { half_pixels(simd, at, rows.point) };
                for y in ys.clone() {
                    let values = points_to_pixels(simd, lines[y]);
                    let row = (place[0] + y as isize) as usize * maps.width;
                    for x in xs.clone() {
                        let pixel = (row + (place[1] + x as isize) as usize) * maps.channels;
                        let pixel = &mut input[pixel..][..maps.channels];
                        let sum = simd.add_f32s(load(simd, pixel, channel), unscaled(simd, values[x]));
                        store(simd, pixel, channel, sum);
                    }
                }
            }
        }
    }
}

/// Turns the columns of products back into pixels: `[row][point]`.
///
/// # Safety
/// `products` holds a vector at its start, `point` values further on, and so on for each point.
#[inline(always)]
unsafe fn half_pixels<S: Vector>(simd: S, products: &[f32], point: usize) -> [[S::f32s; SIDE]; SIDE] {
    let mut columns = [[simd.splat_f32s(0.0); SIDE]; SIDE];
    for (i, value) in columns.as_flattened_mut().iter_mut().enumerate().take(POINTS) {
        // SAFETY: the caller vouches for the place.
        *value = unsafe { simd.load(products.as_ptr().add(i * point)) };
    }
    let mut lines = columns;
    for x in 0..SIDE {
        let pixels = points_to_pixels(simd, column(&columns, x));
        for (line, value) in lines.iter_mut().zip(pixels) {
            line[x] = value;
        }
    }
    lines
}

/// The transpose of [`pixels_at_points`](super::points::pixels_at_points).
#[inline(always)]
fn points_to_pixels<S: Vector>(simd: S, p: [S::f32s; SIDE]) -> [S::f32s; SIDE] {
    let (sum, difference) = (simd.add_f32s(p[1], p[2]), simd.sub_f32s(p[1], p[2]));
    let (sum_2, difference_2) = (simd.add_f32s(p[3], p[4]), simd.sub_f32s(p[3], p[4]));
    let four = simd.splat_f32s(4.0);
    [
        simd.mul_f32s(four, p[0]),
        times(simd, -2.0, difference_2, simd.mul_f32s(four, simd.sub_f32s(p[5], difference))),
        simd.sub_f32s(times(simd, -4.0, sum, simd.mul_f32s(simd.splat_f32s(-5.0), p[0])), sum_2),
        times(simd, -5.0, p[5], times(simd, 2.0, difference_2, difference)),
        simd.add_f32s(p[0], simd.add_f32s(sum, sum_2)),
        p[5],
    ]
}
