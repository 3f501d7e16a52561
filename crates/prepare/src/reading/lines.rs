//! Groups become lines of writing, which need be neither level nor straight.

use super::{
    groups::Group,
    shape::{columns_between, shared_rows},
};
use crate::Bounds;

/// Neighbours on a line share this much of the lower one's rows.
const BESIDE: f32 = 0.4;
/// Two pieces of a line that stand beside each other share at least this much of the lower one's rows.
const STEP: f32 = 0.15;
/// A piece of a line continues another if the gap between them is at most this many times the lower one's height.
const NEXT: f32 = 1.5;

/// The groups in reading order: lines from top to bottom, each from left to right.
pub(super) fn lines(groups: Vec<Group>) -> Vec<Vec<Group>> {
    let bounds: Vec<Bounds> = groups.iter().map(|group| group.whole.bounds).collect();
    let level = linked(&bounds, 0.0);
    let slope = slope(&bounds, &level);
    let mut line = linked(&bounds, slope).1;
    continue_lines(&bounds, &mut line);
    let mut lines: Vec<Vec<Group>> = Vec::new();
    let mut names: Vec<usize> = Vec::new();
    for (group, name) in groups.into_iter().zip(line) {
        match names.iter().position(|&known| known == name) {
            Some(at) => lines[at].push(group),
            None => {
                names.push(name);
                lines.push(vec![group]);
            }
        }
    }
    for line in &mut lines {
        line.sort_by_key(|group| 2 * group.whole.bounds.left + group.whole.bounds.width);
    }
    lines.sort_by(|a, b| height_of(a, slope).total_cmp(&height_of(b, slope)));
    lines
}

/// The mean row of a line's middles, once the slope is taken out.
fn height_of(line: &[Group], slope: f32) -> f32 {
    let sum: f32 = line.iter().map(|group| middle(&group.whole.bounds, slope)).sum();
    sum / line.len().max(1) as f32
}

/// The row of a rectangle's middle, once the slope is taken out.
fn middle(b: &Bounds, slope: f32) -> f32 {
    b.top as f32 + b.height as f32 / 2.0 - slope * (b.left as f32 + b.width as f32 / 2.0)
}

/// Pairs of neighbours, and for each rectangle the number of its line.
type Linked = (Vec<(usize, usize)>, Vec<usize>);

/// Links each rectangle with its nearest neighbour on the right and on the left that stands beside it.
fn linked(bounds: &[Bounds], slope: f32) -> Linked {
    let mut line: Vec<usize> = (0..bounds.len()).collect();
    let mut pairs = Vec::new();
    for (at, here) in bounds.iter().enumerate() {
        for right in [true, false] {
            let nearest = (0..bounds.len())
                .filter(|&other| other != at && (centre(&bounds[other]) > centre(here)) == right)
                .filter(|&other| beside(here, &bounds[other], slope))
                .min_by_key(|&other| centre(&bounds[other]).abs_diff(centre(here)));
            if let Some(other) = nearest {
                if right {
                    pairs.push((at, other));
                }
                unite(&mut line, at, other);
            }
        }
    }
    (pairs, line)
}

/// Twice the column of a rectangle's middle.
fn centre(b: &Bounds) -> usize {
    2 * b.left + b.width
}

/// Whether two rectangles share enough rows to stand on one line, once the slope is taken out.
fn beside(a: &Bounds, b: &Bounds, slope: f32) -> bool {
    let half = (a.height + b.height) as f32 / 2.0;
    let lower = a.height.min(b.height) as f32;
    let shared = (half - (middle(a, slope) - middle(b, slope)).abs()).min(lower);
    shared >= BESIDE * lower
}

/// The median slope between neighbours, 0 with fewer than three pairs.
fn slope(bounds: &[Bounds], (pairs, _): &Linked) -> f32 {
    let mut slopes: Vec<f32> = pairs
        .iter()
        .map(|&(a, b)| {
            let across = (centre(&bounds[b]) - centre(&bounds[a])) as f32 / 2.0;
            (middle(&bounds[b], 0.0) - middle(&bounds[a], 0.0)) / across
        })
        .collect();
    slopes.sort_by(f32::total_cmp);
    if slopes.len() < 3 { 0.0 } else { slopes[slopes.len() / 2] }
}

