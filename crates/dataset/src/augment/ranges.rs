//! The ranges within which images are changed: the table `[augment]` of a configuration.

use serde::{Deserialize, Serialize};

/// `[augment]`: how far training images may be changed. Lengths are shares of the image's height and width, so
/// that they fit images of any size. With 0 a change is off, and all of them are by default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augmentation {
    /// The largest angle by which an image is turned either way, in degrees.
    pub rotation: f64,
    /// How far an image is moved at most, up or down by a share of its height, and sideways by one of its width.
    pub shift: f64,
    /// By what share an image is enlarged or made smaller at most. Height and width have a factor of their own each.
    pub zoom: f64,
    /// How far upright lines lean at most: this many pixels sideways for each pixel upwards.
    pub shear: f64,
    /// How far the elastic deformation moves a pixel along each axis: the standard deviation, as a share of the size.
    pub elastic: f64,
    /// How far the elastic deformation is alike for neighbours. It is the standard deviation of the Gaussian that would
    /// smooth independent displacements of all pixels as much, as a share of the size.
    pub elastic_smoothness: f64,
    /// By how much strokes grow or shrink at either edge at most, as a share of the image's smaller side.
    pub stroke_width: f64,
    /// The largest share of the area that a rectangle of random values covers (Zhong et al., "Random Erasing Data
    /// Augmentation", 2020).
    pub erase: f64,
    /// Whether half of the images are mirrored left to right. This ruins digits and serves clothes.
    pub flip: bool,
    /// The share of a batch's images in whose place are images of no class, of which the network learns to be unsure
    /// ([`outlier`](super::outlier)).
    pub outliers: f64,
    /// The share of ones that get an upstroke and of sevens that get a bar across, as many people write them, on the
    /// European continent above all. Only for digits.
    pub continental: f64,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            rotation: 0.0,
            shift: 0.0,
            zoom: 0.0,
            shear: 0.0,
            elastic: 0.0,
            // Simard's 4 pixels of 28.
            elastic_smoothness: 0.14,
            stroke_width: 0.0,
            erase: 0.0,
            flip: false,
            outliers: 0.0,
            continental: 0.0,
        }
    }
}

impl Augmentation {
    /// Whether it leaves every image as it is.
    pub fn is_off(&self) -> bool {
        let &Self { rotation, shift, zoom, shear, elastic, .. } = self;
        let &Self { stroke_width, erase, flip, outliers, continental, .. } = self;
        [rotation, shift, zoom, shear, elastic, stroke_width, erase, outliers, continental]
            .iter()
            .all(|range| *range == 0.0)
            && !flip
    }

    /// Whether all keys have their default values.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
