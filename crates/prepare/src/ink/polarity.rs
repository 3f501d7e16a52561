//! Whether the ink is darker or lighter than the paper.

use super::background;
use crate::sample::Plane;

/// How much more of one kind of stroke than of the other is a sure sign.
const CLEAR_RATIO: f32 = 3.0;
/// How much a frame that is all of one kind counts against a sure sign of the structure.
const FRAME_WEIGHT: f32 = 1.5;

/// Whether the ink is the lighter one, asked of two witnesses.
///
/// * The structure: narrow dark strokes against narrow light ones, in windows of a sixteenth of the image and wider.
///   Holes and gaps between dark strokes are light, but wider than strokes, and show in the wider windows only.
/// * The frame: paper reaches the image's border, ink seldom does.
pub(super) fn ink_is_light(plane: &Plane, threshold: f32) -> bool {
    let side = plane.height.min(plane.width);
    let mut structure = 0.0;
    for share in [16, 8, 4] {
        let window = (side / share).max(3);
        let light = energy(plane, &background::behind_light(plane, window));
        let dark = energy(plane, &background::behind_dark(plane, window));
        structure += (light / dark).ln() / CLEAR_RATIO.ln();
    }
    let frame = plane.frame();
    let dark_share = frame.iter().filter(|&&value| value < threshold).count() as f32 / frame.len() as f32;
    (structure / 3.0).clamp(-1.0, 1.0) + FRAME_WEIGHT * (2.0 * dark_share - 1.0) > 0.0
}

/// The squared differences between two planes, and a little so that it is never 0.
fn energy(plane: &Plane, other: &Plane) -> f32 {
    let squares = plane.values.iter().zip(&other.values).map(|(a, b)| (a - b) * (a - b));
    squares.sum::<f32>() + plane.values.len() as f32
}
