//! Draws letters the way MNIST has digits, to see what a network that knows digits alone says to them.
//!
//! Each letter is a few strokes, which are slanted, stretched, turned and bent at random, drawn with a pen of random
//! width into a box of 20x20 pixels, and moved so that their centre of mass is the centre of 28x28 pixels.

/// Height and width of an image, in pixels.
pub(crate) const SIZE: usize = 28;
/// Height and width of the box that the strokes fill.
const BOX: f32 = 20.0;
/// Samples along each side of a pixel.
const SAMPLES: usize = 4;

/// A point in the unit square: `[x, y]`, with y downwards.
type Point = [f32; 2];
type Stroke = Vec<Point>;

/// Images `[28, 28]` of each letter from A to Z, `each` times, with the letter. The same seed gives the same images.
pub(crate) fn letters(each: usize, seed: u64) -> Vec<(char, Vec<u8>)> {
    let mut numbers = Numbers(seed);
    let all = ('A'..='Z').flat_map(|letter| std::iter::repeat_n(letter, each));
    all.map(|letter| (letter, draw(strokes(letter, &mut numbers), &mut numbers))).collect()
}

/// Numbers that look random (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn between(&mut self, low: f32, high: f32) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        low + (high - low) * ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 24) as f32
    }
}

/// A part of an ellipse, from one angle to another in degrees. 0 is right, 90 is below.
fn arc([x, y]: Point, [rx, ry]: Point, [from, to]: [f32; 2]) -> Stroke {
    let point = |i: usize| {
        let angle = (from + (to - from) * i as f32 / 16.0).to_radians();
        [x + rx * angle.cos(), y + ry * angle.sin()]
    };
    (0..=16).map(point).collect()
}

fn joined(parts: &[Stroke]) -> Stroke {
    parts.concat()
}

fn line(points: &[Point]) -> Stroke {
    points.to_vec()
}

