//! The answers for people: a line an image, and below it what was asked for.

use std::io::{self, IsTerminal};

use network::reading::{ReadItem, Status};

use super::answer::{Answer, Outcome, ReadImage};
use super::inputs::Input;
use crate::ui::screen::Screen;
use crate::ui::tiles::{Tile, draw};

/// The least room for what is read, so that the answers of usual images stand below each other.
const TEXT: usize = 8;
/// The mark behind what is not sure.
const NOT_SURE: &str = "?";

/// How answers are laid out, which is decided before the first one.
pub(super) struct Layout<'a> {
    pub(super) screen: Screen,
    /// The width of the names' column.
    pub(super) names: usize,
    pub(super) classes: &'a [String],
    /// How many classes of each digit are given.
    pub(super) top: usize,
    /// `[height, width]` of the network's input, if it is drawn.
    pub(super) drawn: Option<[usize; 2]>,
}

/// The width of the column that holds the names of all images: in a terminal at most half of it.
pub(super) fn name_column(inputs: &[Input], screen: Screen) -> usize {
    let longest = inputs.iter().map(|input| input.name.chars().count()).max().unwrap_or(0);
    if io::stdout().is_terminal() { longest.min(screen.columns / 2) } else { longest }
}

impl Layout<'_> {
    /// The lines of an answer.
    pub(super) fn lines(&self, answer: &Answer) -> String {
        let name = cut(&answer.name, self.names);
        let image = match &answer.outcome {
            Outcome::Read(image) => image,
            Outcome::Unreadable(error) => return format!("{name:<0$}  unreadable: {error}\n", self.names),
            Outcome::PassedOver => return String::new(),
        };
        let mut notes = image.notes();
        if self.drawn.is_some() && image.reading.inverted {
            notes.push("dark ink, which the network sees light on dark".into());
        }
        let notes = notes.join(", ");
        let notes = if notes.is_empty() { notes } else { format!("  ({notes})") };
        let line = format!("{name:<0$}  {1}{notes}", self.names, self.said(image));
        let mut lines = line.trim_end().to_owned() + "\n";
        if self.top > 1 {
            image.reading.items().for_each(|item| lines += &format!("    {}\n", self.ranking(item)));
        }
        if let Some([height, width]) = self.drawn {
            lines += &self.tiles(image, height, width);
        }
        lines
    }

    /// What was read, and how sure that is.
    fn said(&self, image: &ReadImage) -> String {
        if let Some(nothing) = image.nothing() {
            return nothing.into();
        }
        let items: Vec<&ReadItem> = image.reading.items().collect();
        let least = items.iter().map(|item| item.probability()).fold(1.0, f32::min);
        let sure = format!("{}{}", if items.len() > 1 { "at least " } else { "" }, percent(least));
        let text = image.marked_text(self.classes, NOT_SURE);
        let reserve = if image.reading.status() == Status::NotSure { ", not sure" } else { "" };
        format!("{text:<TEXT$}  {sure}{reserve}")
    }

    /// The likeliest classes of an item.
    fn ranking(&self, item: &ReadItem) -> String {
        let ranked = item.ranking().into_iter().take(self.top).map(|class| {
            let name = self.classes.get(class).map_or("", String::as_str);
            format!("{name} {}", percent(item.probabilities.get(class).copied().unwrap_or(0.0)))
        });
        ranked.collect::<Vec<_>>().join(", ")
    }

    /// What the network saw of each item.
    fn tiles(&self, image: &ReadImage, height: usize, width: usize) -> String {
        let items = image.reading.items().map(|item| {
            let name = self.classes.get(item.class).map_or("", String::as_str);
            let caption = format!("{name} {}", percent(item.probability()));
            Tile { pixels: &item.pixels, height, width, caption }
        });
        let tiles: Vec<Tile<'_>> = items.collect();
        draw(&tiles, self.screen.tiles_in_a_row(width), self.screen.colors)
    }
}

/// A probability in percent. It is 100 only if nothing else is left.
fn percent(probability: f32) -> String {
    let tenths = f64::from(probability) * 1000.0;
    let rounded = if probability < 1.0 { tenths.round().min(999.0) } else { tenths.round() };
    format!("{:.1} %", rounded / 10.0)
}

/// A name of at most so many characters. Its end is kept, because that is where names differ.
fn cut(name: &str, longest: usize) -> String {
    let length = name.chars().count();
    if length <= longest {
        return name.to_owned();
    }
    let end: String = name.chars().skip(length + 1 - longest.max(1)).collect();
    format!("…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_their_end() {
        assert_eq!(
            [cut("photos/7.png", 12), cut("photos/7.png", 6), cut("ä.png", 1)],
            ["photos/7.png", "…7.png", "…"]
        );
    }

    #[test]
    fn a_hundred_percent_is_certain() {
        assert_eq!([1.0, 0.999_99, 0.995_2, 0.0].map(percent), ["100.0 %", "99.9 %", "99.5 %", "0.0 %"]);
    }
}
