//! Draws ink for the tests.

use crate::{GreyImage, Ink, find_ink};

/// White paper and a black pen, 6 pixels wide.
pub(super) struct Drawing {
    height: usize,
    width: usize,
    pixels: Vec<u8>,
}

impl Drawing {
    pub(super) fn new(height: usize, width: usize) -> Self {
        Self { height, width, pixels: vec![255; height * width] }
    }

    /// A straight stroke between two points, each row and column.
    pub(super) fn stroke(mut self, from: (f32, f32), to: (f32, f32)) -> Self {
        let (down, across) = (to.0 - from.0, to.1 - from.1);
        let steps = down.hypot(across).ceil().max(1.0);
        for step in 0..=steps as usize {
            let share = step as f32 / steps;
            self.dot(from.0 + share * down, from.1 + share * across);
        }
        self
    }

    /// An ellipse around a point, row and column, with its half height and half width: a 0.
    pub(super) fn ring(mut self, centre: (f32, f32), (half_height, half_width): (f32, f32)) -> Self {
        for degrees in 0..720 {
            let (sin, cos) = (degrees as f32 / 2.0).to_radians().sin_cos();
            self.dot(centre.0 + half_height * sin, centre.1 + half_width * cos);
        }
        self
    }

    /// A 5 in 60 rows and 36 columns from its left top corner, its bar loose.
    pub(super) fn loose_five(self, (top, left): (f32, f32)) -> Self {
        let body = [(4.0, 4.0), (28.0, 3.0), (28.0, 20.0), (42.0, 32.0), (56.0, 18.0), (56.0, 3.0)];
        let body = body.map(|(row, column)| (top + row, left + column));
        let drawn = body.windows(2).fold(self, |drawing, ends| drawing.stroke(ends[0], ends[1]));
        drawn.stroke((top + 2.0, left + 16.0), (top + 2.0, left + 36.0))
    }

    /// A plus sign around a point, its arms this long.
    pub(super) fn plus(self, (row, column): (f32, f32), arm: f32) -> Self {
        self.stroke((row - arm, column), (row + arm, column)).stroke((row, column - arm), (row, column + arm))
    }

    pub(super) fn image(self) -> GreyImage {
        GreyImage::new(self.height, self.width, self.pixels).unwrap()
    }

    pub(super) fn ink(self) -> Ink {
        find_ink(&self.image()).unwrap()
    }

    fn dot(&mut self, row: f32, column: f32) {
        let around =
            |middle: f32, end: usize| (middle - 3.0).max(0.0) as usize..((middle + 4.0) as usize).min(end);
        for y in around(row, self.height) {
            for x in around(column, self.width) {
                if (y as f32 - row).hypot(x as f32 - column) <= 3.0 {
                    self.pixels[y * self.width + x] = 0;
                }
            }
        }
    }
}
