//! Lines drawn across the image: dotted, and zigzag.

use rand::{Rng, RngExt};

use super::plane::Plane;

/// How far from its middle a line can have ink, in pixels: the ink is `1 + ln(1 - distance / REACH)`.
const REACH: f64 = 2.3;
/// Pixels of a dash, and of the gap before it.
const DASH: usize = 2;
/// Columns left free at either side of a zigzag.
const FREE: usize = 2;
/// Pixels from a zigzag's axis to a tip: so far the line goes along the axis, and so far away from it.
const ZIGZAG: f64 = 2.0;

/// A point, by its column and its row.
type Point = [f64; 2];

/// Draws a dotted line from the left edge to the right edge, whose ends have random heights.
pub(super) fn dotted_line(image: &Plane, rng: &mut impl Rng) -> Plane {
    let mut end = |column: f64| [column, height_of_end(image, rng)];
    let (from, to) = (end(0.0), end(image.width as f64 - 1.0));
    let mut dotted = image.clone();
    draw(&mut dotted, from, to, |column| column / DASH % 2 == 1);
    dotted
}

/// Draws a zigzag line from the left to the right, which is nearly level.
pub(super) fn zigzag(image: &Plane, rng: &mut impl Rng) -> Plane {
    let start = [FREE as f64, height_of_end(image, rng)];
    let rise = f64::from(rng.random_range(-5_i8..5));
    let mut lined = image.clone();
    let run = image.width as f64 - 1.0 - 2.0 * FREE as f64;
    if run > 0.0 {
        for line in tips(start, run, rise).windows(2) {
            draw(&mut lined, line[0], line[1], |_| true);
        }
    }
    lined
}

/// A random row for the end of a line. As in the benchmark, it is not the last row unless it is the only
/// one.
fn height_of_end(image: &Plane, rng: &mut impl Rng) -> f64 {
    // 32 bits are drawn on every platform, so that the numbers are the same on all.
    f64::from(rng.random_range(0..image.height.saturating_sub(1).max(1) as u32))
}

/// The corners of a zigzag whose axis starts at `start` and goes `run` columns and `rise` rows.
fn tips(start: Point, run: f64, rise: f64) -> Vec<Point> {
    let length = run.hypot(rise);
    let (cos, sin) = (run / length, rise / length);
    let place =
        |along: f64, off: f64| [start[0] + along * cos - off * sin, start[1] + along * sin + off * cos];
    let mut tips = vec![start];
    let (mut along, mut off) = (ZIGZAG, ZIGZAG);
    while along <= length {
        tips.push(place(along, off));
        (along, off) = (along + 2.0 * ZIGZAG, -off);
    }
    // The last stroke leads towards the next tip, but ends where the axis ends. The benchmark's last
    // stroke is a little flatter.
    let missing = along - length;
    tips.push(place(length, off - missing * off / ZIGZAG));
    tips
}