/// The strokes of a capital letter.
fn strokes(letter: char, numbers: &mut Numbers) -> Vec<Stroke> {
    let stem = || line(&[[0.0, 0.0], [0.0, 1.0]]);
    let bowl = |top: f32, bottom: f32, width: f32| {
        let (middle, half) = ((top + bottom) / 2.0, (bottom - top) / 2.0);
        let round = arc([width - half, middle], [half, half], [-90.0, 90.0]);
        joined(&[line(&[[0.0, top]]), round, line(&[[0.0, bottom]])])
    };
    match letter {
        'A' => vec![line(&[[0.0, 1.0], [0.5, 0.0], [1.0, 1.0]]), line(&[[0.2, 0.62], [0.8, 0.62]])],
        'B' => vec![stem(), bowl(0.0, 0.47, 0.72), bowl(0.47, 1.0, 0.8)],
        'C' => vec![arc([0.5, 0.5], [0.48, 0.5], [-45.0, -315.0])],
        'D' => vec![stem(), bowl(0.0, 1.0, 0.85)],
        'E' => {
            vec![line(&[[0.8, 0.0], [0.0, 0.0], [0.0, 1.0], [0.8, 1.0]]), line(&[[0.0, 0.5], [0.65, 0.5]])]
        }
        'F' => vec![line(&[[0.8, 0.0], [0.0, 0.0], [0.0, 1.0]]), line(&[[0.0, 0.5], [0.65, 0.5]])],
        'G' => {
            vec![joined(&[arc([0.5, 0.5], [0.5, 0.5], [-45.0, -350.0]), line(&[[1.0, 0.58], [0.55, 0.58]])])]
        }
        'H' => vec![stem(), line(&[[0.8, 0.0], [0.8, 1.0]]), line(&[[0.0, 0.5], [0.8, 0.5]])],
        'I' if numbers.between(0.0, 1.0) < 0.5 => vec![stem()],
        'I' => vec![
            line(&[[0.3, 0.0], [0.3, 1.0]]),
            line(&[[0.0, 0.0], [0.6, 0.0]]),
            line(&[[0.0, 1.0], [0.6, 1.0]]),
        ],
        'J' => vec![joined(&[line(&[[0.6, 0.0], [0.6, 0.7]]), arc([0.3, 0.7], [0.3, 0.3], [0.0, 170.0])])],
        'K' => vec![stem(), line(&[[0.75, 0.0], [0.0, 0.55]]), line(&[[0.2, 0.42], [0.8, 1.0]])],
        'L' => vec![line(&[[0.0, 0.0], [0.0, 1.0], [0.65, 1.0]])],
        'M' => vec![line(&[[0.0, 1.0], [0.1, 0.0], [0.5, 0.7], [0.9, 0.0], [1.0, 1.0]])],
        'N' => vec![line(&[[0.0, 1.0], [0.0, 0.0], [0.8, 1.0], [0.8, 0.0]])],
        'O' => vec![arc([0.5, 0.5], [0.48, 0.5], [-90.0, 270.0])],
        'P' => vec![stem(), bowl(0.0, 0.52, 0.75)],
        'Q' => vec![arc([0.5, 0.5], [0.48, 0.5], [-90.0, 270.0]), line(&[[0.6, 0.65], [1.0, 1.05]])],
        'R' => vec![stem(), bowl(0.0, 0.5, 0.72), line(&[[0.3, 0.5], [0.8, 1.0]])],
        'S' => vec![joined(&[
            arc([0.5, 0.26], [0.4, 0.26], [-30.0, -260.0]),
            arc([0.5, 0.75], [0.42, 0.25], [-85.0, 150.0]),
        ])],
        'T' => vec![line(&[[0.0, 0.0], [0.9, 0.0]]), line(&[[0.45, 0.0], [0.45, 1.0]])],
        'U' => vec![joined(&[
            line(&[[0.0, 0.0], [0.0, 0.6]]),
            arc([0.4, 0.6], [0.4, 0.4], [180.0, 0.0]),
            line(&[[0.8, 0.6], [0.8, 0.0]]),
        ])],
        'V' => vec![line(&[[0.0, 0.0], [0.45, 1.0], [0.9, 0.0]])],
        'W' => vec![line(&[[0.0, 0.0], [0.25, 1.0], [0.5, 0.3], [0.75, 1.0], [1.0, 0.0]])],
        'X' => vec![line(&[[0.0, 0.0], [0.8, 1.0]]), line(&[[0.8, 0.0], [0.0, 1.0]])],
        'Y' => vec![line(&[[0.0, 0.0], [0.4, 0.5], [0.8, 0.0]]), line(&[[0.4, 0.5], [0.4, 1.0]])],
        _ => vec![line(&[[0.0, 0.0], [0.8, 0.0], [0.0, 1.0], [0.8, 1.0]])],
    }
}

/// Draws strokes into an image `[28, 28]`.
fn draw(mut strokes: Vec<Stroke>, numbers: &mut Numbers) -> Vec<u8> {
    deform(&mut strokes, numbers);
    let width = numbers.between(1.6, 3.4);
    fit(&mut strokes, BOX - width);
    let ink = |offset: Point| {
        let moved: Vec<Stroke> = strokes
            .iter()
            .map(|stroke| stroke.iter().map(|[x, y]| [x + offset[0], y + offset[1]]).collect())
            .collect();
        (0..SIZE * SIZE).map(|i| covered(&moved, width / 2.0, i)).collect::<Vec<f32>>()
    };
    let centre = SIZE as f32 / 2.0;
    let first = ink([centre; 2]);
    let sum: f32 = first.iter().sum();
    let mean = |coordinate: fn(usize) -> usize| {
        let weighted = first.iter().enumerate().map(|(i, ink)| ink * (coordinate(i) as f32 + 0.5));
        weighted.sum::<f32>() / sum
    };
    let shift = [mean(|i| i % SIZE), mean(|i| i / SIZE)].map(|mass| (centre - mass).round());
    let moved = ink(shift.map(|shift| centre + shift));
    moved.into_iter().map(|ink| (ink * 255.0).round() as u8).collect()
}

