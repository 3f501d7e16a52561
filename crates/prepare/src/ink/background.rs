//! The paper behind the ink, by grey morphology: what is darker than its surroundings and narrower than a window is
//! filled with the paper around it (closing; Serra, "Image analysis and mathematical morphology", 1982). What is wider
//! than the window stays as it is, so that shadows, tinted light and the table beside the paper are paper too.

use crate::sample::Plane;

/// The lightness that each pixel would have without dark strokes narrower than `window` pixels.
pub(super) fn behind_dark(plane: &Plane, window: usize) -> Plane {
    smallest(&largest(plane, window), window)
}

/// The lightness that each pixel would have without light strokes narrower than `window` pixels.
pub(super) fn behind_light(plane: &Plane, window: usize) -> Plane {
    largest(&smallest(plane, window), window)
}

/// The largest value of the square window around each pixel, cut at the border.
pub(super) fn largest(plane: &Plane, window: usize) -> Plane {
    extreme(plane, window, larger)
}

/// The smallest value of the square window around each pixel, cut at the border.
pub(super) fn smallest(plane: &Plane, window: usize) -> Plane {
    extreme(plane, window, smaller)
}

/// The larger of two numbers, by one instruction.
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The smaller of two numbers, by one instruction.
fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// The extreme of the square window around each pixel, cut at the border.
fn extreme(plane: &Plane, window: usize, pick: impl Fn(f32, f32) -> f32 + Copy) -> Plane {
    let radius = window / 2;
    let (height, width) = (plane.height, plane.width);
    // What loses against every value, to stand outside the border.
    let outside = if pick(0.0, 1.0) > 0.0 { f32::MIN } else { f32::MAX };
    let mut line = vec![outside; width + 2 * radius];
    let mut spare = Vec::with_capacity(line.len());
    let mut padded = vec![outside; radius * width];
    padded.reserve(height * width + radius * width);
    for values in plane.values.chunks_exact(width) {
        line.clear();
        line.resize(radius, outside);
        line.extend_from_slice(values);
        line.resize(width + 2 * radius, outside);
        along(&mut line, &mut spare, 1, window_length(radius), pick);
        padded.extend_from_slice(&line[..width]);
    }
    padded.resize((height + 2 * radius) * width, outside);
    along(&mut padded, &mut spare, width, window_length(radius), pick);
    padded.truncate(height * width);
    Plane { height, width, values: padded }
}

/// The length of a window with `radius` pixels on each side of its middle.
fn window_length(radius: usize) -> usize {
    2 * radius + 1
}

/// Replaces each value by the extreme of the window of `length` values, `step` apart, that begins with it. Extremes of
/// 1 value become extremes of 2, of 4 and so on; the last two windows overlap. What a window lacks at the end is left
/// out of the result.
fn along(
    values: &mut Vec<f32>,
    spare: &mut Vec<f32>,
    step: usize,
    length: usize,
    pick: impl Fn(f32, f32) -> f32,
) {
    let mut have = 1;
    while have < length {
        let shift = have.min(length - have);
        spare.clear();
        spare.extend(values.iter().zip(&values[shift * step..]).map(|(&a, &b)| pick(a, b)));
        std::mem::swap(values, spare);
        have += shift;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(height: usize, width: usize, value: impl Fn(usize, usize) -> f32) -> Plane {
        let values = (0..height * width).map(|at| value(at / width, at % width)).collect();
        Plane { height, width, values }
    }

    #[test]
    fn windows_are_the_same_as_by_looking_at_each_pixel() {
        let noise = plane(13, 17, |row, column| ((row * 7919 + column * 104_729) % 251) as f32);
        for window in [1, 3, 5, 7, 15, 41] {
            let radius = window / 2;
            let slow = plane(13, 17, |row, column| {
                let mut best = f32::MIN;
                for near in row.saturating_sub(radius)..(row + radius + 1).min(13) {
                    for beside in column.saturating_sub(radius)..(column + radius + 1).min(17) {
                        best = best.max(noise.values[near * 17 + beside]);
                    }
                }
                best
            });
            assert_eq!(extreme(&noise, window, f32::max), slow, "{window}");
        }
    }

    #[test]
    fn narrow_strokes_vanish_and_wide_shadows_stay() {
        // Paper of 200, a shadow of 120 from column 20 on, a stroke of 3 columns in each.
        let paper = |column: usize| if column < 20 { 200.0 } else { 120.0 };
        let image = plane(30, 40, |_, column| match column {
            8..11 | 28..31 => 40.0,
            _ => paper(column),
        });
        assert_eq!(behind_dark(&image, 7), plane(30, 40, |_, column| paper(column)));
        let negative = plane(30, 40, |row, column| 255.0 - image.values[row * 40 + column]);
        assert_eq!(behind_light(&negative, 7), plane(30, 40, |_, column| 255.0 - paper(column)));
    }
}
