//! Ones and sevens as many people write them, on the European continent above all: a 1 with an upstroke before the
//! stroke, and sometimes a foot; a 7 with a bar across.
//!
//! MNIST's digits are from the United States, where a 1 mostly is a single stroke. A network that has seen no other
//! takes one with a long upstroke for a 7 or a 4, and a crossed 7 for a 2.

use std::ops::Range;

use rand::Rng;

use crate::augment::draw::{symmetric, unit};
use crate::augment::pen;

const ONE: u8 = 1;
const SEVEN: u8 = 7;
/// Pixels of at least this value are ink when strokes are looked for.
const INK: u8 = 64;
/// A one that is wider than this, as a share of its height, has an upstroke already, or leans so far that another would
/// look like nothing that people write.
const WIDEST_ONE: f64 = 0.6;
/// A seven whose ink is wider than this where the bar would cross it, as a share of its height, has a bar already.
const WIDEST_MIDDLE: f64 = 0.45;
/// The share of upstrokes that come with a foot.
const WITH_FOOT: f64 = 0.25;
/// The pen's radius at least and at most, as a share of the image's smaller side.
const RADIUS: [f64; 2] = [0.03, 0.08];

/// The random numbers for an image. Lengths are shares of the digit's height.
#[derive(Clone, Copy, Debug)]
pub(super) struct Continental {
    /// Below the share that the configuration asks for, the digit gets its strokes.
    chance: f64,
    upstroke: Upstroke,
    crossbar: Crossbar,
}

#[derive(Clone, Copy, Debug)]
struct Upstroke {
    /// From the vertical, in degrees.
    angle: f64,
    length: f64,
    /// Half the length of the foot; none without a foot.
    foot: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Crossbar {
    /// How far below the digit's top it crosses the stroke.
    below: f64,
    half_length: f64,
    /// From the horizontal, in degrees; the right end is the lower one of a positive angle.
    angle: f64,
}

impl Continental {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        let chance = unit(rng);
        let (angle, length) = (42.0 + 17.0 * symmetric(rng), 0.3 + 0.4 * unit(rng));
        let (with_foot, foot) = (unit(rng) < WITH_FOOT, 0.15 + 0.15 * unit(rng));
        let upstroke = Upstroke { angle, length, foot: with_foot.then_some(foot) };
        let (below, half_length) = (0.52 + 0.1 * symmetric(rng), 0.2 + 0.2 * unit(rng));
        let crossbar = Crossbar { below, half_length, angle: 20.0 * symmetric(rng) };
        Self { chance, upstroke, crossbar }
    }

    /// Whether an image with this label gets strokes, if `share` of all ones and sevens do.
    pub(super) fn is_wanted(&self, share: f64, label: Option<u8>) -> bool {
        self.chance < share && matches!(label, Some(ONE | SEVEN))
    }

    /// Adds the strokes to an image `[height, width]` of a one or a seven. The ink's centre of mass stays where it was,
    /// because MNIST centres its digits by it.
    pub(super) fn add(&self, label: Option<u8>, width: usize, image: &mut Vec<u8>) {
        let Some(digit) = Digit::find(image, width) else { return };
        let before = centre(image, width);
        match label {
            Some(ONE) => self.upstroke.add(&digit, width, image),
            Some(SEVEN) => self.crossbar.add(&digit, width, image),
            _ => {}
        }
        let after = centre(image, width);
        let moved = [0, 1].map(|axis| libm::round(before[axis] - after[axis]) as isize);
        if moved != [0, 0] {
            *image = shifted(image, width, moved);
        }
    }
}

impl Upstroke {
    fn add(&self, digit: &Digit, width: usize, image: &mut [u8]) {
        if digit.width > WIDEST_ONE * digit.height {
            return;
        }
        let rows = &digit.rows;
        let [x, _] = centre_of(rows.start..(rows.start + 2).min(rows.end), width, image);
        let top = [x, rows.start as f64 + digit.radius];
        let [x, _] = centre_of(rows.end.saturating_sub(2)..rows.end, width, image);
        let bottom = [x, rows.end as f64 - digit.radius];
        let [across, down] = turned(self.length * digit.height, 90.0 - self.angle);
        pen::line([top[0] - across, top[1] + down], top, digit.radius, width, image);
        if let Some(foot) = self.foot {
            let [left, right] = [-1.0, 1.0].map(|way| [bottom[0] + way * foot * digit.height, bottom[1]]);
            pen::line(left, right, digit.radius, width, image);
        }
    }
}

