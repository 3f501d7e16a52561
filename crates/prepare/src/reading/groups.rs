//! Which parts of the ink belong together: strokes that make one digit or one sign.

use super::shape::{near, rows_between, shared_columns, stroke_width};
use crate::{Ink, Part};

/// More parts than this are not looked at, the largest first: a page of digits has fewer, noise has more.
const MOST_PARTS: usize = 600;
/// A part of less than this share of the typical height is no whole digit, but may belong to one.
const SHORT: f32 = 0.6;
/// Two parts that share this much of the narrower one's columns stand above each other.
const STACKED: f32 = 0.5;
/// The largest gap between parts that stand above each other, as a share of the typical height.
const GAP: f32 = 0.25;
/// The largest height of a digit, as a multiple of the typical height.
const TALLEST: f32 = 1.35;
/// A part is a frame if it holds another of this share of its height inside it.
const FRAMED: f32 = 0.25;

/// Parts that make one digit, several touching ones, or a sign.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) parts: Vec<Part>,
    /// All of them as one.
    pub(super) whole: Part,
}

/// What most of an image's ink is like, in pixels of the ink.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typical {
    /// The height of a digit.
    pub(super) height: f32,
    /// The width of a stroke.
    pub(super) stroke: f32,
}

/// The groups of an image's parts, frames left out, and what is typical of them.
pub(super) fn groups(ink: &Ink) -> (Vec<Group>, Typical) {
    let mut parts = ink.parts();
    parts.sort_by_key(|part| std::cmp::Reverse(part.area()));
    parts.truncate(MOST_PARTS);
    let mut parts = without_frames(parts);
    let stroke = stroke_width(ink, &parts);
    // Broken strokes are only about as far apart as they are thick. Put together, they show how tall digits are.
    let reach = stroke.max(1.5);
    let close = joined(&parts, |a, b| near(a, b, reach));
    let height = typical_height(&close);
    // What cannot be seen at a digit's size is dropped before pairs are compared.
    parts.retain(|part| part.bounds.height.max(part.bounds.width) as f32 >= 0.03 * height);
    let groups = joined(&parts, |a, b| belong(a, b, height, reach));
    (groups, Typical { height, stroke })
}

/// Whether two parts belong to one digit or one sign.
fn belong(a: &Part, b: &Part, height: f32, reach: f32) -> bool {
    let short = |part: &Part| (part.bounds.height as f32) < SHORT * height;
    let any_short = short(a) || short(b);
    let narrower = a.bounds.width.min(b.bounds.width);
    let stacked = shared_columns(&a.bounds, &b.bounds) as f32 >= STACKED * narrower as f32;
    let union = a.bounds.union(&b.bounds);
    if union.height as f32 > TALLEST * height || (any_short && is_rule(a, height) || is_rule(b, height)) {
        return false;
    }
    if stacked && rows_between(&a.bounds, &b.bounds) as f32 <= GAP * height {
        return true;
    }
    any_short && near(a, b, reach)
}

/// Whether a part is a rule: flat, and wider than a digit.
fn is_rule(part: &Part, height: f32) -> bool {
    let b = &part.bounds;
    b.width as f32 > 1.2 * height
        && (b.height as f32) < 0.25 * b.width as f32
        && (b.height as f32) < 0.5 * height
}

/// The parts that are no frame around others.
fn without_frames(parts: Vec<Part>) -> Vec<Part> {
    let framed = |outer: &Part| {
        parts.iter().any(|inner| {
            let (o, i) = (&outer.bounds, &inner.bounds);
            let inside = o.top < i.top && i.bottom() < o.bottom() && o.left < i.left && i.right() < o.right();
            inside && i.height as f32 >= FRAMED * o.height as f32 && surrounds(outer, inner)
        })
    };
    let keep: Vec<bool> = parts.iter().map(|part| !framed(part)).collect();
    parts.into_iter().zip(keep).filter_map(|(part, keep)| keep.then_some(part)).collect()
}

