//! Digits drawn on papers of many kinds become the same input as on clean paper.

use prepare::{Bounds, GreyImage, single};

const SIZE: [usize; 2] = [28, 28];

/// Strokes of a digit in a box of 100 by 100: lines from point to point, `(row, column)`.
type Strokes = &'static [&'static [(f32, f32)]];

const SEVEN: Strokes = &[&[(5.0, 15.0), (5.0, 85.0), (95.0, 40.0)], &[(50.0, 35.0), (50.0, 80.0)]];
const FOUR: Strokes = &[&[(5.0, 55.0), (60.0, 10.0), (60.0, 90.0)], &[(30.0, 65.0), (95.0, 65.0)]];
/// Its bar does not reach it.
const FIVE: Strokes = &[
    &[(5.0, 45.0), (5.0, 85.0)],
    &[(5.0, 25.0), (45.0, 20.0), (42.0, 60.0), (60.0, 80.0), (85.0, 75.0), (95.0, 45.0), (85.0, 12.0)],
];
const ZERO: Strokes = &[&[
    (5.0, 50.0),
    (25.0, 22.0),
    (50.0, 15.0),
    (75.0, 22.0),
    (95.0, 50.0),
    (75.0, 78.0),
    (50.0, 85.0),
    (25.0, 78.0),
    (5.0, 50.0),
]];
const DIGITS: [Strokes; 4] = [SEVEN, FOUR, FIVE, ZERO];

/// Lightness of each pixel, `[height, width]`.
#[derive(Clone)]
struct Page {
    height: usize,
    width: usize,
    values: Vec<f32>,
}

impl Page {
    fn new(height: usize, width: usize, value: impl Fn(usize, usize) -> f32) -> Self {
        Self { height, width, values: (0..height * width).map(|at| value(at / width, at % width)).collect() }
    }

    /// Changes each pixel by its row, column and value.
    fn map(mut self, change: impl Fn(usize, usize, f32) -> f32) -> Self {
        for (at, value) in self.values.iter_mut().enumerate() {
            *value = change(at / self.width, at % self.width, *value);
        }
        self
    }

    /// Draws a digit of this height at a place, darker than the paper by a share, its edges soft over a pixel.
    fn draw(self, strokes: Strokes, [top, left]: [f32; 2], height: f32, thickness: f32) -> Self {
        let scale = height / 100.0;
        self.map(|row, column, value| {
            let point = ((row as f32 + 0.5 - top) / scale, (column as f32 + 0.5 - left) / scale);
            let lines = strokes.iter().flat_map(|stroke| stroke.windows(2));
            let away = lines.map(|line| distance(point, line[0], line[1]) * scale).fold(f32::MAX, f32::min);
            value * (1.0 - 0.7 * (thickness / 2.0 - away + 0.5).clamp(0.0, 1.0))
        })
    }

    /// The same noise each time, of this standard deviation or about.
    fn noisy(self, deviation: f32) -> Self {
        let mut state = 12_345u32;
        let mut noise = Vec::with_capacity(self.values.len());
        for _ in 0..self.values.len() {
            let mut sum = 0.0;
            for _ in 0..4 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                sum += (state >> 16) as f32 / 65_536.0 - 0.5;
            }
            noise.push(sum * 1.73 * deviation);
        }
        let width = self.width;
        self.map(|row, column, value| value + noise[row * width + column])
    }

    fn image(&self) -> GreyImage {
        let pixels = self.values.iter().map(|value| value.round().clamp(0.0, 255.0) as u8).collect();
        GreyImage::new(self.height, self.width, pixels).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// The distance of a point from a line between two others.
fn distance((row, column): (f32, f32), (top, left): (f32, f32), (bottom, right): (f32, f32)) -> f32 {
    let (down, across) = (bottom - top, right - left);
    let along =
        (((row - top) * down + (column - left) * across) / (down * down + across * across)).clamp(0.0, 1.0);
    (row - top - along * down).hypot(column - left - along * across)
}

fn paper(height: usize, width: usize) -> Page {
    Page::new(height, width, |_, _| 220.0)
}

/// How alike two inputs are: the cosine of the angle between them, where one may be off by a pixel, because a centre
/// of mass between two pixels may go either way.
fn likeness(a: &[u8], b: &[u8]) -> f32 {
    let dot = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(&a, &b)| f32::from(a) * f32::from(b)).sum::<f32>();
    let shifts = [0, 1, 27, 28, 29].into_iter().flat_map(|shift| [(shift, 0), (0, shift)]);
    let most = shifts.map(|(from_a, from_b)| dot(&a[from_a..], &b[from_b..])).fold(0.0, f32::max);
    most / (dot(a, a) * dot(b, b)).sqrt()
}

