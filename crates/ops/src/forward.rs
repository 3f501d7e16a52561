//! Convolution without pooling, and the correlation of one picture that it is made of.

use rayon::prelude::*;

use crate::dense::Store;
use crate::filters;
use crate::geometry::Geometry;
use crate::pack::Packing;
use crate::scratch;
use crate::simd::{Kernel, Level, Vector};
use crate::threads::band;
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
    let rows = band(n, g.out_height);
    let order = filters::order(level, false, [g.filters, g.channels, g.kernel]);
    let pack = |packed: &mut [f32]| pack_forward(g, &packing, weight, packed);
    filters::with_packed(order, weight, packing.len(), keep_filters, pack, |packed| {
        let images = out.par_chunks_mut(g.output_len().max(1)).zip(pictures.par_chunks(g.input_len()));
        images.for_each(|(out, picture)| {
            let bands = out.par_chunks_mut(rows * g.out_width * g.filters).enumerate();
            bands.for_each(|(i, out)| {
                let count = out.len() / (g.out_width * g.filters);
                scratch::with([g.padded_rows(count) * g.padded_row()], |[padded]| {
                    g.pad(picture, i * rows, padded);
                    level.run(Correlation {
                        packing: &packing,
                        packed,
                        padded,
                        padded_row: g.padded_row(),
                        row_step: g.stride * g.padded_row(),
                        pixel_step: g.pixel_step(),
                        rows: count,
                        columns: g.out_width,
                        bias: Some(bias),
                        out,
                        out_row: g.out_width * g.filters,
                        out_pixel: g.filters,
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

/// Every output of one padded picture, or of a band of it.
pub(crate) struct Correlation<'a> {
    pub packing: &'a Packing,
    pub packed: &'a [f32],
    pub padded: &'a [f32],
    /// Values of a row of `padded`.
    pub padded_row: usize,
    /// Values of `padded` from one output row, or pixel, to the next.
    pub row_step: usize,
    pub pixel_step: usize,
    pub rows: usize,
    pub columns: usize,
    pub bias: Option<&'a [f32]>,
    pub out: &'a mut [f32],
    /// Values of `out` from one output row, or pixel, to the next.
    pub out_row: usize,
    pub out_pixel: usize,
}

impl Kernel for Correlation<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Packing { filters, row, block, .. } = *self.packing;
        let walk = Walk {
            segments: self.packing.rows,
            steps: row,
            a_segment: self.padded_row,
            a_step: 1,
            a_row: self.pixel_step,
            b_segment: row * block,
            b_step: block,
        };
        for (i, weights) in self.packed.chunks_exact(self.packing.block_len()).enumerate() {
            let first = i * block;
            let used = block.min(filters - first);
            for y in 0..self.rows {
                let out = &mut self.out[y * self.out_row + first..];
                let bias = self.bias.map(|bias| &bias[first..first + used]);
                let mut store = Store { out, row: self.out_pixel, used, bias };
                let padded = &self.padded[y * self.row_step..];
                tile::rows(simd, self.columns, &walk, padded, weights, &mut store);
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
