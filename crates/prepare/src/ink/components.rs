//! Connected strokes.

use crate::Bounds;

/// The level from which a pixel counts as ink and not as the soft edge of a stroke.
pub const HALF: u8 = 128;

/// Some of an ink's pixels: one connected stroke, several that belong together, or a piece cut from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it is, in pixels of the ink.
    pub bounds: Bounds,
    /// `[bounds.height, bounds.width]`: which pixels belong to it, soft edges included.
    pub mask: Vec<bool>,
}

impl Part {
    /// Whether the pixel in this row and column of the ink belongs to the part.
    pub fn holds(&self, row: usize, column: usize) -> bool {
        let b = &self.bounds;
        (b.top..b.bottom()).contains(&row)
            && (b.left..b.right()).contains(&column)
            && self.mask[(row - b.top) * b.width + column - b.left]
    }

    /// How many pixels belong to it.
    pub fn area(&self) -> usize {
        self.mask.iter().filter(|&&held| held).count()
    }

    /// Several parts as one; none of none.
    pub fn join(parts: &[Self]) -> Option<Self> {
        let bounds = parts.iter().map(|part| part.bounds).reduce(|a, b| a.union(&b))?;
        let mut mask = vec![false; bounds.height * bounds.width];
        for part in parts {
            let b = &part.bounds;
            for (row, held) in part.mask.chunks_exact(b.width).enumerate() {
                let start = (row + b.top - bounds.top) * bounds.width + b.left - bounds.left;
                mask[start..][..b.width].iter_mut().zip(held).for_each(|(joined, &held)| *joined |= held);
            }
        }
        Some(Self { bounds, mask })
    }
}

/// Connected pixels (over eight neighbours) of at least [`HALF`] in `[height, width]` levels, each with the soft pixels
/// beside it, in the order of the first pixel by rows.
pub(super) fn parts(pixels: &[u8], height: usize, width: usize) -> Vec<Part> {
    let mut seen = vec![false; pixels.len()];
    let mut parts = Vec::new();
    for start in 0..pixels.len() {
        if pixels[start] >= HALF && !seen[start] {
            parts.push(part(pixels, height, width, start, &mut seen));
        }
    }
    parts
}

/// The connected pixels around `start`, and the soft ones beside them.
fn part(pixels: &[u8], height: usize, width: usize, start: usize, seen: &mut [bool]) -> Part {
    let mut members = Vec::new();
    let mut waiting = vec![start];
    seen[start] = true;
    while let Some(at) = waiting.pop() {
        members.push(at);
        // The neighbours, and the pixel itself.
        let (row, column) = (at / width, at % width);
        for row in row.saturating_sub(1)..(row + 2).min(height) {
            for next in row * width + column.saturating_sub(1)..row * width + (column + 2).min(width) {
                match pixels[next] {
                    0 => {}
                    1..HALF => members.push(next),
                    HALF.. if seen[next] => {}
                    HALF.. => {
                        seen[next] = true;
                        waiting.push(next);
                    }
                }
            }
        }
    }
    from_members(&members, width)
}

/// A part from the positions of its pixels, of which there is at least one.
fn from_members(members: &[usize], width: usize) -> Part {
    let (mut top, mut bottom, mut left, mut right) = (usize::MAX, 0, usize::MAX, 0);
    for (row, column) in members.iter().map(|at| (at / width, at % width)) {
        (top, bottom) = (top.min(row), bottom.max(row + 1));
        (left, right) = (left.min(column), right.max(column + 1));
    }
    let bounds = Bounds { top, left, height: bottom - top, width: right - left };
    let mut mask = vec![false; bounds.height * bounds.width];
    for at in members {
        mask[(at / width - top) * bounds.width + at % width - left] = true;
    }
    Part { bounds, mask }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_are_told_apart_and_keep_their_soft_edges() {
        #[rustfmt::skip]
        let pixels = [
            255,   0,   0,   0,  90,
              0, 255,   0,   0, 200,
              0,  40,   0,   0, 255,
              0,   0,   0,   0,   0,
        ];
        let parts = parts(&pixels, 4, 5);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].bounds, Bounds { top: 0, left: 0, height: 3, width: 2 });
        assert_eq!(parts[0].mask, [true, false, false, true, false, true]);
        assert_eq!(parts[1].bounds, Bounds { top: 0, left: 4, height: 3, width: 1 });
        assert!(parts[1].holds(0, 4) && !parts[1].holds(0, 0) && !parts[0].holds(0, 4));

        let joined = Part::join(&parts).unwrap();
        assert_eq!(joined.bounds, Bounds { top: 0, left: 0, height: 3, width: 5 });
        assert_eq!(joined.area(), 6);
        assert_eq!(Part::join(&[]), None);
    }
}