/// Asserts that each digit looks on a changed page as on clean paper.
#[track_caller]
fn assert_alike(least: f32, change: impl Fn(Strokes) -> Page) {
    for (index, &strokes) in DIGITS.iter().enumerate() {
        let clean = paper(200, 200).draw(strokes, [50.0, 50.0], 100.0, 10.0).image();
        let found = single(&change(strokes).image(), SIZE);
        let (Some(clean), Some(found)) = (single(&clean, SIZE), found) else {
            panic!("digit {index}: no ink")
        };
        let alike = likeness(&clean.pixels, &found.pixels);
        assert!(alike >= least, "digit {index}: {alike}");
    }
}

fn usual(strokes: Strokes) -> Page {
    paper(200, 200).draw(strokes, [50.0, 50.0], 100.0, 10.0)
}

#[test]
fn size_and_place_do_not_matter() {
    for scale in [0.3, 0.5, 1.7, 4.0] {
        let side = (200.0 * scale) as usize;
        assert_alike(0.9, |strokes| {
            paper(side, side + 31).draw(strokes, [20.0 * scale, 80.0 * scale], 100.0 * scale, 10.0 * scale)
        });
    }
    assert_alike(0.9, |strokes| paper(500, 700).draw(strokes, [380.0, 90.0], 100.0, 10.0));
}

#[test]
fn thin_and_thick_strokes_come_near_the_usual() {
    assert_alike(0.75, |strokes| paper(500, 500).draw(strokes, [50.0, 50.0], 400.0, 3.0));
    assert_alike(0.75, |strokes| paper(500, 500).draw(strokes, [50.0, 50.0], 400.0, 70.0));
}

#[test]
fn light_does_not_matter() {
    let gradient = |row: usize, column: usize, value: f32| value * (1.0 - (row + column) as f32 / 800.0);
    assert_alike(0.95, |strokes| usual(strokes).map(gradient).noisy(3.0));
    assert_alike(0.95, |strokes| usual(strokes).map(|_, _, value| 255.0 - value).noisy(3.0));
    let vignette = |row: usize, column: usize, value: f32| {
        value * (1.0 - ((row as f32 - 100.0).hypot(column as f32 - 100.0) / 200.0).powi(2))
    };
    assert_alike(0.95, |strokes| usual(strokes).map(vignette).noisy(3.0));
    assert_alike(0.9, |strokes| {
        usual(strokes).map(|_, column, value| if column < 70 { value * 0.55 } else { value })
    });
}

#[test]
fn ruled_squared_and_dotted_paper_does_not_matter() {
    let lines = |at: usize| at % 24 < 2;
    assert_alike(0.85, |strokes| {
        let rules = |row: usize, _: usize, value: f32| if lines(row + 5) { value * 0.7 } else { value };
        paper(300, 320).map(rules).draw(strokes, [90.0, 100.0], 130.0, 13.0).noisy(3.0)
    });
    assert_alike(0.85, |strokes| {
        let squares = |row: usize, column: usize, value: f32| {
            if lines(row) || lines(column) { value * 0.6 } else { value }
        };
        paper(300, 320).map(squares).draw(strokes, [90.0, 100.0], 130.0, 13.0).noisy(3.0)
    });
    assert_alike(0.85, |strokes| {
        let dots = |row: usize, column: usize, value: f32| {
            if lines(row) && lines(column) { value * 0.5 } else { value }
        };
        paper(300, 320).map(dots).draw(strokes, [90.0, 100.0], 130.0, 13.0).noisy(3.0)
    });
}