impl Crossbar {
    fn add(&self, digit: &Digit, width: usize, image: &mut [u8]) {
        let rows = &digit.rows;
        let y = rows.start as f64 + self.below * digit.height;
        let row = (y as usize).min(rows.end - 1);
        let near = row.saturating_sub(2).max(rows.start)..(row + 3).min(rows.end);
        let (left, right) = columns(near, width, image);
        if (right - left) as f64 > WIDEST_MIDDLE * digit.height {
            return;
        }
        // A row without ink, where the stroke is broken, has no middle.
        let [x, _] = centre_of(row..row + 1, width, image);
        if !x.is_finite() {
            return;
        }
        let [across, down] = turned(self.half_length * digit.height, self.angle);
        pen::line([x - across, y - down], [x + across, y + down], digit.radius, width, image);
    }
}

/// The steps across and down of a line of this length and angle from the horizontal, in degrees.
fn turned(length: f64, degrees: f64) -> [f64; 2] {
    let (sin, cos) = libm::sincos(degrees * (std::f64::consts::PI / 180.0));
    [length * cos, length * sin]
}

/// Where a digit's ink lies.
struct Digit {
    rows: Range<usize>,
    height: f64,
    width: f64,
    /// Half the width of its strokes, as that of a single stroke from corner to corner.
    radius: f64,
}

impl Digit {
    /// The digit in an image; none if there is no ink.
    fn find(image: &[u8], width: usize) -> Option<Self> {
        let height = image.len() / width;
        let is_ink = |row: &usize| image[row * width..(row + 1) * width].iter().any(|&ink| ink >= INK);
        let rows = (0..height).find(is_ink)?..(0..height).rfind(is_ink)? + 1;
        let (left, right) = columns(rows.clone(), width, image);
        let (tall, wide) = (rows.len() as f64, (right - left) as f64);
        let ink: f64 = image.iter().map(|&ink| f64::from(ink) / 255.0).sum();
        let side = height.min(width) as f64;
        let radius = ink / libm::sqrt(tall * tall + wide * wide) / 2.0;
        Some(Self {
            rows,
            height: tall,
            width: wide,
            radius: radius.clamp(RADIUS[0] * side, RADIUS[1] * side),
        })
    }
}

/// The first column of the ink in these rows, and the one behind the last; equal without ink.
fn columns(rows: Range<usize>, width: usize, image: &[u8]) -> (usize, usize) {
    let lines = || image[rows.start * width..rows.end * width].chunks_exact(width);
    let is_ink = |x: &usize| lines().any(|line| line[*x] >= INK);
    let left = (0..width).find(is_ink).unwrap_or(0);
    (left, (0..width).rfind(is_ink).map_or(left, |last| last + 1))
}

/// The centre of mass `[x, y]` of some rows, from their outer corner; not a number without ink.
fn centre_of(rows: Range<usize>, width: usize, image: &[u8]) -> [f64; 2] {
    centre(&image[rows.start * width..rows.end * width], width)
}

/// The centre of mass `[x, y]`, from the outer corner of the first pixel; not a number without ink.
fn centre(image: &[u8], width: usize) -> [f64; 2] {
    let [mut x, mut y, mut sum] = [0.0; 3];
    for (at, &ink) in image.iter().enumerate() {
        let ink = f64::from(ink);
        sum += ink;
        x += ink * ((at % width) as f64 + 0.5);
        y += ink * ((at / width) as f64 + 0.5);
    }
    [x / sum, y / sum]
}

