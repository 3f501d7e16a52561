//! What is no digit: signs of sums, dots, specks, rules.

use super::{
    groups::{Group, Typical},
    shape::holes,
};
use crate::{Ink, Part, ink::HALF};

/// A group of less than this share of the typical height is no digit.
const SHORTEST: f32 = 0.4;
/// The same for one with a hole: a small 0.
const SHORTEST_WITH_HOLE: f32 = 0.3;
/// A dash is at least this many times as wide as high.
const FLAT: f32 = 1.6;
/// The largest height of a cross, as a share of the typical height: signs are written smaller than digits.
const TALLEST_CROSS: f32 = 0.85;
/// The share of a cross's ink that lies on its two strokes.
const ON_STROKES: f32 = 0.9;
/// The share of a cross's ink that each of its four arms has at least.
const SHORTEST_ARM: f32 = 0.08;
/// In how many directions strokes of a cross are looked for, evenly over half a turn.
const DIRECTIONS: usize = 24;

/// The groups that may be digits.
pub(super) fn without_signs(ink: &Ink, groups: Vec<Group>, typical: Typical) -> Vec<Group> {
    let mut groups = groups;
    groups.retain(|group| !is_small_sign(group, typical));
    // What stands alone is taken for a digit: there is nothing to add.
    if groups.len() > 1 {
        groups.retain(|group| !is_cross(ink, group, typical));
    }
    groups
}

/// Whether a group is a speck, or made of dashes and dots.
fn is_small_sign(group: &Group, typical: Typical) -> bool {
    let height = group.whole.bounds.height as f32 / typical.height;
    let least = (typical.stroke * typical.stroke) as usize;
    group.parts.iter().all(|part| is_dash(part, typical.height) || is_dot(part, typical.height))
        || height < SHORTEST_WITH_HOLE
        || (height < SHORTEST && holes(&group.whole, least) == 0)
}

/// Flat, and no taller than a slanted dash.
fn is_dash(part: &Part, height: f32) -> bool {
    let b = &part.bounds;
    b.height as f32 <= 0.35 * height && b.width as f32 >= FLAT * b.height as f32
}

/// Small in both directions.
fn is_dot(part: &Part, height: f32) -> bool {
    let b = &part.bounds;
    b.height.max(b.width) as f32 <= 0.25 * height
}

/// Whether a group is a plus or a times sign: two strokes that cross each other in their middles, and nothing else.
fn is_cross(ink: &Ink, group: &Group, typical: Typical) -> bool {
    let b = &group.whole.bounds;
    let (height, width) = (b.height as f32, b.width as f32);
    let small = height <= TALLEST_CROSS * typical.height && height.min(width) >= 3.0 * typical.stroke;
    if !small || !(0.5..2.0).contains(&(width / height)) {
        return false;
    }
    let mut points = Vec::new();
    each(ink, &group.whole, |y, x, level| {
        if level >= f32::from(HALF) {
            points.push((y as f32, x as f32));
        }
    });
    let strokes: Vec<Stroke> =
        (0..DIRECTIONS).map(|at| Stroke::densest(&points, at, typical.stroke)).collect();
    (0..DIRECTIONS).any(|a| {
        (0..a).any(|b| {
            // Between 52 and 128 degrees.
            (7..=17).contains(&(a - b)) && make_cross(&points, &strokes[a], &strokes[b], typical.stroke)
        })
    })
}

/// A straight line through the ink.
#[derive(Clone, Copy)]
struct Stroke {
    sin: f32,
    cos: f32,
    /// How far the line is from row 0, column 0, measured across it.
    offset: f32,
}

impl Stroke {
    /// The line in this direction that has most points within one stroke's width.
    fn densest(points: &[(f32, f32)], direction: usize, stroke: f32) -> Self {
        let (sin, cos) = (direction as f32 * std::f32::consts::PI / DIRECTIONS as f32).sin_cos();
        let mut line = Self { sin, cos, offset: 0.0 };
        let mut offsets: Vec<f32> = points.iter().map(|&point| line.away(point)).collect();
        offsets.sort_by(f32::total_cmp);
        let (mut start, mut most) = (0, 0);
        for (end, offset) in offsets.iter().enumerate() {
            while offsets[start] < offset - 1.5 * stroke {
                start += 1;
            }
            if end - start > most {
                most = end - start;
                line.offset = (offsets[start] + offset) / 2.0;
            }
        }
        line
    }

