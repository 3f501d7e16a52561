//! The argmax indices of one image, in two lists that the backward kernels can read in order.

use crate::memory::scratch;
use crate::pool::shape::{CUT, PoolShape};

/// How many filters are listed at a time.
const GROUP: usize = 8;

/// The pixels of one image whose gradients pass through pooling and ReLU, listed twice: by filter, for the
/// gradient of the weights, and by pixel of the convolution's output, for the gradient of the input.
///
/// A pixel that passes is the maximum of its window, and ReLU did not make it zero.
pub(crate) struct ArgmaxLists<'a> {
    /// `[filters, pooled pixels]`: where in the padded image the input of each pixel that passes begins.
    places: &'a mut [u32],
    /// The gradient that belongs to each place.
    gradients: &'a mut [f32],
    /// `[filters]`: how many pixels of each filter pass.
    counts: &'a mut [u32],
    /// The filters that pass, pixel by pixel. The pixels of a window stand side by side.
    filters: &'a mut [u32],
    /// Where in `filters` each pixel's entries start, with one more entry than pixels.
    starts: &'a mut [u32],
    /// Where in the padded image the input of each window's first pixel begins.
    corners: &'a mut [u32],
    /// How far from there the input of each pixel of a window begins.
    offsets: [u32; 256],
}

impl<'a> ArgmaxLists<'a> {
    /// The lengths of the buffers that [`ArgmaxLists::new`] takes.
    pub(crate) fn lengths(shape: &PoolShape) -> [usize; 6] {
        let corners = shape.height() * shape.width();
        let pooled = shape.output_len();
        // `filters` has one entry more, because the last entry may be written and not kept.
        [pooled, pooled, shape.conv.filters, pooled + 1, corners * shape.pool * shape.pool + 1, corners]
    }

    /// Makes empty lists in buffers of [`ArgmaxLists::lengths`].
    pub(crate) fn new(shape: &PoolShape, buffers: [&'a mut [f32]; 6]) -> Self {
        let conv = &shape.conv;
        let begins_at =
            |y: usize, x: usize| (y * conv.stride * conv.padded_row() + x * conv.pixel_step()) as u32;
        let mut offsets = [0; 256];
        for (place, offset) in offsets.iter_mut().enumerate().take(shape.pool * shape.pool) {
            *offset = begins_at(place / shape.pool, place % shape.pool);
        }
        let [places, gradients, counts, filters, starts, corners] = buffers;
        let [places, counts, filters, starts, corners] =
            [places, counts, filters, starts, corners].map(scratch::as_indices);
        for (pooled, corner) in corners.iter_mut().enumerate() {
            let (y, x) = (pooled / shape.width(), pooled % shape.width());
            *corner = begins_at(y * shape.pool, x * shape.pool);
        }
        Self { places, gradients, counts, filters, starts, corners, offsets }
    }

    /// Lists, for each filter, the pixels of one image that pass, and adds their gradients to `bias`
    /// `[filters]`. `argmax` and `upstream` are `[pooled height, pooled width, filters]`.
    pub(crate) fn list_by_filter(&mut self, argmax: &[u8], upstream: &[f32], bias: &mut [f32]) {
        let (filters, pixels) = (self.counts.len(), self.corners.len());
        assert_eq!([argmax.len(), upstream.len(), bias.len()], [filters * pixels, filters * pixels, filters]);
        assert_eq!([self.places.len(), self.gradients.len()], [filters * pixels; 2]);
        let whole = filters - filters % GROUP;
        for first in (0..whole).step_by(GROUP) {
            self.list_group::<GROUP>(first, argmax, upstream, bias);
        }
        for filter in whole..filters {
            self.list_group::<1>(filter, argmax, upstream, bias);
        }
    }

    /// Lists `N` filters from `first` on, because one cache line holds the gradients of several.
    #[inline(always)]
    fn list_group<const N: usize>(
        &mut self,
        first: usize,
        argmax: &[u8],
        upstream: &[f32],
        bias: &mut [f32],
    ) {
        let (filters, pixels) = (self.counts.len(), self.corners.len());
        let mut counts = [0; N];
        let mut sums = [0.0; N];
        for (pixel, &corner) in self.corners.iter().enumerate() {
            for i in 0..N {
                let (at, slot) = (pixel * filters + first + i, (first + i) * pixels + counts[i]);
                // SAFETY: `first + N` is at most `filters` and a count is at most `pixel`, so
                // both indices are below `filters * pixels`, the lengths that were asserted.
                unsafe {
                    let (place, gradient) = (*argmax.get_unchecked(at), *upstream.get_unchecked(at));
                    // Which filters pass is nearly random, so a branch would often be mispredicted. A
                    // pixel that does not pass is written too, and the next one overwrites it.
                    *self.places.get_unchecked_mut(slot) = corner + self.offsets[usize::from(place)];
                    *self.gradients.get_unchecked_mut(slot) = gradient;
                    let passes = place != CUT;
                    counts[i] += usize::from(passes);
                    sums[i] += if passes { gradient } else { 0.0 };
                }
            }
        }
        for i in 0..N {
            self.counts[first + i] = counts[i] as u32;
            bias[first + i] += sums[i];
        }
    }

    /// Lists, for each pixel of one image, the filters that pass. `argmax` is `[pooled height, pooled width,
    /// filters]`.
    pub(crate) fn list_by_pixel(&mut self, shape: &PoolShape, argmax: &[u8]) {
        let mut end = 0;
        let mut pixel = 0;
        self.starts[0] = 0;
        assert_eq!(self.filters.len(), argmax.len() + 1);
        for argmax in argmax.chunks_exact(shape.conv.filters) {
            for place in 0..(shape.pool * shape.pool) as u8 {
                for (filter, &kept) in argmax.iter().enumerate() {
                    // SAFETY: a filter passes at one pixel of a window at most, so `end` is at most the
                    // number of argmax indices read so far, which is below the asserted length.
                    unsafe { *self.filters.get_unchecked_mut(end) = filter as u32 };
                    end += usize::from(kept == place);
                }
                pixel += 1;
                self.starts[pixel] = end as u32;
            }
        }
    }

    /// For each pixel of one filter that passes: where in the padded image its input begins, and its
    /// gradient.
    #[inline(always)]
    pub(crate) fn of_filter(&self, filter: usize) -> (&[u32], &[f32]) {
        let first = filter * self.corners.len();
        let range = first..first + self.counts[filter] as usize;
        (&self.places[range.clone()], &self.gradients[range])
    }

    /// The filters that pass at one pixel. Pixels are counted window by window, in row order inside a window.
    #[inline(always)]
    pub(crate) fn of_pixel(&self, pixel: usize) -> &[u32] {
        &self.filters[self.starts[pixel] as usize..self.starts[pixel + 1] as usize]
    }

    /// Where in the padded image the input of each window's first pixel begins.
    pub(crate) fn corners(&self) -> &[u32] {
        self.corners
    }

    /// How far from there the input of each pixel of a window begins.
    pub(crate) fn offsets(&self, shape: &PoolShape) -> &[u32] {
        &self.offsets[..shape.pool * shape.pool]
    }
}
