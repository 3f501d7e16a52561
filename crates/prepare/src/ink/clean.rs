//! What is ink but no writing: things that reach in from outside the image, frames around the writing, and specks.

use super::components::{self, HALF, Part};
use super::strokes;
use crate::Bounds;

/// The share of a part's height and width together that lies on the image's border, from which on it is something that
/// reaches in from outside (a finger, a shadow, the table) and not a stroke that was cut off.
const CONTACT: f32 = 0.3;
/// The share of a frame's pixels that lie along the four sides of its rectangle, and of each side that they cover.
const FRAME_SHARE: f32 = 0.75;

/// Takes what is no writing out of `[height, width]` levels.
pub(super) fn clean(pixels: &mut [u8], height: usize, width: usize) {
    let stroke = strokes::width(pixels, height, width, |level| level >= HALF);
    let parts = components::parts(pixels, height, width);
    let long = |part: &Part| part.bounds.height.max(part.bounds.width);
    let area = |part: &Part| held(part, width).filter(|&at| pixels[at] >= HALF).count() as f32;
    let written = |part: &Part| 20 * long(part) >= height.max(width) && long(part) as f32 >= 2.0 * stroke;
    let inside = parts.iter().any(|part| written(part) && contact(part, pixels, height, width) == 0);
    let drop = |part: &Part| {
        let touched = contact(part, pixels, height, width) as f32;
        let reaches_in = inside && touched >= CONTACT * (part.bounds.height + part.bounds.width) as f32;
        let speck = area(part) < 0.5 * stroke * stroke;
        reaches_in || speck || is_frame(part, &parts)
    };
    let dropped: Vec<usize> =
        parts.iter().filter(|part| drop(part)).flat_map(|part| held(part, width)).collect();
    dropped.into_iter().for_each(|at| pixels[at] = 0);
}

/// The positions of a part's pixels in levels of this width.
fn held(part: &Part, width: usize) -> impl Iterator<Item = usize> {
    let b = part.bounds;
    let position = move |(at, _): (usize, &bool)| (b.top + at / b.width) * width + b.left + at % b.width;
    part.mask.iter().enumerate().filter(|(_, held)| **held).map(position)
}

/// How many pixels of a part lie on the image's border.
pub(crate) fn contact(part: &Part, pixels: &[u8], height: usize, width: usize) -> usize {
    held(part, width)
        .filter(|at| {
            let (row, column) = (at / width, at % width);
            row == 0 || column == 0 || row + 1 == height || column + 1 == width
        })
        .filter(|&at| pixels[at] >= HALF)
        .count()
}

/// Whether a part is a rectangle of lines around another part.
fn is_frame(part: &Part, parts: &[Part]) -> bool {
    let b = &part.bounds;
    if !parts.iter().any(|other| surrounds(b, &other.bounds)) {
        return false;
    }
    let thick = (1.5 * strokes::width(&part.mask, b.height, b.width, |held| held)).ceil() as usize + 1;
    if b.height < 4 * thick || b.width < 4 * thick {
        return false;
    }
    let near = |row: usize, column: usize| {
        [row < thick, b.height - row <= thick, column < thick, b.width - column <= thick]
    };
    let (mut along, mut all) = (0, 0);
    let mut rows = [vec![false; b.height], vec![false; b.height]];
    let mut columns = [vec![false; b.width], vec![false; b.width]];
    for (at, _) in part.mask.iter().enumerate().filter(|(_, held)| **held) {
        let (row, column) = (at / b.width, at % b.width);
        let [top, bottom, left, right] = near(row, column);
        all += 1;
        along += usize::from(top || bottom || left || right);
        columns[0][column] |= top;
        columns[1][column] |= bottom;
        rows[0][row] |= left;
        rows[1][row] |= right;
    }
    let covered = |side: &Vec<bool>| {
        side.iter().filter(|&&held| held).count() as f32 >= FRAME_SHARE * side.len() as f32
    };
    along as f32 >= FRAME_SHARE * all as f32 && rows.iter().all(covered) && columns.iter().all(covered)
}

/// Whether the first rectangle holds the second with room on all sides.
fn surrounds(outer: &Bounds, inner: &Bounds) -> bool {
    outer.top < inner.top
        && outer.left < inner.left
        && outer.bottom() > inner.bottom()
        && outer.right() > inner.right()
        && 3 * inner.height.max(inner.width) > outer.height.min(outer.width)
}
