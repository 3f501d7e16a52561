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
    /// Whether the ink is lighter than the paper.
    pub(super) is_light: bool,
    /// By how many quarter turns, clockwise, the original image was turned, 0 to 3.
    pub(super) quarter_turns: u8,
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

    /// Whether the ink is lighter than the paper.
    pub fn is_light(&self) -> bool {
        self.is_light
    }

    /// By how many quarter turns, clockwise, the original image was turned, 0 to 3.
    pub fn quarter_turns(&self) -> u8 {
        self.quarter_turns
    }

    /// The ink after one more quarter turn, clockwise.
    #[must_use]
    pub fn turned(&self) -> Self {
        let from = |at: usize| {
            let (row, column) = (at / self.height, at % self.height);
            self.pixels[(self.height - 1 - column) * self.width + row]
        };
        Self {
            height: self.width,
            width: self.height,
            pixels: (0..self.pixels.len()).map(from).collect(),
            quarter_turns: (self.quarter_turns + 1) % 4,
            ..*self
        }
    }

    /// The rectangle of the original image that a rectangle of the ink covers.
    pub fn original(&self, bounds: &Bounds) -> Bounds {
        let [height, width] = self.original;
        let bounds = self.not_turned(*bounds);
        let (top, bottom) = span(bounds.top, bounds.bottom(), self.factor, height);
        let (left, right) = span(bounds.left, bounds.right(), self.factor, width);
        Bounds { top, left, height: bottom - top, width: right - left }
    }

    /// Where a rectangle was before the ink was turned.
    fn not_turned(&self, mut bounds: Bounds) -> Bounds {
        let mut width = self.width;
        let mut height = self.height;
        for _ in 0..self.quarter_turns {
            bounds = Bounds {
                top: width - bounds.right(),
                left: bounds.top,
                height: bounds.width,
                width: bounds.height,
            };
            (height, width) = (width, height);
        }
        bounds
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
