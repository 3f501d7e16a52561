//! A part of the ink as MNIST shows its digits: in a box of 20 of 28 pixels, its centre of mass in the middle.

use crate::{
    ink::{Ink, Part},
    sample::{self, Plane},
};

/// The share of the image's side that the longer side of a digit takes: 20 of 28 pixels.
const BOX: f32 = 20.0 / 28.0;

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
    let box_side = (size as f32 * BOX).round().max(1.0);
    let scale = box_side / b.height.max(b.width) as f32;
    let side = |length: usize| ((length as f32 * scale).round() as usize).clamp(1, size.max(1));
    let small = sample::average(&levels, b.height, b.width, side(b.height), side(b.width));
    centred(&small, size)
}

/// A plane's values in the middle of `[size, size]` pixels. As in MNIST, where the centre of mass lies at 14 to 15 of
/// 28 pixels, it comes to the middle of the pixel behind the centre.
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
        let start = ((size as f32 + 1.0) / 2.0 - moment / mass).round().max(0.0) as usize;
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
