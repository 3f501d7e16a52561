//! The affine map of an image: mirrored, enlarged, sheared, turned and moved.

use rand::Rng;

use crate::augment::draw::{symmetric, unit};
use crate::augment::ranges::Augmentation;

/// From a pixel of the augmented image to its place in the original: the new pixel at `(x, y)` comes from
/// `matrix * (x, y) + offset`. Both count from the centre of the pixel in the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Map {
    /// The rows give x and y.
    pub(super) matrix: [[f32; 2]; 2],
    pub(super) offset: [f32; 2],
}

impl Map {
    /// Draws the map of an image.
    pub(super) fn draw(ranges: &Augmentation, height: usize, width: usize, rng: &mut impl Rng) -> Self {
        let turned = symmetric(rng) * ranges.rotation;
        let moved_x = symmetric(rng) * ranges.shift * width as f64;
        let moved_y = symmetric(rng) * ranges.shift * height as f64;
        let wider = 1.0 + symmetric(rng) * ranges.zoom;
        let higher = 1.0 + symmetric(rng) * ranges.zoom;
        let leaning = symmetric(rng) * ranges.shear;
        let is_mirrored = unit(rng) < 0.5 && ranges.flip;
        let sign = if is_mirrored { -1.0 } else { 1.0 };
        let backwards =
            inverse(product(rotation(turned), [[sign * wider, -leaning * higher], [0.0, higher]]));
        Self::around_centre(backwards, [moved_x, moved_y], height, width)
    }

    /// The map that takes an image's centre to its place after it was moved, where `backwards` says what it does around
    /// the centre.
    pub(super) fn around_centre(
        backwards: [[f64; 2]; 2],
        moved: [f64; 2],
        height: usize,
        width: usize,
    ) -> Self {
        let centre = [width, height].map(|size| (size as f64 - 1.0) / 2.0);
        let from = [centre[0] + moved[0], centre[1] + moved[1]];
        let offset = [0, 1].map(|row| {
            let [along_x, along_y] = backwards[row];
            (centre[row] - (along_x * from[0] + along_y * from[1])) as f32
        });
        Self { matrix: backwards.map(|row| row.map(|value| value as f32)), offset }
    }

    /// Whether each pixel comes from its own place.
    pub(super) fn is_identity(&self) -> bool {
        *self == Self { matrix: [[1.0, 0.0], [0.0, 1.0]], offset: [0.0, 0.0] }
    }
}

/// Turns by so many degrees, clockwise where y points down.
pub(super) fn rotation(degrees: f64) -> [[f64; 2]; 2] {
    // The platform's sine may have another last bit elsewhere.
    let (sin, cos) = libm::sincos(degrees * (std::f64::consts::PI / 180.0));
    [[cos, -sin], [sin, cos]]
}

fn product(a: [[f64; 2]; 2], b: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    let sum = |i: usize, j: usize| a[i][0] * b[0][j] + a[i][1] * b[1][j];
    [[sum(0, 0), sum(0, 1)], [sum(1, 0), sum(1, 1)]]
}

fn inverse([[a, b], [c, d]]: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    let determinant = a * d - b * c;
    [[d / determinant, -b / determinant], [-c / determinant, a / determinant]]
}
