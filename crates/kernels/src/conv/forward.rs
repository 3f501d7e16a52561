//! Convolution without pooling, and the correlation of one picture that it is made of.

use rayon::prelude::*;

use crate::dense::Store;
use crate::filters;
use crate::geometry::Geometry;
use crate::pack::Packing;
use crate::scratch;
use crate::simd::{Kernel, Level, Vector};
use crate::threads::{band, group};
use crate::tile::{self, WIDE, Walk};

/// Convolves pictures `[n, height, width, channels]` with `weight` `[filters, channels, kernel,
/// kernel]` and adds `bias` `[filters]`: the result is `[n, out height, out width, filters]`.
///
/// With `keep_filters` the packed filters are kept for the next pictures.
///
/// # Panics
/// If a length does not fit the geometry.
pub fn conv2d(
    level: Level,
    g: &Geometry,
    pictures: &[f32],
    weight: &[f32],
    bias: &[f32],
    keep_filters: bool,
) -> Vec<f32> {
    let n = pictures.len() / g.input_len();
    assert_eq!(pictures.len(), n * g.input_len(), "whole pictures");
    assert_eq!([weight.len(), bias.len()], [g.filters * g.filter_len(), g.filters], "weights fit");
    let packing = forward_packing(level, g);
    let mut out = vec![0.0; n * g.output_len()];
    let order = filters::order(level, false, [g.filters, g.channels, g.kernel]);
    let pack = |packed: &mut [f32]| pack_forward(g, &packing, weight, packed);
    let rows = band(n, g.out_height);
    let images = if rows < g.out_height { 1 } else { group(n, g.padded_len()) };
    filters::with_packed(order, weight, packing.len(), keep_filters, pack, |packed| {
        let parts = out.par_chunks_mut((images * g.output_len()).max(1));
        parts.zip(pictures.par_chunks(images * g.input_len())).for_each(|(out, pictures)| {
            let bands = out.par_chunks_mut(images * rows * g.out_width * g.filters).enumerate();
            bands.for_each(|(i, out)| {
                let images = pictures.len() / g.input_len();
                let count = out.len() / (images * g.out_width * g.filters);
                let padded_len = g.padded_rows(count) * g.padded_row();
                let pixels = count * g.out_width;
                scratch::with([images * padded_len, pixels, pixels], |[padded, starts, places]| {
                    let [starts, places] = [starts, places].map(scratch::as_indices);
                    number(starts, g.out_width, g.stride * g.padded_row(), g.pixel_step());
                    number(places, g.out_width, g.out_width * g.filters, g.filters);
                    let padded_pictures = padded.chunks_exact_mut(padded_len);
                    for (picture, padded) in pictures.chunks_exact(g.input_len()).zip(padded_pictures) {
                        g.pad(picture, i * rows, padded);
                    }
                    level.run(Correlation {
                        packing: &packing,
                        packed,
                        padded,
                        images,
                        padded_image: padded_len,
                        padded_row: g.padded_row(),
                        starts,
                        places,
                        bias: Some(bias),
                        out,
                        out_image: pixels * g.filters,
                    });
                });
            });
        });
    });
    out
}

/// Filters as the forward kernels read them.
pub(crate) fn forward_packing(level: Level, g: &Geometry) -> Packing {
    Packing { filters: g.filters, rows: g.kernel, row: g.kernel_row(), block: WIDE * level.lanes() }
}

/// Packs `[filters, channels, kernel, kernel]` for the forward kernels.
pub(crate) fn pack_forward(g: &Geometry, packing: &Packing, weight: &[f32], packed: &mut [f32]) {
    let kernel = g.kernel;
    packing.pack(packed, |filter, ky, i| {
        let (kx, channel) = (i / g.channels, i % g.channels);
        weight[((filter * g.channels + channel) * kernel + ky) * kernel + kx]
    });
}

/// Where each pixel of rows of `columns` lies, given the values from row to row and pixel to pixel.
pub(crate) fn number(places: &mut [u32], columns: usize, row: usize, pixel: usize) {
    for (y, places) in places.chunks_exact_mut(columns).enumerate() {
        for (x, place) in places.iter_mut().enumerate() {
            *place = (y * row + x * pixel) as u32;
        }
    }
}

/// Every output of some padded pictures, or of a band of one.
pub(crate) struct Correlation<'a> {
    pub packing: &'a Packing,
    pub packed: &'a [f32],
    pub padded: &'a [f32],
    pub images: usize,
    /// Values of a padded picture, and of a row of it.
    pub padded_image: usize,
    pub padded_row: usize,
    /// Where in a padded picture each output pixel looks, and where in `out` it goes.
    pub starts: &'a [u32],
    pub places: &'a [u32],
    pub bias: Option<&'a [f32]>,
    pub out: &'a mut [f32],
    /// Values of `out` from one picture to the next.
    pub out_image: usize,
}

impl Kernel for Correlation<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Packing { filters, row, block, .. } = *self.packing;
        let walk = Walk {
            repeats: 1,
            segments: self.packing.rows,
            steps: row,
            a_segment: self.padded_row,
            a_step: 1,
            b_segment: row * block,
            b_step: block,
            ..Walk::default()
        };
        let (starts, places) = (self.starts, self.places);
        for (i, weights) in self.packed.chunks_exact(self.packing.block_len()).enumerate() {
            let first = i * block;
            let used = block.min(filters - first);
            let bias = self.bias.map(|bias| &bias[first..first + used]);
            // A block of filters is used up by all pictures before the next is fetched.
            for image in 0..self.images {
                let padded = &self.padded[image * self.padded_image..];
                let out = &mut self.out[image * self.out_image + first..];
                let place = |pixel: usize| places[pixel] as usize;
                let start = |pixel: usize| starts[pixel] as usize;
                let mut store = Store { out, place, used, bias };
                tile::rows(simd, starts.len(), start, &walk, [padded, weights], &mut store);
            }
        }
    }
}

/// Writes `WIDE` vectors side by side, or as much of them as the target has room for.
#[inline(always)]
pub(crate) fn write<S: Vector>(simd: S, target: &mut [f32], vectors: &[S::f32s; WIDE]) {
    let mut whole = [[0.0; 16]; WIDE];
    let is_whole = target.len() == WIDE * S::LANES;
    for (i, (vector, spare)) in vectors.iter().zip(&mut whole).enumerate() {
        let to = if is_whole { target[i * S::LANES..].as_mut_ptr() } else { spare.as_mut_ptr() };
        // SAFETY: a whole target has room for each vector, and no vector is longer than 16 lanes.
        unsafe { simd.store(to, *vector) };
    }
    if !is_whole {
        let lanes = whole.iter().flat_map(|spare| &spare[..S::LANES]);
        for (value, lane) in target.iter_mut().zip(lanes) {
            *value = *lane;
        }
    }
}
