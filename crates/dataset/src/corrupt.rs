//! The fifteen corruptions of MNIST-C: digits that a person still reads, and a network may not.
//!
//! After Mu and Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision", 2019
//! (arXiv 1906.02337), at the one severity that the benchmark chose for each. The parameters are
//! those of its published code and meant for pictures of 28x28 pixels; other sizes work, lengths in
//! pixels staying what they are. The random numbers are not the benchmark's, so neither are the
//! pictures: figures compare with its published ones as two samples do.
//!
//! What comes out depends on the picture and the generator alone. Arithmetic is done in `f32` and
//! `f64` in one order; sines, exponentials and logarithms are the platform's, and where one of them
//! differs in its last bit a pixel could, in principle, come out otherwise: to be expected far less
//! than once in a data set.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rand::Rng;

use crate::sets::subset::{Labelled, Subset, TestSet};
use plane::Plane;

mod affine;
mod blur;
mod canny;
mod fog;
mod lines;
mod noise;
mod plane;
mod tone;

/// One of MNIST-C's fifteen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Corruption {
    /// Ink is counted in grains: of a Poisson distribution, 3 at full ink.
    ShotNoise,
    /// 17 % of the pixels are replaced by background or full ink, as often by either.
    ImpulseNoise,
    /// A Gaussian of 0.7 pixels along each column, neighbours exchanged at random in two passes,
    /// and the Gaussian again.
    GlassBlur,
    /// The half of a Gaussian of 3 pixels, along a direction at most 45 degrees off the rows.
    MotionBlur,
    /// Uprights lean by 0.4 radians, to a random side.
    Shear,
    /// 0.7 times as large.
    Scale,
    /// Turned by 0.4 radians, in a random direction.
    Rotate,
    /// 3 pixels along a random diagonal.
    Translate,
    /// Half of the range of levels is added.
    Brightness,
    /// The seven columns at the left and the seven at the right are inverted.
    Stripe,
    /// A plasma fractal of strength 3 and decay 1.4 over all, and less contrast.
    Fog,
    /// Dark grey blots.
    Spatter,
    /// A line of dashes two pixels long, from the left to the right.
    DottedLine,
    /// A zigzag of width 2 from the left to the right.
    ZigZag,
    /// Edges after Canny (1986), and nothing else.
    CannyEdges,
}

impl Corruption {
    /// In the order of the benchmark's paper: noise, blur, affine maps, and the rest.
    pub const ALL: [Self; 15] = [
        Self::ShotNoise,
        Self::ImpulseNoise,
        Self::GlassBlur,
        Self::MotionBlur,
        Self::Shear,
        Self::Scale,
        Self::Rotate,
        Self::Translate,
        Self::Brightness,
        Self::Stripe,
        Self::Fog,
        Self::Spatter,
        Self::DottedLine,
        Self::ZigZag,
        Self::CannyEdges,
    ];

    /// The name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::ShotNoise => "shot-noise",
            Self::ImpulseNoise => "impulse-noise",
            Self::GlassBlur => "glass-blur",
            Self::MotionBlur => "motion-blur",
            Self::Shear => "shear",
            Self::Scale => "scale",
            Self::Rotate => "rotate",
            Self::Translate => "translate",
            Self::Brightness => "brightness",
            Self::Stripe => "stripe",
            Self::Fog => "fog",
            Self::Spatter => "spatter",
            Self::DottedLine => "dotted-line",
            Self::ZigZag => "zigzag",
            Self::CannyEdges => "canny-edges",
        }
    }

    /// What it does, for a list of all.
    pub fn description(self) -> &'static str {
        match self {
            Self::ShotNoise => "ink breaks up into grains",
            Self::ImpulseNoise => "17 % of the pixels turn black or white",
            Self::GlassBlur => "seen through frosted glass",
            Self::MotionBlur => "smeared along one direction",
            Self::Shear => "uprights lean by 0.4 radians",
            Self::Scale => "shrunk to 0.7 of the size",
            Self::Rotate => "turned by 0.4 radians",
            Self::Translate => "moved by 3 pixels along both axes",
            Self::Brightness => "everything brighter by half of the range",
            Self::Stripe => "seven columns at either side inverted",
            Self::Fog => "behind clouds, with less contrast",
            Self::Spatter => "covered in part by dark grey blots",
            Self::DottedLine => "a dotted line across",
            Self::ZigZag => "a zigzag line across",
            Self::CannyEdges => "only the edges are left",
        }
    }

    /// The corrupted picture: pixels `[height, width]`, 0 background and 255 ink, to the same shape.
    ///
    /// The same generator gives the same bytes.
    ///
    /// # Panics
    /// If there are not exactly `height * width` pixels.
    pub fn apply(self, pixels: &[u8], height: usize, width: usize, rng: &mut impl Rng) -> Vec<u8> {
        let picture = Plane::from_pixels(pixels, height, width);
        if pixels.is_empty() {
            return Vec::new();
        }
        let corrupted = match self {
            Self::ShotNoise => noise::shot(&picture, rng),
            Self::ImpulseNoise => noise::impulse(&picture, rng),
            Self::GlassBlur => blur::glass(&picture, rng),
            Self::MotionBlur => blur::motion(&picture, rng),
            Self::Shear => affine::shear(&picture, rng),
            Self::Scale => affine::scale(&picture),
            Self::Rotate => affine::rotate(&picture, rng),
            Self::Translate => affine::translate(&picture, rng),
            Self::Brightness => tone::brightness(&picture),
            Self::Stripe => tone::stripe(&picture),
            Self::Fog => fog::fog(&picture, rng),
            Self::Spatter => tone::spatter(&picture, rng),
            Self::DottedLine => lines::dotted_line(&picture, rng),
            Self::ZigZag => lines::zigzag(&picture, rng),
            Self::CannyEdges => canny::edges(&picture),
        };
        corrupted.to_pixels()
    }
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Corruption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.map(Self::name);
        Self::ALL
            .into_iter()
            .find(|corruption| corruption.name() == text)
            .ok_or_else(|| format!("expected one of {}", known.join(", ")))
    }
}

impl Subset {
    /// The same pictures in the same order, each corrupted; labels and positions stay.
    ///
    /// `rng` gives the generator of the picture at a position in the file, so that a picture comes
    /// out the same in whatever company. The new set has a copy of the file's pictures.
    pub fn corrupted<R: Rng>(&self, corruption: Corruption, rng: impl Fn(usize) -> R) -> Subset {
        let mut images = self.data.images.clone();
        for i in 0..self.len() {
            let index = self.index(i);
            let pixels = corruption.apply(self.image(i), self.height(), self.width(), &mut rng(index));
            images.image_mut(index).copy_from_slice(&pixels);
        }
        let data = Labelled { images, labels: self.data.labels.clone(), classes: self.data.classes };
        Subset { data: Arc::new(data), indices: self.indices.clone() }
    }
}

impl TestSet {
    /// Every picture corrupted; see [`Subset::corrupted`].
    pub fn corrupted<R: Rng>(&self, corruption: Corruption, rng: impl Fn(usize) -> R) -> TestSet {
        TestSet(self.0.corrupted(corruption, rng))
    }
}
