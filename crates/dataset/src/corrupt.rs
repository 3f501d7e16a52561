//! The fifteen corruptions of MNIST-C: a person can still read the digits, but a network may fail.
//!
//! They follow Mu and Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision", 2019
//! (arXiv 1906.02337), at the one severity that the benchmark chose for each. The parameters are
//! those of its published code, which is meant for images of 28x28 pixels. Other sizes work too, but
//! lengths in pixels do not grow with them. The random numbers are not the benchmark's, so the images
//! are other ones as well: accuracies compare with the published ones as those on two samples do.
//!
//! The corrupted image depends on the image and the generator alone. The arithmetic is done in `f32`
//! and `f64` in one order, but sines, exponentials and logarithms are the platform's. If one of them
//! differs in its last bit on another platform, a pixel could come out differently there; far fewer
//! than one pixel in a data set is expected to.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rand::Rng;

use crate::sets::TestSet;
use crate::sets::subset::{LabelledImages, Subset};
use plane::Plane;

mod affine;
mod blur;
mod canny;
mod fog;
mod lines;
mod noise;
mod plane;
mod tone;

/// One of MNIST-C's fifteen corruptions.
///
/// Each has a number for good. The generator of its random numbers is chosen by it, so with another number the
/// images would be other ones, and accuracies of two versions would not compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Corruption {
    /// Poisson noise: each pixel is a random number of grains of ink, 3 of them on average at full ink.
    ShotNoise = 0,
    /// 17 % of the pixels are replaced, half of them by background and half by full ink.
    ImpulseNoise = 1,
    /// Each column is smoothed by a Gaussian of 0.7 pixels, neighbours are exchanged at random in two
    /// passes, and each column is smoothed again.
    GlassBlur = 2,
    /// Each pixel is smeared by half a Gaussian of 3 pixels, in a direction at most 45 degrees off the rows.
    MotionBlur = 3,
    /// Upright lines lean by 0.4 radians, to a random side.
    Shear = 4,
    /// The image shrinks to 0.7 of its size.
    Scale = 5,
    /// The image is turned by 0.4 radians, in a random direction.
    Rotate = 6,
    /// The image is moved by 3 pixels along both axes, on a random diagonal.
    Translate = 7,
    /// Half of the range from background to full ink is added to each pixel.
    Brightness = 8,
    /// The seven columns at the left and the seven at the right are inverted.
    Stripe = 9,
    /// A plasma fractal of strength 3 and decay 1.4 is added, and the contrast is lowered.
    Fog = 10,
    /// Dark grey blots cover parts of the image.
    Spatter = 11,
    /// A line of dashes, two pixels long each, is drawn from the left to the right.
    DottedLine = 12,
    /// A zigzag line, whose tips are 2 pixels off its axis, is drawn from the left to the right.
    ZigZag = 13,
    /// Only the edges after Canny (1986) are left.
    CannyEdges = 14,
}

impl Corruption {
    /// All corruptions in the order of the benchmark's paper: noise, blur, affine maps, and the rest.
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

    /// The number that the corruption has for good.
    pub fn number(self) -> u64 {
        self as u64
    }

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

    /// What the corruption does, in a few words for a list.
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

    /// Corrupts an image of pixels `[height, width]`, where 0 is background and 255 is ink. The result has
    /// the same shape, and the same state of the generator gives the same bytes.
    ///
    /// # Panics
    /// If there are not exactly `height * width` pixels.
    pub fn apply(self, pixels: &[u8], height: usize, width: usize, rng: &mut impl Rng) -> Vec<u8> {
        let image = Plane::from_pixels(pixels, height, width);
        if pixels.is_empty() {
            return Vec::new();
        }
        let corrupted = match self {
            Self::ShotNoise => noise::shot(&image, rng),
            Self::ImpulseNoise => noise::impulse(&image, rng),
            Self::GlassBlur => blur::glass(&image, rng),
            Self::MotionBlur => blur::motion(&image, rng),
            Self::Shear => affine::shear(&image, rng),
            Self::Scale => affine::scale(&image),
            Self::Rotate => affine::rotate(&image, rng),
            Self::Translate => affine::translate(&image, rng),
            Self::Brightness => tone::brightness(&image),
            Self::Stripe => tone::stripe(&image),
            Self::Fog => fog::fog(&image, rng),
            Self::Spatter => tone::spatter(&image, rng),
            Self::DottedLine => lines::dotted_line(&image, rng),
            Self::ZigZag => lines::zigzag(&image, rng),
            Self::CannyEdges => canny::edges(&image),
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
    /// The same images in the same order, each corrupted. Labels and positions stay the same.
    ///
    /// `rng` returns the generator for the image at a position in the file. So an image is corrupted in
    /// the same way in every subset of the file. The new subset has its own copy of all the file's images.
    pub fn corrupted<R: Rng>(&self, corruption: Corruption, rng: impl Fn(usize) -> R) -> Subset {
        let mut images = self.data.images.clone();
        for i in 0..self.len() {
            let index = self.index(i);
            let pixels = corruption.apply(self.image(i), self.height(), self.width(), &mut rng(index));
            images.image_mut(index).copy_from_slice(&pixels);
        }
        let data = LabelledImages { images, labels: self.data.labels.clone(), classes: self.data.classes };
        Subset { data: Arc::new(data), indices: self.indices.clone() }
    }
}

impl TestSet {
    /// The same test set with every image corrupted, see [`Subset::corrupted`].
    pub fn corrupted<R: Rng>(&self, corruption: Corruption, rng: impl Fn(usize) -> R) -> TestSet {
        TestSet(self.0.corrupted(corruption, rng))
    }
}
