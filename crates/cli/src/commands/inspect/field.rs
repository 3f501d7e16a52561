//! Draws numbers over an image's area (a feature map, or a class's evidence) in character cells.

use std::fmt::Write;

use super::color::{diverging, grey, mix, terminal};
use crate::ui::canvas::Rgb;
use crate::ui::tiles::Drawable;

/// Without colours: amounts and evidence for, from nothing to the greatest value.
const MORE: [char; 5] = [' ', '░', '▒', '▓', '█'];
/// Without colours: evidence against, from nothing to the least value.
const LESS: [char; 5] = [' ', '·', '-', '=', '≡'];

/// How much the image's ink darkens the colours that are drawn over it.
const INK: f32 = 0.3;

/// Numbers `[height, width]`, and how they are drawn.
pub(crate) struct Field<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) scale: ColorScale,
    /// How many pixels wide and high a number is drawn in the terminal. A character cell is one pixel wide
    /// and two pixels high.
    pub(crate) zoom: usize,
    /// The image `[height, width]` under the colours, which darkens them.
    pub(crate) ink: Option<&'a [u8]>,
    pub(crate) caption: String,
}

/// The value that gets the strongest colour. Fields that are to be compared share a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ColorScale {
    /// The greatest absolute value.
    pub(crate) greatest: f32,
    /// Whether any value is negative. Then the colours are red and blue, else grey.
    pub(crate) is_signed: bool,
}

impl ColorScale {
    pub(crate) fn of(values: &[f32]) -> Self {
        Self {
            // `max` ignores NaN.
            greatest: values.iter().fold(0.0, |greatest, value| value.abs().max(greatest)),
            is_signed: values.iter().any(|&value| value < 0.0),
        }
    }

    fn level(self, value: f32) -> f32 {
        if self.greatest > 0.0 { value / self.greatest } else { 0.0 }
    }

    /// Explains the colours, in ASCII, or the characters that stand for them without colours.
    pub(crate) fn legend(self, colors: bool) -> String {
        let greatest = amount(self.greatest);
        match (colors, self.is_signed) {
            (true, false) => format!("black is 0, white {greatest}"),
            (true, true) => format!("red is {greatest}, white 0, blue -{greatest}"),
            (false, false) => format!("{} is up to {greatest}", MORE[1..].iter().collect::<String>()),
            (false, true) => {
                let [more, less] = [MORE, LESS].map(|ramp| ramp[1..].iter().collect::<String>());
                format!("{more} is up to {greatest}, {less} down to -{greatest}")
            }
        }
    }
}

/// A number in few characters.
pub(crate) fn amount(value: f32) -> String {
    if value == 0.0 {
        "0".into()
    } else if value.abs() < 0.001 {
        format!("{value:.1e}")
    } else {
        format!("{value:.2}")
    }
}

impl Field<'_> {
    /// A number as a share of the greatest, from -1 to 1; 0 below the last row of an odd height.
    fn level(&self, y: usize, x: usize) -> f32 {
        let position = (y / self.zoom) * self.width + x / self.zoom;
        self.values.get(position).map_or(0.0, |&value| self.scale.level(value))
    }

    /// The colour of the number in this row and column.
    pub(crate) fn color(&self, y: usize, x: usize) -> Rgb {
        let position = y * self.width + x;
        let Some(&value) = self.values.get(position) else { return [0; 3] };
        let level = self.scale.level(value);
        let color = if self.scale.is_signed { diverging(level) } else { grey(level) };
        let ink = self.ink.and_then(|ink| ink.get(position)).map_or(0.0, |&ink| f32::from(ink) / 255.0);
        mix(color, [0; 3], INK * ink)
    }
}

impl Drawable for Field<'_> {
    fn height(&self) -> usize {
        self.height * self.zoom
    }

    fn width(&self) -> usize {
        self.width * self.zoom
    }

    fn caption(&self) -> &str {
        &self.caption
    }

    fn line(&self, cell: usize, colors: bool) -> String {
        let mut line = String::new();
        for x in 0..self.width * self.zoom {
            if colors {
                let [upper, lower] =
                    [2 * cell, 2 * cell + 1].map(|y| terminal(self.color(y / self.zoom, x / self.zoom)));
                // Writing to a string cannot fail.
                let _ = write!(line, "\x1b[38;5;{upper};48;5;{lower}m▀");
            } else {
                line.push(character((self.level(2 * cell, x) + self.level(2 * cell + 1, x)) / 2.0));
            }
        }
        if colors {
            line += "\x1b[0m";
        }
        line
    }
}

/// A level from -1 to 1 as one of nine characters.
fn character(level: f32) -> char {
    let ramp = if level < 0.0 { LESS } else { MORE };
    ramp[((level.abs() * 4.0).round() as usize).min(4)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::tiles::draw;

    fn field(values: &[f32], zoom: usize) -> Field<'_> {
        let scale = ColorScale::of(values);
        Field { values, height: values.len() / 2, width: 2, scale, zoom, ink: None, caption: "9".into() }
    }

    #[test]
    fn without_colours_two_rows_share_a_character() {
        let values = [4.0, -4.0, 4.0, -4.0, 1.0, -1.0, 3.0, -3.0, 2.0, 0.0];
        assert_eq!(draw(&[field(&values, 1)], 1, false), "9\n█≡\n▒-\n░\n");
        assert_eq!(draw(&[field(&[1.0, 0.5], 2)], 1, false), "9\n██▒▒\n");
    }

    #[test]
    fn with_colours_signed_values_are_red_and_blue_and_others_grey() {
        let text = draw(&[field(&[1.0, -1.0], 1)], 1, true);
        assert_eq!(text, "9\n\x1b[38;5;124;48;5;16m▀\x1b[38;5;25;48;5;16m▀\x1b[0m\n");
        let text = draw(&[field(&[1.0, 0.0, 0.5, 0.5], 1)], 1, true);
        assert_eq!(text, "9\n\x1b[38;5;231;48;5;244m▀\x1b[38;5;16;48;5;244m▀\x1b[0m\n");
    }

    #[test]
    fn the_image_darkens_the_colours() {
        let values = [1.0, 1.0, -1.0, 0.0];
        let [plain, inked] =
            [None, Some([255, 0, 0, 0].as_slice())].map(|ink| Field { ink, ..field(&values, 1) });
        assert!((0..3).all(|i| inked.color(0, 0)[i] < plain.color(0, 0)[i]));
        assert_eq!(inked.color(0, 1), plain.color(0, 1));
    }

    #[test]
    fn zeros_nan_and_infinity_are_drawn_too() {
        for values in [[0.0, 0.0], [f32::NAN, f32::NAN], [f32::INFINITY, 1.0]] {
            for colors in [false, true] {
                assert_eq!(draw(&[field(&values, 1)], 1, colors).lines().count(), 2);
            }
        }
        assert_eq!([amount(0.0), amount(12.345), amount(2.5e-7)], ["0", "12.35", "2.5e-7"]);
    }
}
