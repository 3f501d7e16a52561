//! Finds the ink of an image.

use super::{HALF, Ink};
use crate::{
    GreyImage,
    sample::{self, Plane},
};

/// The longest side of the working resolution, in pixels.
const WORKING_SIDE: usize = 1024;
/// Less contrast than this, in grey levels, is no ink.
const MINIMUM_CONTRAST: f32 = 24.0;

/// Ink apart from paper, whichever of the two is darker; none if there is no ink.
pub fn find_ink(image: &GreyImage) -> Option<Ink> {
    let factor = (image.height().max(image.width()) as f32 / WORKING_SIDE as f32).max(1.0);
    let height = ((image.height() as f32 / factor).round() as usize).max(1);
    let width = ((image.width() as f32 / factor).round() as usize).max(1);
    let plane = sample::average(image.pixels(), image.height(), image.width(), height, width);
    let threshold = otsu(&plane);
    let (low, high) = means(&plane, threshold)?;
    if high - low < MINIMUM_CONTRAST {
        return None;
    }
    let light_ink = frame_median(&plane) < threshold;
    let level = |&value: &f32| {
        let share = (value - low) / (high - low);
        ((if light_ink { share } else { 1.0 - share }) * 255.0).round().clamp(0.0, 255.0) as u8
    };
    let pixels: Vec<u8> =
        plane.values.iter().map(level).map(|level| if level < 64 { 0 } else { level }).collect();
    pixels.iter().any(|&level| level >= HALF).then(|| Ink {
        height,
        width,
        pixels,
        factor,
        original: [image.height(), image.width()],
    })
}

/// The threshold that tells two kinds of values apart best (Otsu, "A threshold selection method from gray-level
/// histograms", 1979).
fn otsu(plane: &Plane) -> f32 {
    let mut histogram = [0.0f64; 256];
    plane.values.iter().for_each(|&value| histogram[value as usize] += 1.0);
    let total: f64 = histogram.iter().sum();
    let sum: f64 = histogram.iter().enumerate().map(|(level, count)| level as f64 * count).sum();
    let (mut below, mut sum_below, mut best) = (0.0, 0.0, (-1.0, 0));
    for (level, count) in histogram.iter().enumerate() {
        below += count;
        sum_below += level as f64 * count;
        if below > 0.0 && below < total {
            let gap = sum_below / below - (sum - sum_below) / (total - below);
            let between = below * (total - below) * gap * gap;
            if between > best.0 {
                best = (between, level);
            }
        }
    }
    best.1 as f32 + 1.0
}

/// The means of the values below a threshold and of the others; none if there are none of one kind.
fn means(plane: &Plane, threshold: f32) -> Option<(f32, f32)> {
    let mean =
        |values: &[f32]| (!values.is_empty()).then(|| values.iter().sum::<f32>() / values.len() as f32);
    let (low, high): (Vec<f32>, Vec<f32>) = plane.values.iter().partition(|&&value| value < threshold);
    Some((mean(&low)?, mean(&high)?))
}

/// The median of the outermost pixels.
fn frame_median(plane: &Plane) -> f32 {
    let (height, width) = (plane.height, plane.width);
    let mut frame: Vec<f32> = (0..height * width)
        .filter(|at| {
            let (row, column) = (at / width, at % width);
            row == 0 || column == 0 || row + 1 == height || column + 1 == width
        })
        .map(|at| plane.values[at])
        .collect();
    let middle = frame.len() / 2;
    *frame.select_nth_unstable_by(middle, f32::total_cmp).1
}
