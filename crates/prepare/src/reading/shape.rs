//! Measures of parts: how far apart, how much above each other, how thick their strokes.

use crate::{Bounds, Ink, Part};

/// The number of columns that two rectangles share.
pub(super) fn shared_columns(a: &Bounds, b: &Bounds) -> usize {
    a.right().min(b.right()).saturating_sub(a.left.max(b.left))
}

/// The number of rows that two rectangles share.
pub(super) fn shared_rows(a: &Bounds, b: &Bounds) -> usize {
    a.bottom().min(b.bottom()).saturating_sub(a.top.max(b.top))
}

/// The number of empty rows between two rectangles, one above the other.
pub(super) fn rows_between(a: &Bounds, b: &Bounds) -> usize {
    a.top.max(b.top).saturating_sub(a.bottom().min(b.bottom()))
}

/// The number of empty columns between two rectangles, one beside the other.
pub(super) fn columns_between(a: &Bounds, b: &Bounds) -> usize {
    a.left.max(b.left).saturating_sub(a.right().min(b.right()))
}

/// Whether a pixel of one part lies within `reach` pixels of one of the other.
pub(super) fn near(a: &Part, b: &Part, reach: f32) -> bool {
    let limit = reach.ceil() as usize;
    if rows_between(&a.bounds, &b.bounds) > limit || columns_between(&a.bounds, &b.bounds) > limit {
        return false;
    }
    let (small, large) = if a.mask.len() < b.mask.len() { (a, b) } else { (b, a) };
    let (s, l) = (&small.bounds, &large.bounds);
    let rows = s.top.max(l.top.saturating_sub(limit))..s.bottom().min(l.bottom() + limit);
    rows.into_iter().any(|row| {
        let columns = s.left.max(l.left.saturating_sub(limit))..s.right().min(l.right() + limit);
        columns.into_iter().any(|column| small.holds(row, column) && reaches(large, row, column, reach))
    })
}

/// Whether a part holds a pixel within `reach` of this one.
fn reaches(part: &Part, row: usize, column: usize, reach: f32) -> bool {
    let limit = reach.ceil() as usize;
    let b = &part.bounds;
    let rows = b.top.max(row.saturating_sub(limit))..b.bottom().min(row + limit + 1);
    rows.into_iter().any(|r| {
        let columns = b.left.max(column.saturating_sub(limit))..b.right().min(column + limit + 1);
        columns.into_iter().any(|c| {
            let (down, across) = (r.abs_diff(row) as f32, c.abs_diff(column) as f32);
            down * down + across * across <= reach * reach && part.holds(r, c)
        })
    })
}

/// The width of the strokes of some parts in pixels of the ink, at least 1: twice the ink divided by the length of its
/// outline, as for a long thin rectangle.
pub(super) fn stroke_width(ink: &Ink, parts: &[Part]) -> f32 {
    let (mut area, mut outline) = (0.0, 0.0);
    for part in parts {
        let b = &part.bounds;
        let level = |row: usize, column: usize| {
            let inside = row < b.height && column < b.width && part.mask[row * b.width + column];
            if inside {
                f32::from(ink.pixels()[(b.top + row) * ink.width() + b.left + column]) / 255.0
            } else {
                0.0
            }
        };
        for row in 0..=b.height {
            for column in 0..=b.width {
                let here = level(row, column);
                area += here;
                // The length of the gradient is right for outlines of every direction.
                let up = here - if row > 0 { level(row - 1, column) } else { 0.0 };
                let left = here - if column > 0 { level(row, column - 1) } else { 0.0 };
                outline += (up * up + left * left).sqrt();
            }
        }
    }
    if outline > 0.0 { (2.0 * area / outline).max(1.0) } else { 1.0 }
}

/// The number of holes of a part: areas without ink that do not reach its frame, of at least `least` pixels.
pub(super) fn holes(part: &Part, least: usize) -> usize {
    let (height, width) = (part.bounds.height + 2, part.bounds.width + 2);
    let mut free = vec![true; height * width];
    for (row, line) in part.mask.chunks_exact(part.bounds.width).enumerate() {
        for (column, &held) in line.iter().enumerate() {
            free[(row + 1) * width + column + 1] = !held;
        }
    }
    let mut count = 0;
    flood(&mut free, width, 0);
    for start in 0..free.len() {
        if free[start] && flood(&mut free, width, start) >= least {
            count += 1;
        }
    }
    count
}

/// Takes the free pixels that are connected with `start` over four neighbours, and counts them.
fn flood(free: &mut [bool], width: usize, start: usize) -> usize {
    let mut waiting = vec![start];
    let mut count = 0;
    free[start] = false;
    while let Some(at) = waiting.pop() {
        count += 1;
        let left = (at % width > 0).then(|| at - 1);
        let right = ((at + 1) % width > 0).then(|| at + 1);
        for next in [left, right, at.checked_sub(width), Some(at + width)].into_iter().flatten() {
            if next < free.len() && free[next] {
                free[next] = false;
                waiting.push(next);
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::super::drawing::Drawing;
    use super::*;

    #[test]
    fn strokes_holes_and_distances_are_measured() {
        let ink =
            Drawing::new(120, 160).ring((60.0, 40.0), (30.0, 20.0)).stroke((30.0, 80.0), (90.0, 80.0)).ink();
        let parts = ink.parts();
        assert_eq!(parts.len(), 2);
        let width = stroke_width(&ink, &parts);
        assert!((5.0..7.5).contains(&width), "{width}");
        let counts: Vec<usize> = parts.iter().map(|part| holes(part, 20)).collect();
        assert_eq!(counts.iter().sum::<usize>(), 1);
        // The ring ends at column 63, the stroke begins at column 77.
        assert!(near(&parts[0], &parts[1], 16.0) && near(&parts[1], &parts[0], 16.0));
        assert!(!near(&parts[0], &parts[1], 11.0));
    }

    #[test]
    fn rectangles_share_rows_or_lie_apart() {
        let a = Bounds { top: 10, left: 10, height: 20, width: 5 };
        let b = Bounds { top: 25, left: 12, height: 20, width: 9 };
        assert_eq!((shared_rows(&a, &b), shared_columns(&a, &b)), (5, 3));
        assert_eq!((rows_between(&a, &b), columns_between(&a, &b)), (0, 0));
        let c = Bounds { top: 33, left: 20, height: 4, width: 4 };
        assert_eq!((shared_rows(&a, &c), rows_between(&c, &a), columns_between(&a, &c)), (0, 3, 5));
    }
}
