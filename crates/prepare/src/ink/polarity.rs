//! Whether the ink is darker or lighter than the paper.

use super::background;
use crate::sample::Plane;

/// How much more of one kind of stroke than of the other is a sure sign.
const CLEAR_RATIO: f32 = 3.0;
/// How much a frame that is of one kind by three quarters counts against a sure sign of the structure.
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
    let dark_share = border_share(plane, side / 20 + 1, threshold);
    let frame = (2.0 * (2.0 * dark_share - 1.0)).clamp(-1.0, 1.0);
    (structure / 3.0).clamp(-1.0, 1.0) + FRAME_WEIGHT * frame > 0.0
}

/// The share of values below a threshold among those less than `depth` pixels from the border.
fn border_share(plane: &Plane, depth: usize, threshold: f32) -> f32 {
    let (height, width) = (plane.height, plane.width);
    let (mut below, mut all) = (0, 0);
    for (at, &value) in plane.values.iter().enumerate() {
        let (row, column) = (at / width, at % width);
        if row.min(height - 1 - row).min(column.min(width - 1 - column)) < depth {
            all += 1;
            below += usize::from(value < threshold);
        }
    }
    below as f32 / all as f32
}

/// The squared differences between two planes, and a little so that it is never 0.
fn energy(plane: &Plane, other: &Plane) -> f32 {
    let squares = plane.values.iter().zip(&other.values).map(|(a, b)| (a - b) * (a - b));
    squares.sum::<f32>() + plane.values.len() as f32
}
