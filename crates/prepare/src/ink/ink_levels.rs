//! The ink of an image as levels at working resolution.

use super::components::{self, Part};
use crate::Bounds;

/// The ink of an image at working resolution. There is at least one pixel of at least [`HALF`](super::HALF).
#[derive(Clone, Debug, PartialEq)]
pub struct Ink {
    pub(super) height: usize,
    pub(super) width: usize,
    /// `[height, width]`, 0 paper to 255 full ink.
    pub(super) pixels: Vec<u8>,
    /// Pixels of the original image for one of these, at least 1.
    pub(super) factor: f32,
    /// `[height, width]` of the original image.
    pub(super) original: [usize; 2],
}

impl Ink {
    /// Height at working resolution.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width at working resolution.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All levels, `[height, width]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// How many pixels of the original image, in height and in width, one pixel here stands for: at least 1.
    pub fn factor(&self) -> f32 {
        self.factor
    }

    /// The rectangle of the original image that a rectangle of the ink covers.
    pub fn original(&self, bounds: &Bounds) -> Bounds {
        let [height, width] = self.original;
        let (top, bottom) = span(bounds.top, bounds.bottom(), self.factor, height);
        let (left, right) = span(bounds.left, bounds.right(), self.factor, width);
        Bounds { top, left, height: bottom - top, width: right - left }
    }

    /// Each connected stroke (over eight neighbours) as a part of its own, in the order of its first pixel by rows.
    pub fn parts(&self) -> Vec<Part> {
        components::parts(&self.pixels, self.height, self.width)
    }

    /// Everything as one part.
    pub fn whole(&self) -> Option<Part> {
        Part::join(&self.parts())
    }
}

/// The pixels `start..end` of a line in the original's pixels, of which there are `length`; at least one.
fn span(start: usize, end: usize, factor: f32, length: usize) -> (usize, usize) {
    let start = ((start as f32 * factor).floor() as usize).min(length - 1);
    let end = ((end as f32 * factor).ceil() as usize).clamp(start + 1, length);
    (start, end)
}
