//! Stages, pooling and dropout in one pass.

use crate::finish::bands::Bands;
use crate::finish::chain::{Chain, Norm};
use crate::finish::dropout::{Dropout, ImageMask};
use crate::finish::pooling::{WindowRow, to_bytes};
use crate::finish::shape::FinishShape;
use crate::memory::scratch;
use crate::simd::level::Level;
use crate::simd::vector::{Kernel, Vector};
use crate::threads::{band, pieces};

/// What feature maps go through, with all that this needs besides the maps.
#[derive(Clone, Copy, Debug)]
pub struct Finish<'a> {
    pub shape: FinishShape,
    /// `[n, height, width, channels]`, or empty if no stage adds it.
    pub shortcut: &'a [f32],
    /// `None` if no stage normalizes.
    pub normalization: Option<Normalization<'a>>,
    /// Of the pooled values.
    pub dropout: Option<Dropout>,
}

/// How each channel is normalized: `[channels]` each.
#[derive(Clone, Copy, Debug)]
pub struct Normalization<'a> {
    pub mean: &'a [f32],
    pub variance: &'a [f32],
    pub gamma: &'a [f32],
    pub beta: &'a [f32],
    /// Is added to the variance, so that its root is never zero.
    pub epsilon: f64,
    /// Whether mean and variance are those of these maps, so that the gradient goes through them as well.
    pub is_of_batch: bool,
}

impl Finish<'_> {
    /// The number of images in `x`.
    ///
    /// # Panics
    /// If a length does not fit the shape.
    pub(crate) fn images(&self, x: &[f32]) -> usize {
        let shape = &self.shape;
        assert!(shape.is_taken(), "a shape that the kernels take");
        let n = x.len() / shape.input_len();
        assert_eq!(x.len(), n * shape.input_len(), "whole images");
        let adds = shape.stages.adds();
        assert_eq!(self.shortcut.len(), if adds { x.len() } else { 0 }, "the shortcut has the maps' shape");
        assert_eq!(shape.stages.normalizes(), self.normalization.is_some(), "statistics to normalize with");
        if let Some(norm) = &self.normalization {
            let lengths = [norm.mean, norm.variance, norm.gamma, norm.beta].map(<[f32]>::len);
            assert_eq!(lengths, [shape.channels; 4], "a value for each channel");
        }
        n
    }

    /// The shortcut of an image, or nothing.
    pub(crate) fn shortcut_of(&self, image: usize) -> &[f32] {
        let len = self.shape.input_len();
        if self.shortcut.is_empty() { &[] } else { &self.shortcut[image * len..][..len] }
    }

    /// Calls `work` with the stages, whose normalization has the given means of its gradient.
    pub(crate) fn with_chain<R>(&self, gradient_means: [&[f32]; 2], work: impl FnOnce(Chain<'_>) -> R) -> R {
        let FinishShape { stages, channels, .. } = self.shape;
        let Some(norm) = &self.normalization else {
            return work(Chain { stages, channels, norm: None });
        };
        scratch::with([channels; 2], |[inverse, scale]| {
            for channel in 0..channels {
                let root = (f64::from(norm.variance[channel]) + norm.epsilon).sqrt();
                inverse[channel] = (1.0 / root) as f32;
                scale[channel] = (f64::from(norm.gamma[channel]) / root) as f32;
            }
            let norm = Norm { mean: norm.mean, inverse, scale, beta: norm.beta, gradient_means };
            work(Chain { stages, channels, norm: Some(norm) })
        })
    }
}

/// Applies the stages to `x` `[n, height, width, channels]`, pools, drops some values, and writes `[n, pooled
/// height, pooled width, channels]` to `out`.
///
/// `places` gets, for each value behind max-pooling, the place in its window that it came from, counted in row
/// order. Of equal values the first is the maximum; a value that is not a number counts as larger than all
/// others. Without `places` no gradient can be computed.
///
/// # Panics
/// If a length does not fit the shape, or the kernels do not take it ([`FinishShape::is_taken`]).
pub fn finish(level: Level, call: &Finish<'_>, x: &[f32], out: &mut [f32], places: Option<&mut [u8]>) {
    let shape = &call.shape;
    let n = call.images(x);
    assert_eq!(out.len(), n * shape.output_len(), "the output has a place for each image");
    let is_training = places.is_some();
    let places = places.unwrap_or_default();
    assert_eq!(
        places.len(),
        if is_training { n * shape.places_len() } else { 0 },
        "a place for each maximum"
    );
    let bands = Bands::new(shape);
    let each = band(n, bands.with_output());
    let zeros: &[f32] = &[];
    scratch::with([shape.channels], |[none]| {
        none.fill(0.0);
        let means = if shape.stages.normalizes() { [&*none; 2] } else { [zeros; 2] };
        call.with_chain(means, |chain| {
            pieces((out, shape.output_len()), (places, shape.output_len()), |i, out, places| {
                let image = Image {
                    shape,
                    chain,
                    bands,
                    x: &x[i * shape.input_len()..][..shape.input_len()],
                    shortcut: call.shortcut_of(i),
                    mask: call.dropout.map(|dropout| dropout.image(i)),
                };
                pieces((out, each * bands.output), (places, each * bands.output), |i, out, places| {
                    let is_staged = shape.pooling.is_some() && !shape.stages.is_empty();
                    let staged = if is_staged { bands.input } else { 0 };
                    let wide = if places.is_empty() { 0 } else { bands.output };
                    // The memory is taken out here, because a closure inside of the kernel would be compiled
                    // without the level's instructions.
                    scratch::with([staged, wide], |[staged, wide]| {
                        level.run(Piece { image, first: i * each, out, places, staged, wide });
                    });
                });
            });
        });
    });
}

/// An image.
#[derive(Clone, Copy)]
struct Image<'a> {
    shape: &'a FinishShape,
    chain: Chain<'a>,
    bands: Bands,
    x: &'a [f32],
    shortcut: &'a [f32],
    mask: Option<ImageMask>,
}

/// The bands of an image from band `first` on that `out` has room for.
struct Piece<'a> {
    image: Image<'a>,
    first: usize,
    out: &'a mut [f32],
    places: &'a mut [u8],
    /// Room for a band behind the stages, if pooling follows them.
    staged: &'a mut [f32],
    /// Room for a band's places before they become bytes.
    wide: &'a mut [f32],
}

impl Kernel for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Image { shape, chain, bands, x, shortcut, mask } = self.image;
        let (staged, wide) = (self.staged, self.wide);
        let row = WindowRow::new(shape);
        for (i, out) in self.out.chunks_mut(bands.output).enumerate() {
            let band = bands.input(self.first + i);
            let shortcut = if shortcut.is_empty() { shortcut } else { &shortcut[band.clone()] };
            // Each function is called in one place, because all of it is compiled into the place of its call.
            let is_staged = row.is_none() || !chain.stages.is_empty();
            if is_staged {
                let staged = if row.is_none() { &mut *out } else { &mut *staged };
                chain.forward(simd, &x[band.clone()], shortcut, staged);
            }
            if let Some(row) = &row {
                row.pool(simd, if is_staged { &*staged } else { &x[band] }, out, wide);
            }
            if !self.places.is_empty() {
                to_bytes(wide, &mut self.places[i * bands.output..][..out.len()]);
            }
            if let Some(mask) = &mask {
                mask.apply(bands.output(self.first + i).start, out);
            }
        }
    }
}
