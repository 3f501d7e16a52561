//! What an image says, in words and as JSON: the same from `predict --json`, from a server and in a browser.

use serde::Serialize;

use crate::reading::{ReadItem, Reading, Status};

/// An image's answer. docs/formats.md has its keys.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Answer {
    /// `read`, `not-sure`, `no-digit` or `unreadable`.
    pub status: &'static str,
    /// What was read, with lines joined by `/`.
    pub text: String,
    pub items: Vec<AnswerItem>,
    /// Of the upright image, in pixels; null if there is none.
    pub width: Option<usize>,
    pub height: Option<usize>,
    /// What a person should know about how the image was taken.
    pub notes: Vec<String>,
    /// Whether dark ink became light.
    pub inverted: bool,
    /// Why the image could not be read.
    pub error: Option<String>,
}

/// One thing that was read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AnswerItem {
    #[serde(flatten)]
    pub answer: Ranked,
    pub is_sure: bool,
    /// The line that it stands in, from 0.
    pub line: usize,
    /// Left, top, width, height.
    #[serde(rename = "box")]
    pub bounds: [usize; 4],
    /// The likeliest classes by falling probability, if more than one was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<Ranked>,
    /// What the network saw, `[height, width]` bytes in base64, if it was asked for.
    #[cfg(feature = "pixels")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pixels: Option<String>,
}

/// A class and its probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Ranked {
    pub class: usize,
    pub label: String,
    pub probability: f32,
}

impl Answer {
    /// The answer of an image of `[height, width]`, with the `top` likeliest classes of each item if they are more
    /// than one. Notes on how the image was stored come before those on how it was read.
    pub fn new(
        reading: &Reading,
        classes: &[String],
        [height, width]: [usize; 2],
        mut notes: Vec<String>,
        top: usize,
    ) -> Self {
        notes.extend(turn_note(reading));
        let is_known = nothing(reading).is_none();
        Self {
            status: match reading.status() {
                Status::Read => "read",
                Status::NotSure => "not-sure",
                Status::NoDigit => "no-digit",
            },
            text: text(reading, classes),
            items: if is_known { items(reading, classes, top) } else { Vec::new() },
            width: Some(width),
            height: Some(height),
            notes,
            inverted: reading.inverted,
            error: None,
        }
    }

    /// The same answer with what the network saw of each item. `reading` is the one that the answer was made of.
    #[cfg(feature = "pixels")]
    #[must_use]
    pub fn with_pixels(mut self, reading: &Reading) -> Self {
        use base64::Engine;
        for (item, read) in self.items.iter_mut().zip(reading.items()) {
            item.pixels = Some(base64::engine::general_purpose::STANDARD.encode(&read.pixels));
        }
        self
    }

    /// The answer for what is no image.
    pub fn unreadable(error: Option<String>) -> Self {
        Self {
            status: "unreadable",
            text: String::new(),
            items: Vec::new(),
            width: None,
            height: None,
            notes: Vec::new(),
            inverted: false,
            error,
        }
    }
}

/// What to say if nothing was read.
pub fn nothing(reading: &Reading) -> Option<&'static str> {
    match reading.status() {
        Status::NoDigit if reading.lines.is_empty() => Some("nothing to read"),
        Status::NoDigit => Some("nothing known"),
        Status::Read | Status::NotSure => None,
    }
}

/// What is read, without a mark for what is not sure: lines joined by `/`, names of several letters by a space.
/// Nothing if there is nothing that the network knows.
pub fn text(reading: &Reading, classes: &[String]) -> String {
    if nothing(reading).is_some() { String::new() } else { marked_text(reading, classes, "") }
}

/// As [`text`], with a mark behind what is not sure.
pub fn marked_text(reading: &Reading, classes: &[String], mark: &str) -> String {
    let are_letters = classes.iter().all(|class| class.chars().count() == 1);
    let lines = reading.lines.iter().map(|line| {
        let words = line.iter().map(|item| {
            let name = classes.get(item.class).map_or("", String::as_str);
            format!("{name}{}", if item.is_sure { "" } else { mark })
        });
        words.collect::<Vec<_>>().join(if are_letters { "" } else { " " })
    });
    lines.collect::<Vec<_>>().join("/")
}

/// How the image was turned to be read, if it was.
pub fn turn_note(reading: &Reading) -> Option<String> {
    match reading.quarter_turns {
        0 => None,
        2 => Some("read upside down".into()),
        1 => Some("read after a quarter turn clockwise".into()),
        _ => Some("read after a quarter turn counterclockwise".into()),
    }
}

