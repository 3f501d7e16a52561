//! A part of the ink as MNIST shows its digits: in a box of 20 of 28 pixels, its centre of mass in the middle.

mod distance;
mod stroke;

use crate::{
    ink::{Ink, Part},
    sample::{self, Plane},
};

/// The share of the image's side that the longer side of a digit takes: 20 of 28 pixels.
pub(crate) const BOX: f32 = 20.0 / 28.0;

/// From this share of a digit's pixels on, by level and in per cent, ink is full.
const SATURATED: usize = 85;
/// Levels rise at most this many times.
const LARGEST_GAIN: f32 = 2.0;

/// Where the centre of mass lies on a side of this many pixels: in the middle of the pixel behind the centre. In MNIST,
/// it lies between 14 and 15 of 28 pixels.
pub(crate) fn centre(size: usize) -> f32 {
    (size as f32 + 1.0) / 2.0
}

/// A part of the ink as `[size, size]` pixels the way MNIST's were made (LeCun, Cortes, Burges: the digit scaled into
/// 20x20 pixels with its aspect kept, its centre of mass moved to the centre of 28x28), 0 paper to 255 ink.
pub fn digit(ink: &Ink, part: &Part, size: usize) -> Vec<u8> {
    let b = &part.bounds;
    let mut levels = vec![0u8; b.height * b.width];
    for (row, out) in levels.chunks_exact_mut(b.width).enumerate() {
        let line = &ink.pixels()[(b.top + row) * ink.width() + b.left..][..b.width];
        let held = &part.mask[row * b.width..][..b.width];
        for ((out, &level), &held) in out.iter_mut().zip(line).zip(held) {
            *out = if held { level } else { 0 };
        }
    }
    let side = ((size as f32 * BOX).round() as usize).max(1);
    let mut small = stroke::adjusted(&levels, b.height, b.width, side).unwrap_or_else(|| {
        let to =
            |length: usize| ((length * side) as f32 / b.height.max(b.width) as f32).round().max(1.0) as usize;
        sample::scale(&levels, b.height, b.width, to(b.height), to(b.width))
    });
    saturate(&mut small);
    centred(&small, size)
}

/// Raises the levels so that the middle of strokes is full ink, as in MNIST.
fn saturate(plane: &mut Plane) {
    let mut inked: Vec<f32> = plane.values.iter().copied().filter(|&value| value >= 1.0).collect();
    if inked.is_empty() {
        return;
    }
    let at = inked.len() * SATURATED / 100;
    let full = *inked.select_nth_unstable_by(at, f32::total_cmp).1;
    let gain = (255.0 / full).clamp(1.0, LARGEST_GAIN);
    plane.values.iter_mut().for_each(|value| *value = (*value * gain).min(255.0));
}

/// A plane's values in the middle of `[size, size]` pixels. Their [centre] of mass lies where MNIST's does.
fn centred(plane: &Plane, size: usize) -> Vec<u8> {
    let (mut mass, mut row_mass, mut column_mass) = (0.0, 0.0, 0.0);
    for (row, line) in plane.values.chunks_exact(plane.width).enumerate() {
        for (column, &value) in line.iter().enumerate() {
            mass += value;
            row_mass += value * (row as f32 + 0.5);
            column_mass += value * (column as f32 + 0.5);
        }
    }
    let mut pixels = vec![0; size * size];
    if mass <= 0.0 {
        return pixels;
    }
    let start = |moment: f32, length: usize| {
        let start = (centre(size) - moment / mass).round().max(0.0) as usize;
        start.min(size - length)
    };
    let (top, left) = (start(row_mass, plane.height), start(column_mass, plane.width));
    for (row, line) in plane.values.chunks_exact(plane.width).enumerate() {
        for (column, &value) in line.iter().enumerate() {
            pixels[(top + row) * size + left + column] = value.round().clamp(0.0, 255.0) as u8;
        }
    }
    pixels
}
