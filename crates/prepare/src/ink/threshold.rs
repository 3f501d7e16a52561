//! From contrast to ink: which contrast is a stroke's.

use super::background;
use crate::sample::Plane;

/// Grey levels that a histogram tells apart.
const LEVELS: usize = 256;
/// Edges less steep than this, in grey levels, are no ink's.
const MINIMUM_CONTRAST: f32 = 16.0;
/// The steepest edges of ink are this many times as steep as the image's quieter
/// parts.
const NOISE_RATIO: f32 = 3.0;

/// The threshold that tells two kinds of values apart best (Otsu, "A threshold selection method from gray-level
/// histograms", 1979), between 0 and 255.
pub(super) fn otsu(values: impl Iterator<Item = f32>) -> f32 {
    let mut histogram = [0.0f64; LEVELS];
    values.for_each(|value| histogram[value.clamp(0.0, 255.0) as usize] += 1.0);
    let total: f64 = histogram.iter().sum();
    let sum: f64 = histogram.iter().enumerate().map(|(level, count)| level as f64 * count).sum();
    let (mut below, mut sum_below, mut best) = (0.0, 0.0, (-1.0, 0, 0));
    for (level, count) in histogram.iter().enumerate() {
        below += count;
        sum_below += level as f64 * count;
        if below > 0.0 && below < total {
            let gap = sum_below / below - (sum - sum_below) / (total - below);
            let between = below * (total - below) * gap * gap;
            if between > best.0 * (1.0 + 1e-12) {
                best = (between, level, level);
            } else if between >= best.0 * (1.0 - 1e-12) {
                best.2 = level;
            }
        }
    }
    // Between two peaks with nothing between them every level is as good: the middle one is the safest.
    (best.1 + best.2) as f32 / 2.0 + 1.0
}

/// The value in the middle; the order of the values is lost.
pub(super) fn middle(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// The contrast from which on a pixel is ink; none without ink.
///
/// Strokes have the steepest edges. Otsu's threshold is taken among the pixels beside edges that are at least half as
/// steep as the steepest, where there is as much paper as ink, however little ink there is on however much paper, and
/// where a shadow or a rule weaker than the ink has no say.
pub(super) fn ink(contrast: &Plane) -> Option<f32> {
    let steepness = steepness(contrast);
    let count = (contrast.height.max(contrast.width) / 4).max(4).min(steepness.values.len());
    let mut sorted = steepness.values.clone();
    let steepest = *sorted.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a)).1;
    // A digit may fill its image, but not a quarter of it is without edges then.
    let quarter = sorted.len() / 4;
    let usual = *sorted.select_nth_unstable_by(quarter, f32::total_cmp).1;
    if steepest < MINIMUM_CONTRAST || steepest < NOISE_RATIO * usual {
        return None;
    }
    let beside = near(&steepness, 1, |value| value >= 0.5 * steepest);
    let values = contrast.values.iter().zip(&beside).filter(|&(_, &beside)| beside).map(|(&value, _)| value);
    Some(otsu(values))
}

/// The difference between the largest and the smallest value of each pixel and its neighbours.
fn steepness(plane: &Plane) -> Plane {
    let mut steepness = background::largest(plane, 3);
    let smallest = background::smallest(plane, 3);
    steepness.values.iter_mut().zip(&smallest.values).for_each(|(value, smallest)| *value -= smallest);
    steepness
}

/// Which pixels are within `radius` of a pixel for which `is_seed` holds.
pub(super) fn near(plane: &Plane, radius: usize, is_seed: impl Fn(f32) -> bool) -> Vec<bool> {
    let (height, width) = (plane.height, plane.width);
    let seeds: Vec<bool> = plane.values.iter().map(|&value| is_seed(value)).collect();
    let mut rows = vec![false; height * width];
    for (at, _) in seeds.iter().enumerate().filter(|(_, seed)| **seed) {
        let (row, column) = (at / width, at % width);
        rows[row * width + column.saturating_sub(radius)..row * width + (column + radius + 1).min(width)]
            .fill(true);
    }
    let mut all = vec![false; height * width];
    for row in 0..height {
        for other in row.saturating_sub(radius)..(row + radius + 1).min(height) {
            let line = &rows[other * width..][..width];
            all[row * width..][..width].iter_mut().zip(line).for_each(|(all, &held)| *all |= held);
        }
    }
    all
}
