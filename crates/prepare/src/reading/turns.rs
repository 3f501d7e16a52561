//! A page that was photographed from the side or from above: it is read the way round in which it makes sense.

use super::item::{Line, Scores};
use super::page::read;
use crate::Ink;

/// What is read with a mean probability of at least this stands upright. Upright handwriting reached 0.74 to 0.99, with
/// nearly all of it above this; writing on its side 0.33 to 0.75, upside down 0.44 to 0.84.
const UPRIGHT: f32 = 0.85;
/// A turned page has to be read with a mean probability that is higher by at least this.
const BETTER: f32 = 0.1;
/// A page of fewer digits is not turned: a strange digit may well look more like another one that lies on its side.
const FEWEST_DIGITS: usize = 3;

/// The digits of an image as [`read`] finds them, and by how many quarter turns, clockwise, the image was turned for
/// that: 0 to 3.
///
/// An image is turned if it makes little sense as it is, and much more after a turn. `classify` is called at most eight
/// times.
pub fn read_upright(
    ink: &Ink,
    size: usize,
    classify: &mut dyn FnMut(&[Vec<u8>]) -> Vec<Scores>,
) -> (Vec<Line>, u8) {
    let lines = read(ink, size, classify);
    let upright = Sense::of(&lines);
    if upright.digits < FEWEST_DIGITS || upright.probability >= UPRIGHT {
        return (lines, ink.quarter_turns());
    }
    let mut best = (upright.probability + BETTER, lines, ink.quarter_turns());
    let mut turned = ink.turned();
    while turned.quarter_turns() != ink.quarter_turns() {
        let lines = read(&turned, size, classify);
        let sense = Sense::of(&lines);
        if sense.digits >= FEWEST_DIGITS && sense.probability > best.0 {
            best = (sense.probability, lines, turned.quarter_turns());
        }
        turned = turned.turned();
    }
    (best.1, best.2)
}

/// How much sense a reading makes.
struct Sense {
    digits: usize,
    /// The mean of the digits' largest probabilities, 0 without digits.
    probability: f32,
}

impl Sense {
    fn of(lines: &[Line]) -> Self {
        let probabilities = || lines.iter().flat_map(|line| &line.items).map(|item| item.scores.largest());
        let digits = probabilities().count();
        Self { digits, probability: probabilities().sum::<f32>() / digits.max(1) as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::drawing::Drawing;
    use crate::{Bounds, find_ink};

    /// Sure of a 1 where the upper half of the image is wider than the lower one, as a T is, and of nothing else.
    fn know_t(images: &[Vec<u8>]) -> Vec<Scores> {
        let width =
            |rows: &[u8]| (0..28).filter(|&column| rows.chunks(28).any(|row| row[column] > 40)).count();
        let scores = |pixels: &Vec<u8>| {
            let sure = width(&pixels[..13 * 28]) > width(&pixels[15 * 28..]) + 5;
            let largest = if sure { 0.99 } else { 0.6 };
            Scores { probabilities: vec![1.0 - largest, largest], energy: 10.0 * largest }
        };
        images.iter().map(scores).collect()
    }

    /// The ink of a page of letters T, each 60 pixels high, after so many quarter turns clockwise.
    fn page(letters: usize, turns: u8) -> Ink {
        let letter = |drawing: Drawing, at: usize| {
            let column = 60.0 + 70.0 * at as f32;
            drawing
                .stroke((40.0, column - 24.0), (40.0, column + 24.0))
                .stroke((40.0, column), (100.0, column))
        };
        let image = (0..letters).fold(Drawing::new(140, 400), letter).image();
        // EXIF's 6 means that the image has to be turned clockwise.
        find_ink(&(0..turns).fold(image, |image, _| image.oriented(6))).unwrap()
    }

    #[test]
    fn a_page_is_read_the_way_round_in_which_it_makes_sense() {
        for turns in 0..4 {
            let (lines, back) = read_upright(&page(4, turns), 28, &mut know_t);
            assert_eq!((back, lines.len(), lines[0].items.len()), ((4 - turns) % 4, 1, 4), "{turns}");
        }
    }

    #[test]
    fn two_digits_are_not_turned() {
        assert_eq!(read_upright(&page(2, 2), 28, &mut know_t).1, 0);
    }

    #[test]
    fn what_makes_no_sense_in_any_way_stays_as_it_is() {
        let mut calls = 0;
        let mut know_nothing = |images: &[Vec<u8>]| {
            calls += 1;
            images.iter().map(|_| Scores { probabilities: vec![0.5, 0.5], energy: 1.0 }).collect()
        };
        assert_eq!(read_upright(&page(4, 1), 28, &mut know_nothing).1, 0);
        assert!((4..=8).contains(&calls), "{calls}");
    }

    #[test]
    fn places_are_those_of_the_stored_image() {
        let places = |turns| -> Vec<Bounds> {
            let (lines, _) = read_upright(&page(4, turns), 28, &mut know_t);
            lines[0].items.iter().map(|item| item.bounds).collect()
        };
        // A quarter turn clockwise takes a rectangle's left side to its top, and its bottom to its left side.
        let turned =
            |b: Bounds| Bounds { top: b.left, left: 140 - b.bottom(), height: b.width, width: b.height };
        let expected: Vec<Bounds> = places(0).into_iter().map(turned).collect();
        assert_eq!(places(1).len(), expected.len());
        for (found, expected) in places(1).iter().zip(&expected) {
            let sides = |b: &Bounds| [b.top, b.left, b.bottom(), b.right()];
            let near = sides(found).iter().zip(sides(expected)).all(|(a, b)| a.abs_diff(b) <= 2);
            assert!(near, "{found:?}, expected {expected:?}");
        }
    }
}
