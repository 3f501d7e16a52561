//! Strokes made as wide as MNIST's.

use super::distance;
use crate::sample::{self, Plane};

/// How many times finer than the network's input the shape is while its strokes change.
const FINE: usize = 8;
/// The widths of strokes, in pixels of a 20x20 box, that stay as they are. A quarter of MNIST's digits is thinner than
/// the first, a twentieth thicker than the second, half are thinner than 2.5.
const THIN: f32 = 2.2;
const THICK: f32 = 4.0;
/// The level from which on a pixel is inside a stroke.
const INSIDE: f32 = 128.0;

/// Levels `[height, width]`, scaled so that the longer side has `side` pixels, the aspect is kept and strokes are about
/// as wide as MNIST's. None if they are already.
pub(super) fn adjusted(levels: &[u8], height: usize, width: usize, side: usize) -> Option<Plane> {
    let unit = side as f32 / 20.0;
    let fine = (side * FINE) as f32;
    let scale = fine / height.max(width) as f32;
    let to = |length: usize| ((length as f32 * scale).round() as usize).max(1);
    let shape = sample::scale(levels, height, width, to(height), to(width));
    let margin = side * FINE / 5;
    let padded_width = shape.width + 2 * margin;
    let mut inside = vec![false; (shape.height + 2 * margin) * padded_width];
    for (row, line) in shape.values.chunks_exact(shape.width).enumerate() {
        let out = &mut inside[(row + margin) * padded_width + margin..][..shape.width];
        out.iter_mut().zip(line).for_each(|(out, &level)| *out = level >= INSIDE);
    }
    let depth = distance::to_outside(&inside, padded_width);
    let area = inside.iter().filter(|&&inside| inside).count();
    // In a band the depth rises from 0 to half the width: its mean is a quarter of the width.
    let present = 4.0 * depth.iter().sum::<f32>() / area.max(1) as f32 / FINE as f32 / unit;
    let wanted = present.clamp(THIN, THICK);
    if area == 0 || wanted == present {
        return None;
    }
    // The box grows with the strokes and is scaled back afterwards.
    let grown = (wanted - present) / (20.0 - wanted) * fine / 2.0;
    inside.iter_mut().for_each(|inside| *inside = !*inside);
    let beyond = distance::to_outside(&inside, padded_width);
    let level = |(depth, beyond): (&f32, &f32)| {
        ((depth - beyond + grown + 0.5).clamp(0.0, 1.0) * 255.0).round() as u8
    };
    let changed: Vec<u8> = depth.iter().zip(&beyond).map(level).collect();
    Some(cropped(&changed, padded_width, side))
}

/// The rectangle that holds all ink of levels of this width, scaled so that its longer side has `side` pixels.
fn cropped(levels: &[u8], width: usize, side: usize) -> Plane {
    let (mut top, mut bottom, mut left, mut right) = (usize::MAX, 0, usize::MAX, 0);
    let is_inside = |level: &u8| *level >= INSIDE as u8;
    for (row, line) in levels.chunks_exact(width).enumerate() {
        let Some(first) = line.iter().position(is_inside) else { continue };
        let last = line.iter().rposition(is_inside).unwrap_or(first);
        (top, bottom) = (top.min(row), row + 1);
        (left, right) = (left.min(first), right.max(last + 1));
    }
    let crop: Vec<u8> = levels
        .chunks_exact(width)
        .take(bottom)
        .skip(top)
        .flat_map(|line| &line[left..right])
        .copied()
        .collect();
    let (height, width) = (bottom - top, right - left);
    let to = |length: usize| ((length * side) as f32 / height.max(width) as f32).round().max(1.0) as usize;
    sample::average(&crop, height, width, to(height), to(width))
}