#[test]
fn frames_cards_and_fingers_do_not_matter() {
    let frame = |row: usize, column: usize, value: f32| {
        let edge = |at: usize| (20..23).contains(&at) || (177..180).contains(&at);
        let inside = |at: usize| (20..180).contains(&at);
        if (edge(row) && inside(column)) || (edge(column) && inside(row)) { 20.0 } else { value }
    };
    assert_alike(0.95, |strokes| usual(strokes).map(frame));
    let card = |row: usize, column: usize, value: f32| {
        if (30..170).contains(&row) && (30..170).contains(&column) { value * 0.8 } else { 255.0 }
    };
    assert_alike(0.95, |strokes| usual(strokes).map(card));
    let finger = |row: usize, column: usize, value: f32| {
        if (row as f32 - 200.0).hypot(column as f32) < 45.0 { 90.0 } else { value }
    };
    assert_alike(0.95, |strokes| usual(strokes).map(finger));
}

#[test]
fn a_digit_cut_from_a_larger_image_may_touch_the_border() {
    assert_alike(0.9, |strokes| paper(104, 104).draw(strokes, [2.0, 2.0], 100.0, 10.0));
}

#[test]
fn paper_alone_is_no_ink() {
    let pages = [
        Page::new(280, 280, |_, _| 255.0),
        Page::new(28, 28, |_, _| 0.0),
        Page::new(28, 28, |_, _| 128.0),
        Page::new(1, 1, |_, _| 255.0),
        Page::new(1, 900, |_, _| 7.0),
        paper(300, 200).noisy(2.0),
        paper(300, 200).noisy(12.0),
        paper(28, 28).noisy(12.0),
        Page::new(300, 400, |row, column| 230.0 - 0.2 * (row + column) as f32).noisy(4.0),
        Page::new(400, 300, |row, column| {
            220.0 * (1.0 - ((row as f32 - 200.0).hypot(column as f32 - 150.0) / 350.0).powi(2))
        })
        .noisy(4.0),
        // Blocks of 8x8 as JPEG leaves them.
        Page::new(256, 256, |row, column| 200.0 + ((row / 8 * 31 + column / 8 * 17) % 7) as f32),
    ];
    for (index, page) in pages.iter().enumerate() {
        assert_eq!(single(&page.image(), SIZE), None, "page {index}");
    }
}

#[test]
fn images_of_a_line_work() {
    for (height, width) in [(1, 1), (1, 2), (1, 50), (50, 1), (2, 3), (3, 1000)] {
        let page = Page::new(height, width, |row, column| if (row + column) % 5 == 1 { 0.0 } else { 255.0 });
        if let Some(prepared) = single(&page.image(), SIZE) {
            let Bounds { top, left, height: rows, width: columns } = prepared.bounds;
            assert_eq!(prepared.pixels.len(), 784);
            assert!(rows > 0 && columns > 0 && top + rows <= height && left + columns <= width);
        }
    }
}

#[test]
fn bounds_are_in_the_images_own_pixels() {
    let page = paper(1500, 2000).draw(SEVEN, [500.0, 1000.0], 250.0, 20.0).image();
    let bounds = single(&page, SIZE).unwrap().bounds;
    let expected = Bounds { top: 502, left: 1027, height: 245, width: 195 };
    let off = |a: usize, b: usize| a.abs_diff(b) <= 13;
    assert!(off(bounds.top, expected.top) && off(bounds.left, expected.left), "{bounds:?}");
    assert!(off(bounds.height, expected.height) && off(bounds.width, expected.width), "{bounds:?}");
}