/// Whether the outer part has ink on all four sides of the inner one's middle.
fn surrounds(outer: &Part, inner: &Part) -> bool {
    let (o, i) = (&outer.bounds, &inner.bounds);
    let (row, column) = (i.top + i.height / 2, i.left + i.width / 2);
    let held = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
        rows.into_iter().any(|row| columns.clone().any(|column| outer.holds(row, column)))
    };
    held(row..row + 1, o.left..i.left)
        && held(row..row + 1, i.right()..o.right())
        && held(o.top..i.top, column..column + 1)
        && held(i.bottom()..o.bottom(), column..column + 1)
}

/// The parts in groups: two are in one if a chain of pairs leads from one to the other.
fn joined(parts: &[Part], belong: impl Fn(&Part, &Part) -> bool) -> Vec<Group> {
    let mut group: Vec<usize> = (0..parts.len()).collect();
    for a in 0..parts.len() {
        for b in 0..a {
            if group[a] != group[b] && belong(&parts[a], &parts[b]) {
                let (from, to) = (group[a], group[b]);
                group.iter_mut().filter(|group| **group == from).for_each(|group| *group = to);
            }
        }
    }
    let members = |id: usize| {
        let parts: Vec<Part> = parts
            .iter()
            .zip(&group)
            .filter(|&(_, &group)| group == id)
            .map(|(part, _)| part.clone())
            .collect();
        Part::join(&parts).map(|whole| Group { parts, whole })
    };
    (0..parts.len()).filter_map(members).collect()
}

/// The height that half of the ink belongs to groups of at most; 1 without groups.
fn typical_height(groups: &[Group]) -> f32 {
    let mut heights: Vec<(usize, usize)> =
        groups.iter().map(|group| (group.whole.bounds.height, group.whole.area())).collect();
    heights.sort_unstable();
    let half = heights.iter().map(|(_, area)| area).sum::<usize>() / 2;
    let mut sum = 0;
    let middle = heights.iter().find(|(_, area)| {
        sum += area;
        sum >= half
    });
    middle.map_or(1.0, |&(height, _)| height as f32)
}

#[cfg(test)]
mod tests {
    use super::super::drawing::Drawing;
    use super::*;

    fn widths(drawing: Drawing) -> Vec<usize> {
        let (mut groups, _) = groups(&drawing.ink());
        groups.sort_by_key(|group| group.whole.bounds.left);
        groups.iter().map(|group| group.parts.len()).collect()
    }

    #[test]
    fn a_loose_bar_stays_with_its_five_and_digits_stay_apart() {
        let drawing = Drawing::new(140, 300).loose_five((40.0, 40.0)).ring((70.0, 130.0), (28.0, 20.0));
        assert_eq!(widths(drawing.loose_five((40.0, 200.0))), [2, 1, 2]);
    }

    #[test]
    fn broken_strokes_are_one_group() {
        let broken =
            Drawing::new(140, 200).stroke((30.0, 50.0), (60.0, 50.0)).stroke((69.0, 50.0), (100.0, 50.0));
        assert_eq!(widths(broken.ring((65.0, 110.0), (35.0, 25.0))), [2, 1]);
    }

    #[test]
    fn lines_close_to_each_other_are_not_joined() {
        let lines = Drawing::new(220, 200).ring((60.0, 60.0), (30.0, 20.0)).ring((140.0, 60.0), (30.0, 20.0));
        assert_eq!(widths(lines), [1, 1]);
    }

    #[test]
    fn a_frame_is_no_part() {
        // Straight frames are erased with the ruled lines, before there are parts.
        let ink = Drawing::new(200, 220)
            .ring((100.0, 110.0), (85.0, 95.0))
            .ring((100.0, 110.0), (40.0, 25.0))
            .ink();
        assert_eq!(ink.parts().len(), 2);
        let (groups, typical) = groups(&ink);
        assert_eq!(groups.len(), 1);
        assert!(groups[0].whole.bounds.width < 70, "{:?}", groups[0].whole.bounds);
        assert!((80.0..95.0).contains(&typical.height), "{typical:?}");
    }
}
