//! The gradients of the stages: one pass for the sums of each channel, one for the gradient of the maps.

use crate::finish::bands::Bands;
use crate::finish::chain::Chain;
use crate::finish::dropout::ImageMask;
use crate::finish::forward::Finish;
use crate::finish::pooling::{WindowRow, from_bytes};
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;
use crate::threads::pieces;

/// Where [`finish_backward`] writes.
#[derive(Debug)]
pub struct FinishGradients<'a> {
    /// The maps `[n, height, width, channels]`, which the kernel overwrites with their gradient: this takes less
    /// time and memory than writing the gradient elsewhere.
    pub x: &'a mut [f32],
    /// Of the shortcut `[n, height, width, channels]`, or empty if it is not wanted.
    pub shortcut: &'a mut [f32],
    /// `[channels]`, or empty if no stage normalizes.
    pub gamma: &'a mut [f32],
    /// `[channels]`, or empty if no stage normalizes.
    pub beta: &'a mut [f32],
}

/// Computes the gradients of [`finish`](crate::finish), from `upstream`, the gradient of its output, and the
/// `places` that it wrote.
///
/// A channel's sums are taken in `f32` over each band of an image, and bands and images are added up in `f64` in
/// their order, so the bits depend on the shape alone.
///
/// # Panics
/// If a length does not fit the shape.
pub fn finish_backward(
    level: Level,
    call: &Finish<'_>,
    places: &[u8],
    upstream: &[f32],
    gradients: FinishGradients<'_>,
) {
    let shape = &call.shape;
    let (n, channels) = (call.images(gradients.x), shape.channels);
    assert_eq!(upstream.len(), n * shape.output_len(), "a gradient for each output");
    assert_eq!(places.len(), n * shape.places_len(), "a place for each maximum");
    let FinishGradients { x, shortcut, gamma, beta } = gradients;
    let values = if shape.stages.normalizes() { channels } else { 0 };
    assert_eq!([gamma.len(), beta.len()], [values; 2], "a gradient for each channel's scale and shift");
    assert!(shortcut.is_empty() || shortcut.len() == x.len(), "the shortcut has the shape of the maps");
    let upstream = Upstream { call, bands: Bands::new(shape), places, values: upstream };
    scratch::with([values; 2], |[gradient_mean, product_mean]| {
        gradient_mean.fill(0.0);
        product_mean.fill(0.0);
        if let Some(norm) = call.normalization {
            call.with_chain([gradient_mean, product_mean], |chain| {
                sums(level, &upstream, chain, x, [beta, gamma]);
            });
            if norm.is_of_batch {
                let count = (x.len() / channels) as f64;
                for (means, sums) in [(&mut *gradient_mean, &*beta), (&mut *product_mean, &*gamma)] {
                    for (mean, sum) in means.iter_mut().zip(sums) {
                        *mean = (f64::from(*sum) / count) as f32;
                    }
                }
            }
        }
        call.with_chain([gradient_mean, product_mean], |chain| {
            let len = shape.input_len();
            pieces((x, len), (shortcut, len), |i, x, shortcut_gradient| {
                let upstream = upstream.image(i);
                scratch::with(upstream.scratch_len(), |buffers| {
                    level.run(ImageGradient { upstream, chain, x, shortcut_gradient, buffers });
                });
            });
        });
    });
}

/// The sums over the batch of the gradient behind the normalization, and of its product with the normalized
/// value, `[channels]` each.
fn sums(level: Level, upstream: &Upstream<'_>, chain: Chain<'_>, x: &[f32], sums: [&mut [f32]; 2]) {
    let (len, channels) = (upstream.call.shape.input_len(), chain.channels);
    scratch::with([4 * channels * (x.len() / len)], |[images]| {
        let images = scratch::as_doubles(images);
        images.par_chunks_exact_mut(2 * channels).enumerate().for_each(|(i, sums)| {
            let (upstream, x) = (upstream.image(i), &x[i * len..][..len]);
            scratch::with(upstream.scratch_len(), |buffers| {
                level.run(ImageSums { upstream, chain, x, sums, buffers });
            });
        });
        for (i, sums) in sums.into_iter().enumerate() {
            for (channel, sum) in sums.iter_mut().enumerate() {
                let images = images.chunks_exact(2 * channels).map(|image| image[i * channels + channel]);
                *sum = images.fold(0.0, |all, image| all + image) as f32;
            }
        }
    });
}