/// Gives the two of them one line.
fn unite(line: &mut [usize], a: usize, b: usize) {
    let (from, to) = (line[a], line[b]);
    line.iter_mut().filter(|line| **line == from).for_each(|line| *line = to);
}

/// Unites lines that continue each other: one begins where the other ends, a step lower or higher.
fn continue_lines(bounds: &[Bounds], line: &mut [usize]) {
    for a in 0..bounds.len() {
        for b in 0..a {
            if line[a] != line[b] && continues(&frame(bounds, line, line[a]), &frame(bounds, line, line[b])) {
                unite(line, a, b);
            }
        }
    }
}

/// The rectangle around a line.
fn frame(bounds: &[Bounds], line: &[usize], name: usize) -> Bounds {
    let members = bounds.iter().zip(line).filter(|&(_, &line)| line == name).map(|(bounds, _)| *bounds);
    members.reduce(|a, b| a.union(&b)).unwrap_or(bounds[0])
}

/// Whether one rectangle's middle lies beyond the end of the other, and they share some rows.
fn continues(a: &Bounds, b: &Bounds) -> bool {
    let lower = a.height.min(b.height) as f32;
    let beyond = |a: &Bounds, b: &Bounds| centre(b) >= 2 * a.right() && centre(a) <= 2 * b.left;
    (beyond(a, b) || beyond(b, a))
        && shared_rows(a, b) as f32 >= STEP * lower
        && columns_between(a, b) as f32 <= NEXT * lower
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Part;

    /// Which of these rectangles (top, left, height, width) stand in which line, in reading order.
    fn read(rectangles: &[(usize, usize, usize, usize)]) -> Vec<Vec<usize>> {
        let group = |&(top, left, height, width): &(usize, usize, usize, usize)| {
            let bounds = Bounds { top, left, height, width };
            let whole = Part { bounds, mask: vec![true; height * width] };
            Group { parts: vec![whole.clone()], whole }
        };
        let place = |group: &Group| {
            let b = group.whole.bounds;
            rectangles.iter().position(|&(top, left, ..)| (top, left) == (b.top, b.left)).unwrap()
        };
        let lines = lines(rectangles.iter().map(group).collect());
        lines.iter().map(|line| line.iter().map(place).collect()).collect()
    }

    #[test]
    fn lines_are_read_from_top_to_bottom_and_from_left_to_right() {
        let page =
            [(120, 90, 40, 25), (20, 10, 40, 25), (25, 150, 38, 25), (118, 15, 42, 25), (22, 80, 20, 20)];
        assert_eq!(read(&page), [vec![1, 4, 2], vec![3, 0]]);
        assert_eq!(read(&[]), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn lines_that_are_not_level_stay_whole() {
        // Each digit is 12 rows higher than the one before; the second line begins where the first one ended.
        let first = (0..7).map(|at| (200 - 12 * at, 20 + 45 * at, 40, 25));
        let second = (0..7).map(|at| (260 - 12 * at, 22 + 45 * at, 40, 25));
        let page: Vec<_> = first.chain(second).collect();
        assert_eq!(read(&page), [(0..7).collect::<Vec<_>>(), (7..14).collect()]);
    }

    #[test]
    fn a_wide_gap_on_a_slanted_line_does_not_break_it() {
        let left = (0..4).map(|at| (200 - 10 * at, 20 + 40 * at, 40, 25));
        let page: Vec<_> = left.chain([(110, 380, 40, 25)]).collect();
        assert_eq!(read(&page), [(0..5).collect::<Vec<_>>()]);
    }

    #[test]
    fn a_digit_one_step_lower_continues_the_line() {
        assert_eq!(read(&[(10, 10, 110, 45), (5, 45, 90, 80), (90, 110, 110, 70)]), [[0, 1, 2]]);
        // Below the others and not beyond them, it is a line of its own.
        assert_eq!(read(&[(10, 10, 110, 45), (5, 60, 90, 80), (110, 30, 110, 70)]), [vec![0, 1], vec![2]]);
    }
}
