//! Where a group could be cut: paths from its top to its bottom that cross little ink.

use crate::{Bounds, Ink, Part};

/// For each height of a group that it is wide, it may have so many cuts: digits are about half as wide as high, and not
/// every cut is right.
const CUTS_A_HEIGHT: f32 = 4.0;
/// At most this many cuts of a group.
const MOST_CUTS: usize = 16;
/// The largest sideways way of a path from its column, as a share of the group's height: digits are slanted.
const SWAY: f32 = 0.3;
/// Two cuts are at least this share of the group's height apart.
const APART: f32 = 0.12;
/// A path may cross three strokes and a little more: more is no cut between digits.
const MOST_INK: f32 = 3.3;
/// What it costs to go along in a stroke for as long as it is wide; to cross it straight costs 1.
const ALONG: f32 = 0.15;
/// A piece has at least this share of the ink of a stroke of its height.
const THINNEST: f32 = 0.75;
/// What a step aside costs, in pixels of full ink: enough that a path does not wander without reason.
const ASIDE: f32 = 0.03;

/// A way to cut a group in two.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seam {
    /// For each row of the group, its first column (within the group) that belongs to the right piece.
    pub(super) columns: Vec<usize>,
    /// For each row, whether it runs in ink.
    in_ink: Vec<bool>,
    /// How many strokes it crosses: 1 for one that it crosses straight.
    pub(super) ink: f32,
}

impl Seam {
    /// The mean of its columns.
    fn mean(&self) -> f32 {
        self.columns.iter().sum::<usize>() as f32 / self.columns.len().max(1) as f32
    }
}

/// The cheapest cuts of a group, from left to right.
pub(super) fn seams(ink: &Ink, part: &Part, stroke: f32) -> Vec<Seam> {
    let b = &part.bounds;
    let levels = levels(ink, part);
    let sway = (SWAY * b.height as f32).max(1.0) as usize;
    let step = (b.height / 30).max(1);
    let mut all: Vec<Seam> = (step..b.width.saturating_sub(step))
        .step_by(step)
        .map(|column| path(&levels, b, column, sway, stroke))
        .filter(|seam| seam.ink <= MOST_INK)
        .collect();
    all.sort_by(|a, b| a.ink.total_cmp(&b.ink));
    let most = (CUTS_A_HEIGHT * b.width as f32 / b.height as f32).ceil().min(MOST_CUTS as f32) as usize;
    let mut chosen: Vec<Seam> = Vec::new();
    for seam in all {
        let apart = |other: &Seam| (seam.mean() - other.mean()).abs() >= APART * b.height as f32;
        let thick = |piece: Option<Part>| piece.is_some_and(|piece| is_thick(&piece, stroke));
        if chosen.len() < most
            && chosen.iter().all(apart)
            && thick(between(part, None, Some(&seam), 0))
            && thick(between(part, Some(&seam), None, 0))
        {
            chosen.push(seam);
        }
    }
    chosen.sort_by(|a, b| a.mean().total_cmp(&b.mean()));
    chosen
}

/// The ink of a part from 0 to 1, `[bounds.height, bounds.width]`.
fn levels(ink: &Ink, part: &Part) -> Vec<f32> {
    let b = &part.bounds;
    let at = |index: usize| (b.top + index / b.width) * ink.width() + b.left + index % b.width;
    let level =
        |(index, &held): (usize, &bool)| if held { f32::from(ink.pixels()[at(index)]) / 255.0 } else { 0.0 };
    part.mask.iter().enumerate().map(level).collect()
}

/// The path that crosses fewest strokes around a column, by dynamic programming from the top row to the bottom row; each
/// step goes down, straight or to a neighbouring column.
///
/// To go into a stroke costs much more than to go on in it: two digits that touch along their sides share a stroke that
/// a path follows for a while, and still crosses once, while it crosses a loop twice.
fn path(levels: &[f32], b: &Bounds, column: usize, sway: usize, stroke: f32) -> Seam {
    let first = column.saturating_sub(sway);
    let width = (column + sway + 1).min(b.width) - first;
    let line = |row: usize| &levels[row * b.width + first..][..width];
    // Of equal paths the one in the middle.
    let off: Vec<f32> = (0..width).map(|x| 1e-4 * (first + x).abs_diff(column) as f32).collect();
    // WebAssembly calls a function for `max`, which takes longer than all the rest.
    let cost = |before: f32, here: f32| {
        let risen = if here > before { here - before } else { 0.0 };
        ALONG * here + (1.0 - ALONG) * stroke * risen
    };
    // Costs and levels of the row above, with a column on each side that no path takes.
    let mut costs = vec![f32::INFINITY; width + 2];
    let mut above = vec![0.0; width + 2];
    for (x, &here) in line(0).iter().enumerate() {
        costs[x + 1] = cost(0.0, here) + off[x];
    }
    let mut next = vec![0.0; width];
    // `[height, width]`; the first row has none above.
    let mut steps = vec![0i32; b.height * width];
    for row in 1..b.height {
        above[1..=width].copy_from_slice(line(row - 1));
        let columns = line(row).iter().zip(&off).zip(costs.windows(3)).zip(above.windows(3));
        let results = next.iter_mut().zip(&mut steps[row * width..][..width]);
        for ((((&here, off), costs), above), (next, from)) in columns.zip(results) {
            let (mut best, mut step) = (costs[1] + cost(above[1], here), 0);
            let left = costs[0] + cost(above[0], here) + ASIDE;
            (best, step) = if left < best { (left, -1) } else { (best, step) };
            let right = costs[2] + cost(above[2], here) + ASIDE;
            (best, step) = if right < best { (right, 1) } else { (best, step) };
            (*next, *from) = (best + off, step);
        }
        costs[1..=width].copy_from_slice(&next);
    }
    let costs = &costs[1..=width];
    let mut x = (0..width).min_by(|&a, &b| costs[a].total_cmp(&costs[b])).unwrap_or(0);
    let mut columns = vec![first + x; b.height];
    for row in (1..b.height).rev() {
        x = x.saturating_add_signed(steps[row * width + x] as isize);
        columns[row - 1] = first + x;
    }
    let (mut crossed, mut before) = (0.0, 0.0);
    for (row, &column) in columns.iter().enumerate() {
        let here = levels[row * b.width + column];
        crossed += cost(before, here);
        before = here;
    }
    let in_ink =
        columns.iter().enumerate().map(|(row, &column)| levels[row * b.width + column] >= 0.5).collect();
    Seam { columns, in_ink, ink: crossed / stroke }
}

