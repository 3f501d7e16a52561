//! Draws images with half-blocks for a terminal, and as a grey grid for a PNG file.

use std::fmt::Write;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use font8x8::{BASIC_FONTS, UnicodeFonts};

/// A grey image with its caption.
pub(crate) struct Tile<'a> {
    pub(crate) pixels: &'a [u8],
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) caption: String,
}

impl Tile<'_> {
    /// The pixel at this place, or 0 (background) below the last row of an image of odd height.
    fn pixel(&self, y: usize, x: usize) -> u8 {
        self.pixels.get(y * self.width + x).copied().unwrap_or(0)
    }
}

/// Pixels `[height, width]` made smaller by a whole factor, each the mean of those that it takes the place of. Returns
/// them with their height and width.
pub(crate) fn shrunk(pixels: &[u8], [height, width]: [usize; 2], factor: usize) -> (Vec<u8>, [usize; 2]) {
    let size = [height.div_ceil(factor), width.div_ceil(factor)];
    let mean = |place: usize| {
        let [top, left] = [place / size[1] * factor, place % size[1] * factor];
        let rows = top..(top + factor).min(height);
        let columns = left..(left + factor).min(width);
        let sum: usize = rows
            .clone()
            .map(|y| {
                pixels[y * width..][columns.clone()].iter().map(|&pixel| usize::from(pixel)).sum::<usize>()
            })
            .sum();
        (sum / (rows.len() * columns.len())) as u8
    };
    ((0..size[0] * size[1]).map(mean).collect(), size)
}

/// Something that can be drawn in character cells, each one pixel wide and two pixels high.
pub(crate) trait Drawable {
    fn height(&self) -> usize;
    fn width(&self) -> usize;
    fn caption(&self) -> &str;
    /// One line of cells, as wide as the tile, with or without colours.
    fn line(&self, cell: usize, colors: bool) -> String;
}

impl Drawable for Tile<'_> {
    fn height(&self) -> usize {
        self.height
    }

    fn width(&self) -> usize {
        self.width
    }

    fn caption(&self) -> &str {
        &self.caption
    }

    fn line(&self, cell: usize, colors: bool) -> String {
        line(self, cell, colors)
    }
}

/// Columns between two tiles.
pub(crate) const GAP: usize = 2;

/// Draws tiles in rows of `per_row`, each under its caption.
///
/// A character cell shows two pixels, one above the other. With `shades` each pixel is one of a
/// terminal's 24 greys. Without, it is either filled or blank, in characters that need no colour.
pub(crate) fn draw(tiles: &[impl Drawable], per_row: usize, shades: bool) -> String {
    let mut text = String::new();
    for row in tiles.chunks(per_row) {
        for (i, tile) in row.iter().enumerate() {
            let caption: String = tile.caption().chars().take(tile.width()).collect();
            let is_last = i + 1 == row.len();
            // Writing to a string cannot fail.
            let _ = if is_last {
                writeln!(text, "{caption}")
            } else {
                write!(text, "{caption:<0$}", tile.width() + GAP)
            };
        }
        let cells = row.iter().map(|tile| tile.height().div_ceil(2)).max().unwrap_or(0);
        for cell in 0..cells {
            let lines: Vec<String> = row.iter().map(|tile| tile.line(cell, shades)).collect();
            text += lines.join(&" ".repeat(GAP)).trim_end();
            text.push('\n');
        }
    }
    text
}

