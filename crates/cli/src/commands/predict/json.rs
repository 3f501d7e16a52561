//! A line of JSON for each image. docs/formats.md has its keys.

use network::reading::{ReadItem, Status};
use serde::Serialize;

use super::answer::{Answer, Outcome, ReadImage};

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    status: &'static str,
    /// What was read, with lines joined by `/`.
    text: String,
    items: Vec<Item<'a>>,
    /// Of the upright image, in pixels; null if there is none.
    width: Option<usize>,
    height: Option<usize>,
    notes: Vec<String>,
    /// Whether dark ink became light.
    inverted: bool,
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct Item<'a> {
    #[serde(flatten)]
    answer: Ranked<'a>,
    is_sure: bool,
    /// The line that it stands in, from 0.
    line: usize,
    /// Left, top, width, height.
    #[serde(rename = "box")]
    bounds: [usize; 4],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    top: Vec<Ranked<'a>>,
}

#[derive(Serialize)]
struct Ranked<'a> {
    class: usize,
    label: &'a str,
    probability: f32,
}

/// The line of an image, with the `top` likeliest classes of each item if they are more than one.
pub(super) fn line(answer: &Answer, classes: &[String], top: usize) -> anyhow::Result<String> {
    let empty = Line {
        file: &answer.name,
        status: "unreadable",
        text: String::new(),
        items: Vec::new(),
        width: None,
        height: None,
        notes: Vec::new(),
        inverted: false,
        error: None,
    };
    let line = match &answer.outcome {
        Outcome::Read(image) => Line {
            status: match image.reading.status() {
                Status::Read => "read",
                Status::NotSure => "not-sure",
                Status::NoDigit => "no-digit",
            },
            text: image.text(classes),
            items: if image.nothing().is_some() { Vec::new() } else { items(image, classes, top) },
            width: Some(image.width),
            height: Some(image.height),
            notes: image.notes(),
            inverted: image.reading.inverted,
            ..empty
        },
        Outcome::Unreadable(error) => Line { error: Some(error), ..empty },
        Outcome::PassedOver => empty,
    };
    Ok(serde_json::to_string(&line)? + "\n")
}

fn items<'a>(image: &ReadImage, classes: &'a [String], top: usize) -> Vec<Item<'a>> {
    let lines = image.reading.lines.iter().enumerate();
    let items = lines.flat_map(|(line, items)| items.iter().map(move |item| (line, item)));
    let item = |(line, item): (usize, &ReadItem)| {
        let ranked = |class: usize| Ranked {
            class,
            label: classes.get(class).map_or("", String::as_str),
            probability: item.probabilities.get(class).copied().unwrap_or(0.0),
        };
        let bounds = item.bounds;
        let likeliest = item.ranking().into_iter().take(if top > 1 { top } else { 0 });
        Item {
            answer: ranked(item.class),
            is_sure: item.is_sure,
            line,
            bounds: [bounds.left, bounds.top, bounds.width, bounds.height],
            top: likeliest.map(ranked).collect(),
        }
    };
    items.map(item).collect()
}