/// Whether a piece has as much ink as a stroke of its height. A stroke cut lengthwise has not.
pub(super) fn is_thick(piece: &Part, stroke: f32) -> bool {
    piece.area() as f32 >= THINNEST * stroke * piece.bounds.height as f32
}

/// The pixels of a part between two cuts; none if there are none. No cut stands for the part's edge.
///
/// Where a cut runs in ink, `shared` more columns of it belong to the pieces on both sides: digits that touch along
/// their sides share a stroke, and each needs it to be seen.
pub(super) fn between(part: &Part, left: Option<&Seam>, right: Option<&Seam>, shared: usize) -> Option<Part> {
    let b = &part.bounds;
    let reach = |seam: &Seam, row: usize| if seam.in_ink[row] { shared } else { 0 };
    let inside = |row: usize, column: usize| {
        left.is_none_or(|seam| column + reach(seam, row) >= seam.columns[row])
            && right.is_none_or(|seam| column < seam.columns[row] + reach(seam, row))
            && part.mask[row * b.width + column]
    };
    let mut held = vec![false; part.mask.len()];
    let (mut top, mut bottom, mut start, mut end) = (usize::MAX, 0, usize::MAX, 0);
    for row in 0..b.height {
        for column in (0..b.width).filter(|&column| inside(row, column)) {
            held[row * b.width + column] = true;
            (top, bottom) = (top.min(row), row + 1);
            (start, end) = (start.min(column), end.max(column + 1));
        }
    }
    if bottom == 0 {
        return None;
    }
    let (height, width) = (bottom - top, end - start);
    let rows = held.chunks_exact(b.width).skip(top).take(height);
    let mask = rows.flat_map(|row| &row[start..end]).copied().collect();
    Some(Part { bounds: Bounds { top: b.top + top, left: b.left + start, height, width }, mask })
}

#[cfg(test)]
mod tests {
    use super::super::drawing::Drawing;
    use super::*;

    #[test]
    fn the_cheapest_cut_lies_between_touching_digits() {
        let ink =
            Drawing::new(120, 200).ring((60.0, 60.0), (30.0, 22.0)).ring((60.0, 104.0), (30.0, 22.0)).ink();
        let whole = ink.whole().unwrap();
        let seams = seams(&ink, &whole, 6.0);
        let best = seams.iter().min_by(|a, b| a.ink.total_cmp(&b.ink)).unwrap();
        let column = whole.bounds.left as f32 + best.mean();
        assert!((column - 82.0).abs() < 6.0, "{column}");
        assert!(seams.windows(2).all(|pair| pair[0].mean() < pair[1].mean()));

        let (left, right) =
            (between(&whole, None, Some(best), 0).unwrap(), between(&whole, Some(best), None, 0).unwrap());
        assert_eq!(left.area() + right.area(), whole.area());
        assert!((left.bounds.width as f32 / right.bounds.width as f32 - 1.0).abs() < 0.25);
        assert!(left.bounds.right() <= right.bounds.left + 12);
    }

    #[test]
    fn a_cut_follows_the_slant_between_leaning_digits() {
        let ink = Drawing::new(120, 200)
            .stroke((30.0, 80.0), (90.0, 50.0))
            .stroke((30.0, 104.0), (90.0, 74.0))
            .ink();
        let whole = ink.whole().unwrap();
        let seams = seams(&ink, &whole, 6.0);
        let free = seams.iter().find(|seam| seam.ink < 0.01).unwrap();
        assert!(free.columns[0] > free.columns[free.columns.len() - 1] + 10, "{:?}", free.columns);
        assert_eq!(between(&whole, None, Some(free), 0).unwrap().area() * 2, whole.area());
    }
}
