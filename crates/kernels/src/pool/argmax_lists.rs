//! Who won in one picture, listed the way the backward kernels want to read it.

use crate::pool_forward::{CUT, Pooled};
use crate::scratch;

/// Filters that are listed at a time.
const GROUP: usize = 8;

/// The gradients that pass through pooling and ReLU, listed twice: by filter, for the gradient
/// of the weights, and by pixel of the convolution's output, for the gradient of the input.
pub(crate) struct Winners<'a> {
    /// `[filters, pooled pixels]`: where in the padded picture each winner looked.
    places: &'a mut [u32],
    /// Beside each place.
    gradients: &'a mut [f32],
    /// `[filters]`: winners of each.
    counts: &'a mut [u32],
    /// Filters that won, pixel by pixel; the pixels of a window side by side.
    filters: &'a mut [u32],
    /// Where each pixel's filters start; one more entry than pixels.
    starts: &'a mut [u32],
    /// Where in the padded picture each window's first pixel looks.
    corners: &'a mut [u32],
    /// And each other pixel of a window, from there.
    window: [u32; 256],
}

impl<'a> Winners<'a> {
    /// Lengths of the buffers that [`Winners::new`] takes.
    pub(crate) fn lengths(shape: &Pooled) -> [usize; 6] {
        let corners = shape.height() * shape.width();
        let pooled = shape.output_len();
        // Each scan of a window's pixel may write one filter more than it keeps.
        [pooled, pooled, shape.conv.filters, pooled + 1, corners * shape.pool * shape.pool + 1, corners]
    }

    pub(crate) fn new(shape: &Pooled, buffers: [&'a mut [f32]; 6]) -> Self {
        let g = &shape.conv;
        let looks_at = |y: usize, x: usize| (y * g.stride * g.padded_row() + x * g.pixel_step()) as u32;
        let mut window = [0; 256];
        for (place, offset) in window.iter_mut().enumerate().take(shape.pool * shape.pool) {
            *offset = looks_at(place / shape.pool, place % shape.pool);
        }
        let [places, gradients, counts, filters, starts, corners] = buffers;
        let [places, counts, filters, starts, corners] =
            [places, counts, filters, starts, corners].map(scratch::as_indices);
        for (pooled, corner) in corners.iter_mut().enumerate() {
            let (y, x) = (pooled / shape.width(), pooled % shape.width());
            *corner = looks_at(y * shape.pool, x * shape.pool);
        }
        Self { places, gradients, counts, filters, starts, corners, window }
    }

    /// Lists one picture's winners by filter, and adds their gradients to `bias` `[filters]`.
    /// `winners` and `gradients` are `[pooled height, pooled width, filters]`.
    pub(crate) fn list_by_filter(&mut self, winners: &[u8], gradients: &[f32], bias: &mut [f32]) {
        let (filters, pixels) = (self.counts.len(), self.corners.len());
        assert_eq!(
            [winners.len(), gradients.len(), bias.len()],
            [filters * pixels, filters * pixels, filters]
        );
        assert_eq!([self.places.len(), self.gradients.len()], [filters * pixels; 2]);
        let whole = filters - filters % GROUP;
        for first in (0..whole).step_by(GROUP) {
            self.list_group::<GROUP>(first, winners, gradients, bias);
        }
        for filter in whole..filters {
            self.list_group::<1>(filter, winners, gradients, bias);
        }
    }

    /// As [`Winners::list_by_filter`], for `N` filters from `first` on: a line of memory holds
    /// the gradients of several.
    #[inline(always)]
    fn list_group<const N: usize>(
        &mut self,
        first: usize,
        winners: &[u8],
        gradients: &[f32],
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
                    let (winner, gradient) = (*winners.get_unchecked(at), *gradients.get_unchecked(at));
                    // Without a branch: which filters take part is as good as random. What does
                    // not is written too, and overwritten by the next.
                    *self.places.get_unchecked_mut(slot) = corner + self.window[usize::from(winner)];
                    *self.gradients.get_unchecked_mut(slot) = gradient;
                    let passes = winner != CUT;
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

    /// Lists one picture's winners by pixel; `winners` is `[pooled height, pooled width, filters]`.
    pub(crate) fn list_by_pixel(&mut self, shape: &Pooled, winners: &[u8]) {
        let mut end = 0;
        let mut pixel = 0;
        self.starts[0] = 0;
        assert_eq!(self.filters.len(), winners.len() + 1);
        for winners in winners.chunks_exact(shape.conv.filters) {
            for place in 0..(shape.pool * shape.pool) as u8 {
                for (filter, &winner) in winners.iter().enumerate() {
                    // SAFETY: a filter wins at one pixel of a window at most, so `end` is at most
                    // the number of winners seen so far, which is below the asserted length.
                    unsafe { *self.filters.get_unchecked_mut(end) = filter as u32 };
                    end += usize::from(winner == place);
                }
                pixel += 1;
                self.starts[pixel] = end as u32;
            }
        }
    }

    /// For one filter: where in the padded picture each of its winners looked, and its gradient.
    #[inline(always)]
    pub(crate) fn of_filter(&self, filter: usize) -> (&[u32], &[f32]) {
        let first = filter * self.corners.len();
        let range = first..first + self.counts[filter] as usize;
        (&self.places[range.clone()], &self.gradients[range])
    }

    /// For one pixel, the pixels of a window side by side: the filters that won there.
    #[inline(always)]
    pub(crate) fn of_pixel(&self, pixel: usize) -> &[u32] {
        &self.filters[self.starts[pixel] as usize..self.starts[pixel + 1] as usize]
    }

    /// Where in the padded picture each window's first pixel looks.
    pub(crate) fn corners(&self) -> &[u32] {
        self.corners
    }

    /// Where the pixels of a window look, from there.
    pub(crate) fn window(&self, shape: &Pooled) -> &[u32] {
        &self.window[..shape.pool * shape.pool]
    }
}
