//! From contrast to ink: which contrast is a stroke's.

use super::background;
use crate::sample::Plane;

/// Grey levels that a histogram tells apart.
const LEVELS: usize = 256;
/// Edges less steep than this, in 255ths of the paper's lightness, are no ink's.
const MINIMUM_CONTRAST: f32 = 16.0;
/// In the image itself they are at least as steep as this, so that what compression leaves on grey is no ink.
const FAINTEST: f32 = 10.0;
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

/// The contrast from which on a pixel is ink, by the image's lightness and the contrast to its paper; none without ink.
///
/// Strokes have the steepest edges. Otsu's threshold is taken among the pixels beside edges that are at least half as
/// steep as the steepest, where there is as much paper as ink, however little ink there is on however much paper, and
/// where a shadow or a rule weaker than the ink has no say.
pub(super) fn ink(light: &Plane, contrast: &Plane) -> Option<f32> {
    if is_noise(light) {
        return None;
    }
    let steepness = steepness(contrast);
    let steepest = steepest(&steepness);
    if steepest < MINIMUM_CONTRAST {
        return None;
    }
    let beside = near(&steepness, 1, |value| value >= 0.5 * steepest);
    let values = contrast.values.iter().zip(&beside).filter(|&(_, &beside)| beside).map(|(&value, _)| value);
    Some(otsu(values))
}

/// Whether no edges stand out from the noise. A digit may fill its image, but a quarter of it is without edges then.
fn is_noise(light: &Plane) -> bool {
    let steepness = steepness(light);
    let mut sorted = steepness.values.clone();
    let quarter = sorted.len() / 4;
    let usual = *sorted.select_nth_unstable_by(quarter, f32::total_cmp).1;
    steepest(&steepness) < (NOISE_RATIO * usual).max(FAINTEST)
}

/// The steepness of the steepest edges: as many pixels as a stroke of a quarter of the image's longer side has there.
fn steepest(steepness: &Plane) -> f32 {
    let count = (steepness.height.max(steepness.width) / 4).max(4).min(steepness.values.len());
    let mut sorted = steepness.values.clone();
    *sorted.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a)).1
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
