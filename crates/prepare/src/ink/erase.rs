//! Takes rules out of the contrast to the paper.

use super::rules::{Rule, Rules, palest};
use crate::sample::Plane;

/// How far a rule may be from where it is expected, in its own thickness: paper is not flat.
const SEARCH: f32 = 1.5;
/// How much the expected place moves to where the rule was found in a column.
const FOLLOW: f32 = 0.1;

/// Erases rules where nothing crosses them.
pub(super) fn erase(contrast: &mut Plane, rules: &Rules) {
    let level = palest(contrast);
    rules.lying.iter().for_each(|rule| erase_lying(contrast, rule, level));
    if !rules.standing.is_empty() {
        let mut turned = contrast.transposed();
        rules.standing.iter().for_each(|rule| erase_lying(&mut turned, rule, level));
        *contrast = turned.transposed();
    }
}

/// Follows a rule from column to column; where the ink at its place is not longer, along the column, than a rule is
/// wide, it is erased with its soft edges.
fn erase_lying(contrast: &mut Plane, rule: &Rule, level: f32) {
    let (height, width) = (contrast.height, contrast.width);
    let longest = 1.5 * rule.thickness + 2.0;
    let search = (SEARCH * rule.thickness).ceil() as isize + 1;
    let mut offset = 0.0;
    for column in 0..width {
        let expected = rule.start + rule.slope * column as f32 + offset;
        let is_ink = |row: isize| {
            (0..height as isize).contains(&row) && contrast.values[row as usize * width + column] >= level
        };
        let centre = expected.round() as isize;
        let nearest = (0..=search).flat_map(|away| [centre - away, centre + away]).find(|&row| is_ink(row));
        let Some(found) = nearest else { continue };
        let (mut first, mut last) = (found, found);
        while is_ink(first - 1) {
            first -= 1;
        }
        while is_ink(last + 1) {
            last += 1;
        }
        if (last - first + 1) as f32 > longest {
            continue;
        }
        offset += FOLLOW * ((first + last) as f32 / 2.0 - expected);
        for row in (first - 1).max(0)..(last + 2).min(height as isize) {
            contrast.values[row as usize * width + column] = 0.0;
        }
    }
}
