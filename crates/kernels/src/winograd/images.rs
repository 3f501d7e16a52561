//! Tiles of images at the points.

use std::ops::Range;

use crate::simd::vector::{Kernel, Vector};
use crate::winograd::lanes::load_unchecked;
use crate::winograd::points::{SIDE, column, pixels_at_points};
use crate::winograd::tiles::{PointRows, Tiles};

/// Turns tiles of images into their values at the points.
pub(crate) struct ImagesAtPoints<'a> {
    pub tiles: &'a Tiles,
    pub range: Range<usize>,
    /// `[n, height, width, channels]`
    pub images: &'a [f32],
    /// As many zeros as there are channels, for pixels outside the images.
    pub zeros: &'a [f32],
    pub rows: PointRows,
    /// `[point, tile, channel]`, see `rows`
    pub out: &'a mut [f32],
}

impl Kernel for ImagesAtPoints<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let PointRows { row, point, .. } = self.rows;
        let maps = self.tiles.images();
        let whole = maps.channels / S::LANES * S::LANES;
        assert!(
            self.rows.len() <= self.out.len() && self.range.len() * row <= point,
            "a place for each value"
        );
        assert!(maps.channels.next_multiple_of(S::LANES) <= row, "a row holds all channels");
        for (i, tile) in self.range.enumerate() {
            let (image, place) = self.tiles.pixel_place(tile);
            let square = maps.square(&self.images[image * maps.len()..][..maps.len()], place, self.zeros);
            for channel in (0..whole).step_by(S::LANES) {
                // SAFETY: a whole vector of channels remains; the row and its place at the last point were checked above.
                unsafe { transform::<S, true>(simd, &square, channel, &mut self.out[i * row..], point) };
            }
            for channel in (whole..maps.channels).step_by(S::LANES) {
                // SAFETY: as above.
                unsafe { transform::<S, false>(simd, &square, channel, &mut self.out[i * row..], point) };
            }
        }
    }
}

/// Transforms the channels from `channel` on.
///
/// # Safety
/// With `WHOLE` each pixel of the square has all the vector's channels. `out` has room for a vector at `channel`, `point` values further on, and so on for each point.
#[inline(always)]
unsafe fn transform<S: Vector, const WHOLE: bool>(
    simd: S,
    square: &[[&[f32]; SIDE]; SIDE],
    channel: usize,
    out: &mut [f32],
    point: usize,
) {
    let mut lines = [[simd.splat_f32s(0.0); SIDE]; SIDE];
    for (line, pixels) in lines.iter_mut().zip(square) {
        let mut values = [simd.splat_f32s(0.0); SIDE];
        for (value, pixel) in values.iter_mut().zip(pixels) {
            // SAFETY: the caller vouches for the channels.
            *value = unsafe { load_unchecked::<S, WHOLE>(simd, pixel, channel) };
        }
        *line = pixels_at_points(simd, values);
    }
    for x in 0..SIDE {
        for (y, value) in pixels_at_points(simd, column(&lines, x)).into_iter().enumerate() {
            // SAFETY: the caller vouches for the place.
            unsafe { simd.store(out.as_mut_ptr().add((y * SIDE + x) * point + channel), value) };
        }
    }
}