/// The gradients of all images' outputs.
#[derive(Clone, Copy)]
struct Upstream<'a> {
    call: &'a Finish<'a>,
    bands: Bands,
    places: &'a [u8],
    values: &'a [f32],
}

/// The gradient of one image's output.
#[derive(Clone, Copy)]
struct ImageUpstream<'a> {
    bands: Bands,
    row: Option<WindowRow>,
    shortcut: &'a [f32],
    places: &'a [u8],
    values: &'a [f32],
    mask: Option<ImageMask>,
}

impl<'a> Upstream<'a> {
    fn image(&self, i: usize) -> ImageUpstream<'a> {
        let shape = &self.call.shape;
        let len = shape.output_len();
        ImageUpstream {
            bands: self.bands,
            row: WindowRow::new(shape),
            shortcut: self.call.shortcut_of(i),
            places: if self.places.is_empty() { &[] } else { &self.places[i * len..][..len] },
            values: &self.values[i * len..][..len],
            mask: self.call.dropout.map(|dropout| dropout.image(i)),
        }
    }
}

impl ImageUpstream<'_> {
    /// The lengths of the buffers that [`Self::band`] needs.
    fn scratch_len(&self) -> [usize; 3] {
        let wanted = [self.mask.is_some(), !self.places.is_empty(), self.row.is_some()];
        let lengths = [self.bands.output, self.bands.output, self.bands.input];
        [0, 1, 2].map(|i| if wanted[i] { lengths[i] } else { 0 })
    }

    /// The shortcut of band `i`, or nothing.
    fn shortcut(&self, i: usize) -> &[f32] {
        if self.shortcut.is_empty() { &[] } else { &self.shortcut[self.bands.input(i)] }
    }

    /// The gradient behind the stages of band `i`: before dropout and pooling.
    #[inline(always)]
    fn band<'s, S: Vector>(&'s self, simd: S, i: usize, scratch: [&'s mut [f32]; 3]) -> &'s [f32] {
        let [dropped, places, gradient] = scratch;
        let output = self.bands.output(i);
        let mut upstream = &self.values[output.clone()];
        if let Some(mask) = &self.mask {
            let dropped = &mut dropped[..output.len()];
            dropped.copy_from_slice(upstream);
            mask.apply(output.start, dropped);
            upstream = dropped;
        }
        let Some(row) = &self.row else { return upstream };
        if !self.places.is_empty() {
            from_bytes(&self.places[output], places);
        }
        let gradient = &mut gradient[..self.bands.input(i).len()];
        row.unpool(simd, upstream, places, gradient);
        gradient
    }
}

/// Adds up one image's gradients: `[channels]`, then their products with the normalized values.
struct ImageSums<'a> {
    upstream: ImageUpstream<'a>,
    chain: Chain<'a>,
    x: &'a [f32],
    sums: &'a mut [f64],
    buffers: [&'a mut [f32]; 3],
}

impl Kernel for ImageSums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Self { upstream, chain, x, sums, buffers: [dropped, places, gradient] } = self;
        sums.fill(0.0);
        let (gradients, products) = sums.split_at_mut(chain.channels);
        for i in 0..upstream.bands.all() {
            let band = &x[upstream.bands.input(i)];
            let gradient = upstream.band(simd, i, [&mut *dropped, &mut *places, &mut *gradient]);
            let sums = [&mut *gradients, &mut *products];
            chain.sum_gradients(simd, [band, upstream.shortcut(i), gradient], sums);
        }
    }
}

/// Overwrites one image with its gradient.
struct ImageGradient<'a> {
    upstream: ImageUpstream<'a>,
    chain: Chain<'a>,
    x: &'a mut [f32],
    shortcut_gradient: &'a mut [f32],
    buffers: [&'a mut [f32]; 3],
}

impl Kernel for ImageGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Self { upstream, chain, x, shortcut_gradient, buffers: [dropped, places, gradient] } = self;
        for i in 0..upstream.bands.all() {
            let band = upstream.bands.input(i);
            let gradient = upstream.band(simd, i, [&mut *dropped, &mut *places, &mut *gradient]);
            let shortcut_gradient = if shortcut_gradient.is_empty() {
                &mut *shortcut_gradient
            } else {
                &mut shortcut_gradient[band.clone()]
            };
            let others = [upstream.shortcut(i), gradient];
            chain.backward(simd, &mut x[band], others, shortcut_gradient);
        }
    }
}
