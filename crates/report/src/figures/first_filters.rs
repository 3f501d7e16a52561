//! The filters of the first convolution, with a coloured square for each weight.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::error::ReportError;
use crate::figures::drawing::{Drawing, WIDTH};
use crate::number::{Px, filters, grouped, short};
use crate::run::Filters;

#[derive(askama::Template)]
#[template(path = "figures/filters.svg")]
struct FiltersLayout {
    tiles: String,
    /// One for each sign and strength that occurs.
    squares: Vec<Squares>,
    largest: String,
    bottom: f64,
}

/// All squares of one colour and strength.
struct Squares {
    class: &'static str,
    opacity: Px,
    path: String,
}

/// Filters that are drawn. A wide network has more of them than anybody would look at.
const MOST_TILES: usize = 64;
const GAP: f64 = 6.0;
/// How many strengths of a colour there are; the eye tells no more apart.
const LEVELS: f64 = 10.0;

/// `None` without weights, or if there are fewer than the shape says.
pub(crate) fn draw(filters: &Filters) -> Result<Option<Drawing>, ReportError> {
    let [_, channels, height, width] = filters.shape;
    let per_tile = height * width;
    if per_tile == 0 || filters.values.len() < per_tile {
        return Ok(None);
    }
    let tiles: Vec<&[f32]> = filters.values.chunks_exact(per_tile).take(MOST_TILES).collect();
    let columns = tiles.len().min(8);
    let tile = ((WIDTH + GAP) / 8.0 - GAP).floor();
    let square = tile / height.max(width) as f64;
    let finite = filters.values.iter().filter(|value| value.is_finite());
    let largest = finite.fold(0.0f32, |largest, value| largest.max(value.abs()));
    let mut paths: BTreeMap<(bool, u8), String> = BTreeMap::new();
    let mut backs = String::new();
    for (index, values) in tiles.iter().enumerate() {
        let (x, y) = ((index % columns) as f64 * (tile + GAP), (index / columns) as f64 * (tile + GAP));
        // Writing to a string cannot fail.
        let _ = write!(
            backs,
            "M{} {}h{}v{}h-{}z",
            Px(x),
            Px(y),
            Px(square * width as f64),
            Px(square * height as f64),
            Px(square * width as f64)
        );
        for (place, value) in values.iter().enumerate() {
            let level = (f64::from(value.abs() / largest.max(f32::MIN_POSITIVE)) * LEVELS).round();
            // The comparison also passes over NaN.
            if level >= 1.0 {
                let (x, y) = (x + (place % width) as f64 * square, y + (place / width) as f64 * square);
                let path = paths.entry((*value < 0.0, level as u8)).or_default();
                let _ = write!(path, "M{} {}h{s}v{s}h-{s}z", Px(x), Px(y), s = Px(square));
            }
        }
    }
    let layout = FiltersLayout {
        tiles: backs,
        squares: paths.into_iter().map(squares).collect(),
        largest: short(f64::from((largest * 1000.0).round() / 1000.0)),
        bottom: tiles.len().div_ceil(columns) as f64 * (tile + GAP),
    };
    Ok(Some(Drawing {
        name: "filters",
        title: "Filters of the first convolution",
        description: description(filters, tiles.len(), channels),
        width: WIDTH,
        height: layout.bottom + 22.0,
        body: askama::Template::render(&layout)?,
    }))
}

fn squares(((is_negative, level), path): ((bool, u8), String)) -> Squares {
    Squares {
        class: if is_negative { "wrong" } else { "right" },
        opacity: Px(f64::from(level) / LEVELS),
        path,
    }
}

fn description(filters: &Filters, shown: usize, channels: usize) -> String {
    let [count, _, height, width] = filters.shape;
    let mut text = format!("{} filters of {height} by {width} weights", grouped(count));
    if channels > 1 {
        text.push_str(&format!(", each for {channels} channels"));
    }
    if shown < count.saturating_mul(channels) {
        text.push_str(&format!("; the first {shown} are shown"));
    }
    text.push('.');
    text
}
