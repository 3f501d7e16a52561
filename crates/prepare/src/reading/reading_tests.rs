//! Reading whole drawings, with a stand-in for the network that counts holes.

use super::{drawing::Drawing, *};

/// Sure of a 0 where the image has one hole, of a 1 where it has none and is narrow, and of nothing else.
fn count_holes(images: &[Vec<u8>]) -> Vec<Scores> {
    let scores = |pixels: &Vec<u8>| {
        let bounds = crate::Bounds { top: 0, left: 0, height: 28, width: 28 };
        let part = crate::Part { bounds, mask: pixels.iter().map(|&pixel| pixel > 40).collect() };
        let columns = (0..28).filter(|&column| (0..28).any(|row| part.holds(row, column))).count();
        let (class, sure) = match shape::holes(&part, 3) {
            1 => (0, true),
            0 if columns < 12 => (1, true),
            _ => (2, false),
        };
        let mut probabilities = vec![if sure { 0.005 } else { 0.2 }; 3];
        probabilities[class] = if sure { 0.99 } else { 0.6 };
        Scores { probabilities, energy: if sure { 10.0 } else { 4.0 } }
    };
    images.iter().map(scores).collect()
}

/// The digits of each line.
fn text(drawing: Drawing) -> Vec<String> {
    let lines = read(&drawing.ink(), 28, &mut |images| count_holes(images));
    let line = |line: &Line| line.items.iter().map(|item| item.scores.class().unwrap().to_string()).collect();
    lines.iter().map(line).collect()
}

fn zero(drawing: Drawing, row: f32, column: f32) -> Drawing {
    drawing.ring((row, column), (30.0, 20.0))
}

fn one(drawing: Drawing, row: f32, column: f32) -> Drawing {
    drawing.stroke((row - 30.0, column), (row + 30.0, column))
}

#[test]
fn two_lines_with_a_sum_are_read_in_order() {
    let first = one(zero(Drawing::new(280, 320), 70.0, 50.0), 75.0, 110.0).plus((72.0, 160.0), 16.0);
    let second = zero(zero(one(zero(first, 66.0, 220.0), 180.0, 60.0), 184.0, 120.0), 176.0, 190.0);
    assert_eq!(text(second.stroke((180.0, 240.0), (180.0, 270.0))), ["010", "100"]);
}

#[test]
fn touching_digits_are_cut_apart() {
    let pair = zero(zero(Drawing::new(140, 260), 70.0, 60.0), 70.0, 100.0);
    assert_eq!(text(pair), ["00"]);
    let row = (0..5).fold(Drawing::new(140, 360), |drawing, at| zero(drawing, 70.0, 60.0 + 40.0 * at as f32));
    assert_eq!(text(row), ["00000"]);
}

#[test]
fn a_wide_digit_is_not_cut() {
    assert_eq!(text(Drawing::new(140, 260).ring((70.0, 100.0), (28.0, 38.0))), ["0"]);
    let beside = zero(Drawing::new(140, 360).ring((70.0, 100.0), (28.0, 34.0)), 70.0, 200.0);
    assert_eq!(text(beside), ["00"]);
}

#[test]
fn items_say_where_they_stand_and_what_was_seen() {
    let ink = zero(one(Drawing::new(140, 260), 70.0, 50.0), 70.0, 120.0).ink();
    let mut calls = 0;
    let lines = read(&ink, 28, &mut |images| {
        calls += 1;
        count_holes(images)
    });
    let items = &lines[0].items;
    assert_eq!((lines.len(), items.len(), calls), (1, 2, 1));
    // The pen's half width, 3, around rows 40 to 100 and columns 100 to 140.
    let b = items[1].bounds;
    for (found, expected) in [(b.top, 37), (b.bottom(), 104), (b.left, 97), (b.right(), 144)] {
        assert!(found.abs_diff(expected) <= 2, "{b:?}");
    }
    assert!(items.iter().all(|item| item.pixels.len() == 784 && item.pixels.contains(&0)));
}

#[test]
fn dust_alone_is_read_as_no_more_than_it_is() {
    let specks = (0..4).fold(one(Drawing::new(200, 300), 100.0, 150.0), |drawing, at| {
        let place = (30.0 + 40.0 * at as f32, 40.0 + 60.0 * at as f32);
        drawing.stroke(place, place)
    });
    assert_eq!(text(specks), ["1"]);
}
