//! Whether the ink is darker or lighter than the paper.

use super::background;
use crate::sample::Plane;

/// The border is even if its middle nine tenths span at most this share of all the image's levels.
const EVEN: f32 = 0.25;
/// In an image whose shorter side is smaller, strokes may be wider than the window for narrow structure.
const SMALLEST: usize = 128;
/// The share of an image that its boldest strokes take.
const BOLDEST: f32 = 0.01;
/// Narrow structure that stands out by less than this share of the image's levels is no stroke.
const FAINTEST: f32 = 0.1;

/// Whether the ink is the lighter one.
///
/// Paper reaches the image's border, ink seldom does. A border that is even is paper, and the ink is what is further
/// away from its lightness. An uneven border has shadows or a table on it and is not trusted, except in a small image: that
/// was cut from a larger one, and its border is paper. Otherwise narrow dark structure is compared with narrow light
/// structure where both are boldest: a soft shadow is wider than the window. Structure beside the border has no say,
/// because the paper between a stroke and the border is narrow too. If there is none, the strokes are wider than the
/// window, and most of the border is paper after all.
pub(super) fn ink_is_light(plane: &Plane) -> bool {
    let side = plane.height.min(plane.width);
    let plane = &plane.smooth();
    let mut border = border(plane, side / 20 + 1);
    border.sort_by(f32::total_cmp);
    let at = |share: f32| border[(share * (border.len() - 1) as f32) as usize];
    let smallest = plane.values.iter().copied().fold(f32::INFINITY, f32::min);
    let largest = plane.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let levels = largest - smallest;
    let is_light = largest - at(0.5) > at(0.5) - smallest;
    if side < SMALLEST || at(0.95) - at(0.05) <= EVEN * levels {
        return is_light;
    }
    let window = side / 24;
    let light = boldest(plane, &background::behind_light(plane, window), window);
    let dark = boldest(plane, &background::behind_dark(plane, window), window);
    if light.max(dark) < FAINTEST * levels { is_light } else { light > dark }
}

/// The values less than `depth` pixels from the border.
fn border(plane: &Plane, depth: usize) -> Vec<f32> {
    let near = plane.values.iter().enumerate().filter(|&(at, _)| to_border(plane, at) < depth);
    near.map(|(_, &value)| value).collect()
}

/// How many pixels there are between a position and the border.
fn to_border(plane: &Plane, at: usize) -> usize {
    let (row, column) = (at / plane.width, at % plane.width);
    row.min(plane.height - 1 - row).min(column.min(plane.width - 1 - column))
}

/// The difference between two planes that only the boldest strokes exceed, `depth` pixels from the border and more.
fn boldest(plane: &Plane, other: &Plane, depth: usize) -> f32 {
    let both = plane.values.iter().zip(&other.values).enumerate();
    let inside = both.filter(|&(at, _)| to_border(plane, at) >= depth);
    let mut differences: Vec<f32> = inside.map(|(_, (a, b))| (a - b).abs()).collect();
    let at = ((1.0 - BOLDEST) * (differences.len() - 1) as f32) as usize;
    *differences.select_nth_unstable_by(at, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 7 with strokes of `stroke` pixels that comes as close to the border of `[280, 280]` pixels as `margin`.
    fn seven(stroke: usize, margin: usize) -> Plane {
        const SIDE: usize = 280;
        let mut plane = Plane { height: SIDE, width: SIDE, values: vec![255.0; SIDE * SIDE] };
        for row in margin..SIDE - margin {
            let end = SIDE - margin - (row - margin) / 2;
            let start = if row < margin + stroke { margin } else { end - stroke };
            plane.values[row * SIDE + start..row * SIDE + end].fill(0.0);
        }
        plane
    }

    #[test]
    fn a_bold_digit_that_comes_close_to_the_border_is_ink() {
        for stroke in [14, 24, 40] {
            for margin in [0, 3, 5, 8, 12, 20] {
                let mut plane = seven(stroke, margin);
                assert!(!ink_is_light(&plane), "dark strokes of {stroke}, {margin} from the border");
                plane.invert();
                assert!(ink_is_light(&plane), "light strokes of {stroke}, {margin} from the border");
            }
        }
    }
}
