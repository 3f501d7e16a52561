//! Draws an image in colour that grows downwards, and writes it as a PNG file.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use crate::ui::tiles::ink;

/// Red, green, blue.
pub(crate) type Rgb = [u8; 3];

/// The colours of `show`'s PNG files.
const BACKGROUND: Rgb = [40; 3];
const TEXT: Rgb = [230; 3];

/// Rows of pixels. Pixels beyond the right border are dropped.
pub(crate) struct Canvas {
    width: usize,
    pixels: Vec<Rgb>,
}

impl Canvas {
    pub(crate) fn new(width: usize) -> Self {
        Self { width, pixels: Vec::new() }
    }

    pub(crate) fn height(&self) -> usize {
        self.pixels.len() / self.width.max(1)
    }

    /// Makes the canvas at least this high.
    pub(crate) fn grow(&mut self, height: usize) {
        if height > self.height() {
            self.pixels.resize(height * self.width, BACKGROUND);
        }
    }

    /// Fills a rectangle.
    pub(crate) fn fill(&mut self, [top, left]: [usize; 2], [height, width]: [usize; 2], color: Rgb) {
        self.grow(top + height);
        let right = (left + width).min(self.width);
        for y in top..top + height {
            for x in left..right {
                self.pixels[y * self.width + x] = color;
            }
        }
    }

    /// Writes a line in the 8x8 font, each of its pixels `zoom` wide and high.
    pub(crate) fn text(&mut self, [top, left]: [usize; 2], text: &str, zoom: usize) {
        for [y, x] in ink(text.chars()) {
            self.fill([top + y * zoom, left + x * zoom], [zoom; 2], TEXT);
        }
    }

    /// Draws `[height, width]` squares, each `zoom` wide and high, in the colours of their row and column.
    pub(crate) fn squares(
        &mut self,
        [top, left]: [usize; 2],
        [height, width]: [usize; 2],
        zoom: usize,
        color: impl Fn(usize, usize) -> Rgb,
    ) {
        for y in 0..height {
            for x in 0..width {
                self.fill([top + y * zoom, left + x * zoom], [zoom; 2], color(y, x));
            }
        }
    }

    /// Draws the border of a rectangle, inside of it.
    pub(crate) fn frame(
        &mut self,
        [top, left]: [usize; 2],
        [height, width]: [usize; 2],
        line: usize,
        color: Rgb,
    ) {
        let [high, wide] = [line.min(height), line.min(width)];
        self.fill([top, left], [high, width], color);
        self.fill([top + height - high, left], [high, width], color);
        self.fill([top, left], [height, wide], color);
        self.fill([top, left + width - wide], [height, wide], color);
    }

    /// Writes the image as a PNG file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let file = BufWriter::new(File::create(path)?);
        let mut encoder = png::Encoder::new(file, u32::try_from(self.width)?, u32::try_from(self.height())?);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(self.pixels.as_flattened())?;
        // Dropping the writer instead would hide the error of a full disk.
        Ok(writer.finish()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canvas_grows_and_keeps_to_its_width() {
        let mut canvas = Canvas::new(4);
        canvas.fill([1, 3], [2, 5], [1, 2, 3]);
        assert_eq!(canvas.height(), 3);
        assert_eq!(canvas.pixels.iter().filter(|pixel| **pixel == [1, 2, 3]).count(), 2);
        assert_eq!((canvas.pixels[3], canvas.pixels[7]), (BACKGROUND, [1, 2, 3]));
    }

    #[test]
    fn a_frame_is_drawn_inside_its_rectangle() {
        let mut canvas = Canvas::new(5);
        canvas.frame([1, 0], [4, 5], 1, [1, 2, 3]);
        let drawn = canvas.pixels.iter().filter(|pixel| **pixel == [1, 2, 3]).count();
        assert_eq!((canvas.height(), drawn), (5, 2 * 5 + 2 * 2));
    }

    #[test]
    fn text_is_eight_pixels_a_character() {
        let mut canvas = Canvas::new(32);
        canvas.text([0, 0], "||", 2);
        assert!(canvas.height() <= 16);
        let columns = |from: usize| {
            let is_ink = |(i, pixel): (usize, &Rgb)| {
                (i % 32 >= from && i % 32 < from + 16 && *pixel == TEXT).then(|| i - from)
            };
            canvas.pixels.iter().enumerate().filter_map(is_ink).collect::<Vec<_>>()
        };
        assert!(!columns(0).is_empty());
        assert_eq!(columns(0), columns(16));
    }
}
