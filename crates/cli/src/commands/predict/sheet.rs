//! Draws the file of `--output`: small copies of the images with a box and the answer at each digit.

use std::path::Path;

use network::reading::ReadItem;

use super::answer::{Answer, Outcome, ReadImage, Thumbnail};
use crate::ui::canvas::{Canvas, Rgb};
use crate::ui::tiles::{GLYPH, square};

/// The most images of a sheet, because a larger one could not be looked at.
const MOST_IMAGES: usize = 400;
/// The side of the square that each image gets, in pixels.
const CELL: usize = 224;
const MARGIN: usize = 12;
/// Room above an image for the answers to what stands at its top, and below it for two lines of text.
const ABOVE: usize = GLYPH + 4;
const BELOW: usize = 2 * (GLYPH + 4);
const SURE: Rgb = [0x43, 0x93, 0xc3];
const NOT_SURE: Rgb = [0xf4, 0xa5, 0x82];

/// The images of a sheet, in their order.
#[derive(Default)]
pub(super) struct Sheet {
    cells: Vec<Cell>,
}

struct Cell {
    name: String,
    said: String,
    image: Option<Drawing>,
}

/// An image at the size at which it is drawn.
struct Drawing {
    height: usize,
    width: usize,
    pixels: Vec<u8>,
    boxes: Vec<Labelled>,
}

/// A box in pixels of the drawing.
struct Labelled {
    place: [usize; 2],
    size: [usize; 2],
    text: String,
    color: Rgb,
}

impl Sheet {
    /// Adds an answer, unless the sheet is full.
    pub(super) fn add(&mut self, answer: &Answer, classes: &[String]) {
        if self.cells.len() == MOST_IMAGES {
            return;
        }
        let (said, image) = match &answer.outcome {
            Outcome::Read(image) => {
                let read = || image.marked_text(classes, "?");
                (image.nothing().map_or_else(read, str::to_owned), drawing(image, classes))
            }
            Outcome::Unreadable(error) => (format!("unreadable: {error}"), None),
            Outcome::PassedOver => return,
        };
        self.cells.push(Cell { name: answer.name.clone(), said, image });
    }

    /// Writes the sheet, and returns how many images it has.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<usize> {
        let columns = square(self.cells.len());
        let [high, wide] = [ABOVE + CELL + BELOW + MARGIN, CELL + MARGIN];
        let mut canvas = Canvas::new(columns * wide + MARGIN);
        canvas.grow(self.cells.len().div_ceil(columns) * high + MARGIN);
        for (i, cell) in self.cells.iter().enumerate() {
            let [top, left] = [i / columns * high + MARGIN + ABOVE, i % columns * wide + MARGIN];
            if let Some(image) = &cell.image {
                image.draw(&mut canvas, [top + (CELL - image.height) / 2, left + (CELL - image.width) / 2]);
            }
            for (line, text) in [&cell.name, &cell.said].into_iter().enumerate() {
                let text: String = end(text, CELL / GLYPH, line == 0);
                canvas.text([top + CELL + 4 + line * (GLYPH + 4), left], &text, 1);
            }
        }
        canvas.write(path)?;
        Ok(self.cells.len())
    }
}

/// At most so many characters: the end of a name, the beginning of an answer.
fn end(text: &str, longest: usize, keeps_end: bool) -> String {
    let skipped = if keeps_end { text.chars().count().saturating_sub(longest) } else { 0 };
    text.chars().skip(skipped).take(longest).collect()
}

/// The image as large as its cell allows: made smaller by a whole number, or larger by one.
fn drawing(image: &ReadImage, classes: &[String]) -> Option<Drawing> {
    let Thumbnail { image: copy, reduced_by } = image.thumbnail.as_ref()?;
    let longest = copy.height().max(copy.width());
    let smaller = longest.div_ceil(CELL);
    let larger = (CELL / longest).max(1);
    let copy = copy.clone().reduced(smaller);
    let [height, width] = [copy.height(), copy.width()].map(|side| side * larger);
    let pixels = (0..height).flat_map(|y| {
        let row = &copy.pixels()[y / larger * copy.width()..][..copy.width()];
        row.iter().flat_map(move |pixel| std::iter::repeat_n(*pixel, larger))
    });
    let scale = |length: usize| length * larger / (smaller * reduced_by);
    // What is not known has no name, so it gets no box.
    let known = image.reading.items().filter(|_| image.nothing().is_none());
    let boxes = known.map(|item: &ReadItem| {
        let [bottom, right] = [item.bounds.bottom(), item.bounds.right()].map(scale);
        let place = [scale(item.bounds.top).min(height - 1), scale(item.bounds.left).min(width - 1)];
        let name = classes.get(item.class).map_or("", String::as_str);
        Labelled {
            place,
            size: [
                bottom.clamp(place[0] + 1, height) - place[0],
                right.clamp(place[1] + 1, width) - place[1],
            ],
            text: name.to_owned(),
            color: if item.is_sure { SURE } else { NOT_SURE },
        }
    });
    let boxes = boxes.collect();
    Some(Drawing { height, width, pixels: pixels.collect(), boxes })
}

impl Drawing {
    fn draw(&self, canvas: &mut Canvas, [top, left]: [usize; 2]) {
        canvas
            .squares([top, left], [self.height, self.width], 1, |y, x| [self.pixels[y * self.width + x]; 3]);
        for Labelled { place: [y, x], size, text, color } in &self.boxes {
            canvas.frame([top + y, left + x], *size, 1, *color);
            // On a ground of its own, so that it can be read over light and dark. It may stand above the image.
            let above = [(top + y).saturating_sub(ABOVE), left + x];
            canvas.fill(above, [ABOVE, text.chars().count() * GLYPH + 4], [40; 3]);
            canvas.text([above[0] + 2, above[1] + 2], text, 1);
        }
    }
}
