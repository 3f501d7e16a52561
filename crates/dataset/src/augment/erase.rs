//! Erasing: a rectangle of the image is lost under random values (Zhong et al. 2020).

use std::ops::Range;

use rand::Rng;

use crate::augment::draw::{symmetric, unit};

/// The rectangle that is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rectangle {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Rectangle {
    /// Draws a rectangle that covers up to `largest` of the area and is at most four times as long as it is wide, if the
    /// image is square.
    pub(super) fn draw(largest: f64, height: usize, width: usize, rng: &mut impl Rng) -> Self {
        let side = (unit(rng) * largest).sqrt();
        let stretch = symmetric(rng);
        let stretch = if stretch < 0.0 { 1.0 / (1.0 - stretch) } else { 1.0 + stretch };
        let rows = within(side * stretch, height, unit(rng));
        let columns = within(side / stretch, width, unit(rng));
        Self { rows, columns }
    }

    /// Fills the rectangle with random values, each with the same chance. Of the fillings that Zhong et al. compare, this
    /// one helps most.
    pub(super) fn fill(&self, pixels: &mut [u8], width: usize, rng: &mut impl Rng) {
        for y in self.rows.clone() {
            let row = &mut pixels[y * width..(y + 1) * width][self.columns.clone()];
            rng.fill_bytes(row);
        }
    }
}

/// A piece of a side that is a share of it long, at a random place.
fn within(share: f64, size: usize, place: f64) -> Range<usize> {
    let length = ((share * size as f64).round() as usize).min(size);
    let start = (place * (size - length + 1) as f64) as usize;
    let start = start.min(size - length);
    start..start + length
}