/// Adds the ink of a line to those columns between its ends that `in_column` selects.
fn draw(image: &mut Plane, from: Point, to: Point, in_column: impl Fn(usize) -> bool) {
    if to[0] <= from[0] {
        return;
    }
    let slope = (to[1] - from[1]) / (to[0] - from[0]);
    let end = (to[0].ceil().max(0.0) as usize).min(image.width);
    for column in (from[0].floor().max(0.0) as usize..end).filter(|&column| in_column(column)) {
        let middle = from[1] + slope * (column as f64 - from[0]);
        for row in 0..image.height {
            let distance = (row as f64 - middle).abs();
            if distance < REACH {
                let ink = ((1.0 - distance / REACH).ln() + 1.0).max(0.0) as f32;
                let pixel = &mut image.values[row * image.width + column];
                *pixel = (*pixel + ink).min(1.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;

    fn blank() -> Plane {
        Plane::from_pixels(&[0; 784], 28, 28)
    }

    /// The lines that 50 generators draw on an empty image.
    fn drawn(line: impl Fn(&Plane, &mut ChaCha8Rng) -> Plane) -> impl Iterator<Item = Plane> {
        (0..50).map(move |seed| line(&blank(), &mut ChaCha8Rng::seed_from_u64(seed)))
    }

    /// The centre of a column's ink, if the column has ink.
    fn middle(plane: &Plane, column: usize) -> Option<f64> {
        let ink = |row: usize| f64::from(plane.get(row, column));
        let sum: f64 = (0..28).map(ink).sum();
        (sum > 0.0).then(|| (0..28).map(|row| row as f64 * ink(row)).sum::<f64>() / sum)
    }

    #[test]
    fn lines_only_add_ink() {
        let grey = blank().map(|_| 0.4);
        for seed in 0..50 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            for lined in [dotted_line(&grey, &mut rng), zigzag(&grey, &mut rng)] {
                assert!(lined.values.iter().all(|ink| (0.4..=1.0).contains(ink)));
                assert!(lined.values.iter().filter(|ink| **ink > 0.8).count() > 10);
            }
        }
    }

    #[test]
    fn dots_are_two_columns_of_every_four() {
        for dotted in drawn(dotted_line) {
            for column in 0..28 {
                let dash = column % 4 >= 2 && column != 27;
                assert_eq!(middle(&dotted, column).is_some(), dash, "column {column}");
            }
        }
    }

    #[test]
    fn dots_lie_on_a_straight_line() {
        let mut slopes = Vec::new();
        for dotted in drawn(dotted_line) {
            let darkest = |column: usize| {
                (0..28).max_by(|a, b| dotted.get(*a, column).total_cmp(&dotted.get(*b, column))).unwrap()
                    as f64
            };
            let slope = (darkest(26) - darkest(2)) / 24.0;
            for column in (0..28).filter(|&column| middle(&dotted, column).is_some()) {
                let straight = darkest(2) + slope * (column as f64 - 2.0);
                // The rows of the darkest pixels are rounded, so they may be off the line by a pixel.
                assert!((darkest(column) - straight).abs() <= 1.0, "{} {straight}", darkest(column));
            }
            slopes.push(slope);
        }
        assert!(slopes.iter().any(|slope| *slope > 0.3) && slopes.iter().any(|slope| *slope < -0.3));
    }

    #[test]
    fn a_line_is_full_ink_in_its_middle_and_fades_out() {
        let mut plane = blank();
        draw(&mut plane, [0.0, 10.0], [27.0, 10.0], |_| true);
        // At distance 1 the ink is 1 + ln(1 - 1 / 2.3) = 0.4296, and at distance 2 there is none.
        for (row, ink) in [(10, 1.0), (9, 0.4296), (11, 0.4296), (8, 0.0), (12, 0.0)] {
            assert!((plane.get(row, 5) - ink).abs() < 1e-3, "{row}: {}", plane.get(row, 5));
        }
        assert_eq!(plane.get(10, 27), 0.0);
    }

    #[test]
    fn a_zigzag_has_six_tips_two_pixels_off_its_axis() {
        let tips = tips([2.0, 10.0], 23.0, 0.0);
        let expected = [[2, 10], [4, 12], [8, 8], [12, 12], [16, 8], [20, 12], [24, 8], [25, 9]]
            .map(|tip| tip.map(f64::from));
        assert_eq!(tips, expected);
    }

    #[test]
    fn a_zigzag_with_a_slope_is_the_level_one_turned() {
        for (tilted, level) in
            tips([2.0, 10.0], 20.0, 4.0).into_iter().zip(tips([2.0, 10.0], 20.0_f64.hypot(4.0), 0.0))
        {
            let from_start = |tip: Point| (tip[0] - 2.0).hypot(tip[1] - 10.0);
            assert!((from_start(tilted) - from_start(level)).abs() < 1e-9, "{tilted:?} {level:?}");
        }
    }

    #[test]
    fn a_zigzag_leaves_two_columns_at_either_side() {
        for lined in drawn(zigzag) {
            for column in [0, 1, 26, 27] {
                assert_eq!(middle(&lined, column), None, "column {column}");
            }
        }
    }
}