    /// How far a point is from the line, on the one side or, negative, on the other.
    fn away(&self, (y, x): (f32, f32)) -> f32 {
        y * self.cos - x * self.sin - self.offset
    }
}

/// Whether nearly all points lie on one of two lines, and on each of the four arms some of them.
fn make_cross(points: &[(f32, f32)], a: &Stroke, b: &Stroke, stroke: f32) -> bool {
    let mut arms = [0usize; 4];
    let mut on = 0;
    for &point in points {
        let (from_a, from_b) = (a.away(point), b.away(point));
        if from_a.abs().min(from_b.abs()) <= stroke {
            on += 1;
            // Which arm of the one line it is: on which side of the other.
            let (arm, side) = if from_a.abs() < from_b.abs() { (0, from_b) } else { (2, from_a) };
            arms[arm + usize::from(side > 0.0)] += 1;
        }
    }
    let least = SHORTEST_ARM * points.len() as f32;
    on as f32 >= ON_STROKES * points.len() as f32 && arms.iter().all(|&arm| arm as f32 >= least)
}

/// Calls `take` with row, column and level of each pixel that a part holds.
fn each(ink: &Ink, part: &Part, mut take: impl FnMut(usize, usize, f32)) {
    let b = &part.bounds;
    for y in 0..b.height {
        for x in 0..b.width {
            if part.mask[y * b.width + x] {
                take(y, x, f32::from(ink.pixels()[(b.top + y) * ink.width() + b.left + x]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{drawing::Drawing, groups::groups};
    use super::*;

    /// How many groups are taken for digits beside two of 60 rows.
    fn digits(drawing: Drawing) -> usize {
        let ink = drawing.ring((70.0, 40.0), (28.0, 18.0)).ring((70.0, 260.0), (28.0, 18.0)).ink();
        let (groups, typical) = groups(&ink);
        without_signs(&ink, groups, typical).len()
    }

    fn paper() -> Drawing {
        Drawing::new(140, 300)
    }

    #[test]
    fn signs_of_sums_are_no_digits() {
        let dash = |drawing: Drawing, row: f32| drawing.stroke((row, 130.0), (row, 160.0));
        let dot = |drawing: Drawing, row: f32| drawing.stroke((row, 145.0), (row, 145.0));
        assert_eq!(digits(dash(paper(), 70.0)), 2, "-");
        assert_eq!(digits(dash(dash(paper(), 64.0), 78.0)), 2, "=");
        assert_eq!(digits(dot(dot(dash(paper(), 70.0), 56.0), 84.0)), 2, "a dash between dots");
        assert_eq!(digits(dot(paper(), 98.0)), 2, ".");
        assert_eq!(digits(paper().plus((70.0, 145.0), 18.0)), 2, "+");
        let times = paper().stroke((55.0, 130.0), (85.0, 160.0)).stroke((85.0, 132.0), (55.0, 158.0));
        assert_eq!(digits(times), 2, "x");
        let crooked = paper().stroke((50.0, 150.0), (90.0, 142.0)).stroke((72.0, 134.0), (64.0, 170.0));
        assert_eq!(digits(crooked), 2, "a + that leans and is off its middle");
    }

    #[test]
    fn digits_with_crossed_or_straight_strokes_are_digits() {
        assert_eq!(digits(paper().stroke((45.0, 150.0), (95.0, 146.0))), 3, "1");
        let four = paper().stroke((48.0, 140.0), (74.0, 128.0)).stroke((74.0, 128.0), (74.0, 160.0));
        assert_eq!(digits(four.stroke((56.0, 150.0), (95.0, 150.0))), 3, "4");
        let seven = paper().stroke((50.0, 130.0), (50.0, 160.0)).stroke((50.0, 160.0), (95.0, 140.0));
        assert_eq!(digits(seven.stroke((72.0, 138.0), (72.0, 162.0))), 3, "7 with a bar");
        assert_eq!(digits(paper().ring((80.0, 145.0), (13.0, 11.0))), 3, "a small 0");
    }

    #[test]
    fn what_stands_alone_is_taken_for_a_digit() {
        let ink = paper().plus((70.0, 145.0), 25.0).ink();
        let (groups, typical) = groups(&ink);
        assert_eq!(without_signs(&ink, groups, typical).len(), 1);
    }
}