fn items(reading: &Reading, classes: &[String], top: usize) -> Vec<AnswerItem> {
    let lines = reading.lines.iter().enumerate();
    let items = lines.flat_map(|(line, items)| items.iter().map(move |item| (line, item)));
    let item = |(line, item): (usize, &ReadItem)| {
        let ranked = |class: usize| Ranked {
            class,
            label: classes.get(class).cloned().unwrap_or_default(),
            probability: item.probabilities.get(class).copied().unwrap_or(0.0),
        };
        let bounds = item.bounds;
        let likeliest = item.ranking().into_iter().take(if top > 1 { top } else { 0 });
        AnswerItem {
            answer: ranked(item.class),
            is_sure: item.is_sure,
            line,
            bounds: [bounds.left, bounds.top, bounds.width, bounds.height],
            top: likeliest.map(ranked).collect(),
            #[cfg(feature = "pixels")]
            pixels: None,
        }
    };
    items.map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use prepare::Bounds;

    fn reading(probabilities: &[f32], is_sure: bool, quarter_turns: u8) -> Reading {
        let item = ReadItem {
            class: 1,
            probabilities: probabilities.to_vec(),
            is_sure,
            is_known: true,
            bounds: Bounds { top: 1, left: 2, height: 3, width: 4 },
            pixels: Vec::new(),
        };
        Reading { lines: vec![vec![item.clone(), item.clone()], vec![item]], quarter_turns, inverted: true }
    }

    #[test]
    fn lines_are_joined_and_long_names_are_kept_apart() {
        let read = reading(&[0.2, 0.8], false, 0);
        let letters = ["0", "1"].map(String::from);
        let words = ["shirt", "coat"].map(String::from);
        assert_eq!(text(&read, &letters), "11/1");
        assert_eq!(marked_text(&read, &letters, "?"), "1?1?/1?");
        assert_eq!(text(&read, &words), "coat coat/coat");
    }

    #[test]
    fn the_keys_are_those_of_the_documents() {
        let classes = ["0", "1"].map(String::from);
        let answer = Answer::new(&reading(&[0.25, 0.75], true, 3), &classes, [9, 8], vec!["a".into()], 2);
        let json = serde_json::to_value(&answer).unwrap();
        let expected = serde_json::json!({"class": 1, "label": "1", "probability": 0.75, "is_sure": true,
            "line": 1, "box": [2, 1, 4, 3], "top": [
            {"class": 1, "label": "1", "probability": 0.75}, {"class": 0, "label": "0", "probability": 0.25}]});
        assert_eq!(json["items"][2], expected);
        assert_eq!(json["notes"], serde_json::json!(["a", "read after a quarter turn counterclockwise"]));
        assert_eq!((&json["width"], &json["height"], &json["error"]), (&8.into(), &9.into(), &().into()));
        assert_eq!((&json["status"], &json["inverted"]), (&"read".into(), &true.into()));
    }

    #[cfg(feature = "pixels")]
    #[test]
    fn pixels_stand_beside_their_items() {
        let mut read = reading(&[0.25, 0.75], true, 0);
        read.lines.iter_mut().flatten().zip([7, 8, 9]).for_each(|(item, pixel)| item.pixels = vec![pixel; 3]);
        let answer = Answer::new(&read, &["0", "1"].map(String::from), [9, 8], Vec::new(), 2);
        assert_eq!(answer.items[0].pixels, None);
        let pixels = answer.with_pixels(&read).items.into_iter().filter_map(|item| item.pixels);
        assert_eq!(pixels.collect::<Vec<_>>(), ["BwcH", "CAgI", "CQkJ"]);
    }

    #[test]
    fn an_image_without_anything_known_has_no_items_and_says_why() {
        let mut unknown = reading(&[0.5, 0.5], false, 0);
        unknown.lines.iter_mut().flatten().for_each(|item| item.is_known = false);
        let answer = Answer::new(&unknown, &["0", "1"].map(String::from), [1, 1], Vec::new(), 2);
        assert_eq!((answer.status, answer.text.as_str(), answer.items.len()), ("no-digit", "", 0));
        assert_eq!(nothing(&unknown), Some("nothing known"));
        assert_eq!(nothing(&Reading::default()), Some("nothing to read"));
    }
}