/// Slants, turns, stretches and bends strokes at random.
fn deform(strokes: &mut [Stroke], numbers: &mut Numbers) {
    let slant = numbers.between(-0.1, 0.45);
    let (sin, cos) = numbers.between(-10.0, 10.0).to_radians().sin_cos();
    let aspect = numbers.between(0.6, 1.0);
    let [phase, bend] = [numbers.between(0.0, 6.3), numbers.between(0.0, 0.05)];
    for stroke in strokes {
        for point in stroke {
            let [x, y] = *point;
            let [x, y] = [x * aspect + slant * (0.5 - y), y];
            let [x, y] = [x + bend * (4.0 * y + phase).sin(), y + bend * (4.0 * x + 2.0 * phase).sin()];
            let [dx, dy] = [numbers.between(-0.015, 0.015), numbers.between(-0.015, 0.015)];
            *point = [x * cos - y * sin + dx, x * sin + y * cos + dy];
        }
    }
}

/// Moves strokes so that their middle is zero, and scales them so that the longer side is `size`.
fn fit(strokes: &mut [Stroke], size: f32) {
    let points = || strokes.iter().flatten();
    let range = |axis: usize| {
        let values = || points().map(|point| point[axis]);
        [values().fold(f32::INFINITY, f32::min), values().fold(f32::NEG_INFINITY, f32::max)]
    };
    let ranges = [range(0), range(1)];
    let longest = ranges.iter().map(|[low, high]| high - low).fold(f32::MIN_POSITIVE, f32::max);
    for point in strokes.iter_mut().flatten() {
        for (value, [low, high]) in point.iter_mut().zip(ranges) {
            *value = (*value - (low + high) / 2.0) * size / longest;
        }
    }
}

/// How much of pixel `i` lies within `radius` of a stroke.
fn covered(strokes: &[Stroke], radius: f32, i: usize) -> f32 {
    let inside = |sample: &usize| {
        let place = |pixel: usize, sample: usize| pixel as f32 + (sample as f32 + 0.5) / SAMPLES as f32;
        let point = [place(i % SIZE, sample % SAMPLES), place(i / SIZE, sample / SAMPLES)];
        let mut segments = strokes.iter().flat_map(|stroke| stroke.windows(2));
        segments.any(|ends| distance(point, [ends[0], ends[1]]) < radius)
    };
    let samples = SAMPLES * SAMPLES;
    (0..samples).filter(inside).count() as f32 / samples as f32
}

/// The distance of a point from the line between two others.
fn distance([x, y]: Point, [[ax, ay], [bx, by]]: [Point; 2]) -> f32 {
    let [dx, dy] = [bx - ax, by - ay];
    let along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy).max(f32::MIN_POSITIVE);
    let along = along.clamp(0.0, 1.0);
    (x - ax - along * dx).hypot(y - ay - along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_lie_as_digits_do_and_the_seed_decides_them() {
        let drawn = letters(3, 1);
        assert_eq!(drawn.len(), 78);
        assert_eq!(drawn, letters(3, 1));
        assert_ne!(drawn[0], drawn[1]);
        for (letter, image) in &drawn {
            let mass: f32 = image.iter().map(|&ink| f32::from(ink)).sum();
            let mean = |coordinate: fn(usize) -> usize| {
                let weighted =
                    image.iter().enumerate().map(|(i, &ink)| f32::from(ink) * coordinate(i) as f32);
                weighted.sum::<f32>() / mass
            };
            let centre = [mean(|i| i % SIZE), mean(|i| i / SIZE)];
            assert!(centre.iter().all(|place| (place - 13.5).abs() < 0.8), "{letter}: {centre:?}");
            assert!(image.contains(&255) && mass > 20.0 * 255.0, "{letter}");
        }
    }
}
