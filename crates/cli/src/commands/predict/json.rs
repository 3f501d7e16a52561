//! A line of JSON for each image. docs/formats.md has its keys.

use network::answer;
use serde::Serialize;

use super::answer::{Answer, Outcome};

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(flatten)]
    answer: answer::Answer,
}

/// The line of an image, with the `top` likeliest classes of each item if they are more than one.
pub(super) fn line(answer: &Answer, classes: &[String], top: usize) -> anyhow::Result<String> {
    let line = Line {
        file: &answer.name,
        answer: match &answer.outcome {
            Outcome::Read(image) => {
                let sizes = [image.height, image.width];
                answer::Answer::new(&image.reading, classes, sizes, image.storage_notes(), top)
            }
            Outcome::Unreadable(error) => answer::Answer::unreadable(Some(error.clone())),
            Outcome::PassedOver => answer::Answer::unreadable(None),
        },
    };
    Ok(serde_json::to_string(&line)? + "\n")
}
