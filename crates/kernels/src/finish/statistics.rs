//! The mean and the variance of each channel over a batch, in one pass over the memory.

use crate::finish::bands::band_pixels;
use crate::finish::chain::Chain;
use crate::finish::lanes::{PIXELS, Place, blocks, lanes_of, total};
use crate::finish::shape::{FinishShape, Stages};
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::parallel::*;

/// Computes the mean and the variance `[channels]` of what enters the normalization, over all pixels of all
/// images. The variance is the sum of squared deviations divided by their number.
///
/// `x` is `[n, height, width, channels]`, and so is `shortcut`, which may be empty if no stage before the
/// normalization adds it.
///
/// Each band of an image is summed in `f32` around its own mean while it lies in the cache. Bands, and then
/// images, are joined in `f64` in their order (Chan et al. 1979), so the bits depend on the shape alone.
///
/// # Panics
/// If a length does not fit the shape, or there is no image.
pub fn batch_statistics(
    level: Level,
    shape: &FinishShape,
    x: &[f32],
    shortcut: &[f32],
    [mean, variance]: [&mut [f32]; 2],
) {
    let (len, channels) = (shape.input_len(), shape.channels);
    let n = x.len() / len;
    assert!(n > 0 && x.len() == n * len, "whole images");
    assert_eq!([mean.len(), variance.len()], [channels; 2], "a mean and a variance for each channel");
    let stages = shape.stages.before_normalization();
    assert!(!stages.adds() || shortcut.len() == x.len(), "the shortcut has the shape of the maps");
    scratch::with([4 * n * channels], |[moments]| {
        let moments = scratch::as_doubles(moments);
        moments.par_chunks_exact_mut(2 * channels).enumerate().for_each(|(i, moments)| {
            let shortcut = if stages.adds() { &shortcut[i * len..][..len] } else { &[] };
            let staged = if stages.is_empty() { 0 } else { band_pixels(channels) * channels };
            scratch::with([staged], |[staged]| {
                level.run(Image { stages, channels, x: &x[i * len..][..len], shortcut, staged, moments });
            });
        });
        let pixels = len / channels;
        for channel in 0..channels {
            let mut all = Moments::default();
            for image in moments.chunks_exact(2 * channels) {
                let [mean, squares] = [image[channel], image[channels + channel]];
                all.join(&Moments { count: pixels as f64, mean, squares });
            }
            mean[channel] = all.mean as f32;
            variance[channel] = (all.squares / all.count) as f32;
        }
    });
}

/// How many values there are, their mean, and the sum of their squared deviations from it.
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    #[inline(always)]
    fn join(&mut self, other: &Self) {
        let count = self.count + other.count;
        let share = other.count / count;
        let distance = other.mean - self.mean;
        self.mean += distance * share;
        self.squares += other.squares + distance * distance * self.count * share;
        self.count = count;
    }
}

/// The moments of one image: the means `[channels]`, then the sums of squares.
struct Image<'a> {
    stages: Stages,
    channels: usize,
    x: &'a [f32],
    shortcut: &'a [f32],
    /// Room for a band behind the stages.
    staged: &'a mut [f32],
    moments: &'a mut [f64],
}

impl Kernel for Image<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Self { stages, channels, x, shortcut, staged, moments } = self;
        let chain = Chain { stages, channels, norm: None };
        let len = band_pixels(channels) * channels;
        for start in (0..x.len()).step_by(len) {
            let band = start..(start + len).min(x.len());
            let mut values = &x[band.clone()];
            if !stages.is_empty() {
                let shortcut = if shortcut.is_empty() { shortcut } else { &shortcut[band.clone()] };
                chain.forward(simd, values, shortcut, &mut staged[..band.len()]);
                values = &staged[..band.len()];
            }
            join_band(simd, values, channels, start / channels, moments);
        }
    }
}

/// Joins a band's moments to those of the `count` pixels before it.
#[inline(always)]
fn join_band<S: Vector>(simd: S, values: &[f32], channels: usize, count: usize, moments: &mut [f64]) {
    let pixels = values.len() / channels;
    let share = simd.splat_f32s(1.0 / pixels as f32);
    let (means, squares) = moments.split_at_mut(channels);
    for block in blocks::<S>(channels) {
        let mut sums = [simd.splat_f32s(0.0); PIXELS];
        for pixel in (0..pixels).step_by(PIXELS) {
            // Pixels that do not exist are zeros.
            let values = Place::new(pixel, pixels, channels, block).load(simd, values);
            for i in 0..PIXELS {
                sums[i] = simd.add_f32s(sums[i], values[i]);
            }
        }
        let mean = simd.mul_f32s(total(simd, sums), share);
        let mut sums = [[simd.splat_f32s(0.0); PIXELS]; 2];
        for pixel in (0..pixels).step_by(PIXELS) {
            let values = Place::new(pixel, pixels, channels, block).load(simd, values);
            for i in 0..PIXELS.min(pixels - pixel) {
                let distance = simd.sub_f32s(values[i], mean);
                sums[0][i] = simd.add_f32s(sums[0][i], distance);
                sums[1][i] = simd.multiply_add(distance, distance, sums[1][i]);
            }
        }
        // The distances from a rounded mean do not cancel, which tells how far it is from the mean.
        let mean = lanes_of(simd, mean);
        let sums = [lanes_of(simd, total(simd, sums[0])), lanes_of(simd, total(simd, sums[1]))];
        for lane in 0..block.lanes {
            let channel = block.first + lane;
            let [rest, square] = [f64::from(sums[0][lane]), f64::from(sums[1][lane])];
            let beside = rest / pixels as f64;
            let band = Moments {
                count: pixels as f64,
                mean: f64::from(mean[lane]) + beside,
                squares: (square - rest * beside).max(0.0),
            };
            let before = Moments { count: count as f64, mean: means[channel], squares: squares[channel] };
            let mut all = if count > 0 { before } else { Moments::default() };
            all.join(&band);
            (means[channel], squares[channel]) = (all.mean, all.squares);
        }
    }
}
