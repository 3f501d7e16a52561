//! Which of an image's parts make up its one digit.

use crate::{
    Bounds, Ink, Part,
    ink::{HALF, clean, strokes},
};

/// A part that the image's border cuts counts this much, because a digit seldom stands there.
const CUT: f32 = 0.2;
/// A piece belongs to a digit if the gap between them is at most this share of the digit's longer side.
const GAP: f32 = 0.15;
/// Or this many strokes wide.
const GAP_IN_STROKES: f32 = 2.5;
/// And if it is no longer than the digit and has at least this share of its ink.
const PIECE: f32 = 0.015;

/// The part with the most ink, and the pieces beside it that belong to it: a bar that does not reach its 5, the rest of
/// a stroke that broke. None without ink.
pub(super) fn digit_of(ink: &Ink) -> Option<Part> {
    let mut parts: Vec<(f32, bool, Part)> = ink
        .parts()
        .into_iter()
        .map(|part| {
            let cut = clean::contact(&part, ink.pixels(), ink.height(), ink.width()) > 0;
            (mass(ink, &part), cut, part)
        })
        .collect();
    let weight = |(mass, cut, _): &(f32, bool, Part)| if *cut { mass * CUT } else { *mass };
    let best = (0..parts.len()).max_by(|&a, &b| weight(&parts[a]).total_cmp(&weight(&parts[b])))?;
    let (mut mass, _, mut digit) = parts.swap_remove(best);
    let stroke = strokes::width(ink.pixels(), ink.height(), ink.width(), |level| level >= HALF);
    while let Some(next) = parts.iter().position(|(piece, cut, part)| {
        let long = digit.bounds.height.max(digit.bounds.width) as f32;
        !cut && *piece >= PIECE * mass
            && gap(&digit.bounds, &part.bounds) <= (GAP * long).max(GAP_IN_STROKES * stroke)
    }) {
        let (piece, _, part) = parts.swap_remove(next);
        mass += piece;
        digit = Part::join(&[digit, part])?;
    }
    Some(digit)
}

/// The ink of a part, in full pixels.
fn mass(ink: &Ink, part: &Part) -> f32 {
    let b = &part.bounds;
    let levels =
        part.mask.iter().enumerate().filter(|(_, held)| **held).map(|(at, _)| {
            f32::from(ink.pixels()[(b.top + at / b.width) * ink.width() + b.left + at % b.width])
        });
    levels.sum::<f32>() / 255.0
}

/// The distance between two rectangles, in pixels; 0 if they touch or overlap.
fn gap(a: &Bounds, b: &Bounds) -> f32 {
    let apart = |first: usize, behind: usize, other: usize, other_behind: usize| {
        first.saturating_sub(other_behind).max(other.saturating_sub(behind)) as f32
    };
    let rows = apart(a.top, a.bottom(), b.top, b.bottom());
    let columns = apart(a.left, a.right(), b.left, b.right());
    rows.hypot(columns)
}