/// An image moved by whole pixels `[x, y]`. What leaves it is lost.
fn shifted(image: &[u8], width: usize, [x, y]: [isize; 2]) -> Vec<u8> {
    let height = image.len() / width;
    let from =
        |at: usize, moved: isize, length: usize| at.checked_add_signed(-moved).filter(|at| *at < length);
    let pixel = |at: usize| match (from(at / width, y, height), from(at % width, x, width)) {
        (Some(row), Some(column)) => image[row * width + column],
        _ => 0,
    };
    (0..image.len()).map(pixel).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;

    /// A single upright stroke, 20 pixels high and 3 wide.
    fn one() -> Vec<u8> {
        let inside = |at: usize| (4..24).contains(&(at / 28)) && (13..16).contains(&(at % 28));
        (0..784).map(|at| if inside(at) { 255 } else { 0 }).collect()
    }

    /// A bar above, and a stroke from its right end down to the left.
    fn seven() -> Vec<u8> {
        let mut image = vec![0; 784];
        pen::line([7.0, 5.5], [20.0, 5.5], 1.5, 28, &mut image);
        pen::line([20.0, 5.5], [12.0, 22.5], 1.5, 28, &mut image);
        image
    }

    fn added(image: &[u8], share: f64, label: Option<u8>, seed: u64) -> Vec<u8> {
        let mut image = image.to_vec();
        let strokes = Continental::draw(&mut ChaCha8Rng::seed_from_u64(seed));
        if strokes.is_wanted(share, label) {
            strokes.add(label, 28, &mut image);
        }
        image
    }

    #[test]
    fn a_share_of_ones_and_sevens_and_nothing_else_gets_strokes() {
        for (image, label) in [(one(), ONE), (seven(), SEVEN)] {
            let changed = (0..400).filter(|&seed| added(&image, 0.25, Some(label), seed) != image).count();
            assert!((70..130).contains(&changed), "{changed}");
        }
        for label in [None, Some(0), Some(2)] {
            assert_eq!(added(&one(), 1.0, label, 3), one());
        }
        assert_eq!(added(&one(), 0.0, Some(ONE), 3), one());
    }

    #[test]
    fn an_upstroke_comes_from_the_lower_left_to_the_top() {
        for seed in 0..100 {
            let image = added(&one(), 1.0, Some(ONE), seed);
            let [x, y] = centre(&image, 28);
            assert!((x - 14.5).abs() <= 1.0 && (y - 14.0).abs() <= 1.0, "{seed}: {x} {y}");
            // In the upper half there is ink to the left of the stroke, and none to the right of it.
            let column = columns(15..16, 28, &image).1 as f64 - 1.5;
            let upper = |is_side: &dyn Fn(f64) -> bool| {
                (0..14 * 28).filter(|&at| is_side((at % 28) as f64) && image[at] >= INK).count()
            };
            let (left, right) = (upper(&|x| x < column - 2.0), upper(&|x| x > column + 2.0));
            assert!(left >= 3 && right == 0, "{seed}: {left} {right}");
        }
    }

    #[test]
    fn a_bar_crosses_the_middle_of_a_seven() {
        let wide = |image: &[u8]| {
            let (left, right) = columns(11..17, 28, image);
            right - left
        };
        assert!(wide(&seven()) <= 7);
        for seed in 0..100 {
            let image = added(&seven(), 1.0, Some(SEVEN), seed);
            assert!(wide(&image) >= 8, "{seed}: {}", wide(&image));
        }
    }

    #[test]
    fn what_has_its_strokes_or_no_ink_stays_as_it_is() {
        let mut with = one();
        pen::line([3.0, 12.0], [14.0, 5.0], 1.5, 28, &mut with);
        assert_eq!(added(&with, 1.0, Some(ONE), 9), with);
        let mut crossed = seven();
        pen::line([10.0, 14.0], [22.0, 14.0], 1.5, 28, &mut crossed);
        assert_eq!(added(&crossed, 1.0, Some(SEVEN), 9), crossed);
        for label in [ONE, SEVEN] {
            assert_eq!(added(&[0; 784], 1.0, Some(label), 9), [0; 784]);
        }
    }
}
