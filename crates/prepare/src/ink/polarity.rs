//! Whether the ink is darker or lighter than the paper.

use super::background;
use crate::sample::Plane;

/// The border is even if its middle nine tenths span at most this share of all the image's levels.
const EVEN: f32 = 0.25;
/// In an image whose shorter side is smaller, strokes may be wider than the window for narrow structure.
const SMALLEST: usize = 128;
/// The share of an image that its boldest strokes take.
const BOLDEST: f32 = 0.01;

/// Whether the ink is the lighter one.
///
/// Paper reaches the image's border, ink seldom does. A border that is even is paper, and the ink is what is further
/// away from its lightness. An uneven border has shadows or a table on it and says nothing, but in a
/// small image, which was cut from a larger one. Then narrow dark structure
/// is compared with narrow light structure where both are boldest: a soft shadow is wider than the window.
pub(super) fn ink_is_light(plane: &Plane) -> bool {
    let side = plane.height.min(plane.width);
    let plane = &plane.smooth();
    let mut border = border(plane, side / 20 + 1);
    border.sort_by(f32::total_cmp);
    let at = |share: f32| border[(share * (border.len() - 1) as f32) as usize];
    let smallest = plane.values.iter().copied().fold(f32::INFINITY, f32::min);
    let largest = plane.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if side < SMALLEST || at(0.95) - at(0.05) <= EVEN * (largest - smallest) {
        return largest - at(0.5) > at(0.5) - smallest;
    }
    let window = (side / 24).max(3);
    let light = boldest(plane, &background::behind_light(plane, window));
    let dark = boldest(plane, &background::behind_dark(plane, window));
    light > dark
}

/// The values less than `depth` pixels from the border.
fn border(plane: &Plane, depth: usize) -> Vec<f32> {
    let (height, width) = (plane.height, plane.width);
    let inside = |at: usize| {
        let (row, column) = (at / width, at % width);
        row.min(height - 1 - row).min(column.min(width - 1 - column)) >= depth
    };
    plane.values.iter().enumerate().filter(|&(at, _)| !inside(at)).map(|(_, &value)| value).collect()
}

/// The difference between two planes that only the boldest strokes exceed.
fn boldest(plane: &Plane, other: &Plane) -> f32 {
    let mut differences: Vec<f32> =
        plane.values.iter().zip(&other.values).map(|(a, b)| (a - b).abs()).collect();
    let at = ((1.0 - BOLDEST) * (differences.len() - 1) as f32) as usize;
    *differences.select_nth_unstable_by(at, f32::total_cmp).1
}