fn line(tile: &Tile<'_>, cell: usize, shades: bool) -> String {
    let mut line = String::new();
    for x in 0..tile.width {
        let [upper, lower] = [tile.pixel(2 * cell, x), tile.pixel(2 * cell + 1, x)];
        if shades {
            let _ = write!(line, "\x1b[38;5;{};48;5;{}m▀", grey(upper), grey(lower));
        } else {
            line.push(match (upper >= 96, lower >= 96) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
    }
    if shades {
        line += "\x1b[0m";
    }
    line
}

/// The nearest of the 24 greys (232 to 255) of a terminal with 256 colours.
fn grey(pixel: u8) -> u32 {
    232 + u32::from(pixel) * 23 / 255
}

/// A grey image, row by row.
pub(crate) struct Grid {
    pub(crate) pixels: Vec<u8>,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

/// Writes a grey image as a PNG file.
pub(crate) fn write_png(path: &Path, image: &Grid) -> anyhow::Result<()> {
    let file = BufWriter::new(File::create(path)?);
    let mut encoder = png::Encoder::new(file, u32::try_from(image.width)?, u32::try_from(image.height)?);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&image.pixels)?;
    // Dropping the writer instead would hide the error of a full disk.
    Ok(writer.finish()?)
}

/// Pixels of the file for each pixel of a tile.
const ZOOM: usize = 4;
const MARGIN: usize = 6;
/// Height and width of a character, in pixels of the file.
pub(crate) const GLYPH: usize = 8;

/// The number of columns that makes a grid of `n` tiles nearly square.
pub(crate) fn square(n: usize) -> usize {
    (n as f64).sqrt().ceil().max(1.0) as usize
}

/// Lays enlarged tiles out in columns, each above its caption in an 8x8 pixel font.
pub(crate) fn grid(tiles: &[Tile<'_>], columns: usize) -> Grid {
    let cell_width = tiles.iter().map(|p| p.width).max().unwrap_or(0) * ZOOM + MARGIN;
    let cell_height = tiles.iter().map(|p| p.height).max().unwrap_or(0) * ZOOM + GLYPH + 2 * MARGIN;
    let mut grid = Grid {
        pixels: Vec::new(),
        height: tiles.len().div_ceil(columns) * cell_height + MARGIN,
        width: columns * cell_width + MARGIN,
    };
    grid.pixels = vec![40; grid.height * grid.width];
    for (i, tile) in tiles.iter().enumerate() {
        let [top, left] = [i / columns * cell_height + MARGIN, i % columns * cell_width + MARGIN];
        for y in 0..tile.height * ZOOM {
            for x in 0..tile.width * ZOOM {
                grid.pixels[(top + y) * grid.width + left + x] = tile.pixel(y / ZOOM, x / ZOOM);
            }
        }
        grid.write(&tile.caption, top + tile.height * ZOOM + 3, left, (cell_width - MARGIN) / GLYPH);
    }
    grid
}

impl Grid {
    fn write(&mut self, text: &str, top: usize, left: usize, longest: usize) {
        for [y, x] in ink(text.chars().take(longest)) {
            self.pixels[(top + y) * self.width + left + x] = 230;
        }
    }
}

/// Row and column of each pixel of a line of text in the 8x8 font.
pub(crate) fn ink(text: impl Iterator<Item = char>) -> impl Iterator<Item = [usize; 2]> {
    text.enumerate().flat_map(|(i, character)| {
        // Characters that the font lacks leave a gap.
        let glyph = BASIC_FONTS.get(character).unwrap_or_default();
        let is_ink = move |[y, x]: &[usize; 2]| glyph[*y] >> *x & 1 == 1;
        let pixels = (0..GLYPH * GLYPH).map(|pixel| [pixel / GLYPH, pixel % GLYPH]);
        pixels.filter(is_ink).map(move |[y, x]| [y, i * GLYPH + x])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(pixels: &[u8]) -> Tile<'_> {
        Tile { pixels, height: 3, width: 2, caption: "7".into() }
    }

    #[test]
    fn two_pixels_make_a_character() {
        let text = draw(&[tile(&[255, 0, 0, 255, 255, 255])], 4, false);
        assert_eq!(text, "7\n▀▄\n▀▀\n");
    }

    #[test]
    fn a_smaller_image_has_the_means_of_its_pixels() {
        let (pixels, size) = shrunk(&[0, 10, 50, 20, 30, 70, 4, 8, 9], [3, 3], 2);
        assert_eq!((pixels, size), (vec![15, 60, 6, 9], [2, 2]));
        assert_eq!(shrunk(&[1, 2], [1, 2], 1), (vec![1, 2], [1, 2]));
    }

    #[test]
    fn tiles_stand_side_by_side() {
        let white = [255; 6];
        let text = draw(&[tile(&white), tile(&white), tile(&white)], 2, false);
        assert_eq!(text, "7   7\n██  ██\n▀▀  ▀▀\n7\n██\n▀▀\n");
    }

    #[test]
    fn the_grid_holds_each_tile_and_its_caption() {
        let white = [255; 6];
        let grid = grid(&[tile(&white), tile(&white), tile(&white)], square(3));
        assert_eq!(grid.pixels.len(), grid.height * grid.width);
        assert_eq!(grid.pixels.iter().filter(|p| **p == 255).count(), 3 * 6 * ZOOM * ZOOM);
    }
}
