//! Finds the ink of an image.

use super::components::HALF;
use super::erase::erase;
use super::ink_levels::Ink;
use super::rules::Rules;
use super::{background, clean, polarity, strokes, threshold};
use crate::{
    GreyImage,
    sample::{self, Plane},
};

/// The longest side of the working resolution, in pixels.
const LARGEST_SIDE: usize = 1280;
/// The longest side of the first look, which decides polarity, width of strokes and working resolution; the working
/// resolution is no smaller.
const FIRST_SIDE: usize = 320;
/// The width of strokes at working resolution, in pixels: more shows no more of a digit of 20 pixels, but more noise.
pub(super) const STROKE: f32 = 8.0;
/// The window in which the paper is looked for is this many times as wide as a stroke: wide enough for strokes that
/// cross or touch, too narrow for most else.
const WINDOW_IN_STROKES: f32 = 4.0;

/// Darker than this, in grey levels, the noise in the paper would grow too much.
const DARKEST_PAPER: f32 = 64.0;

/// Ink apart from paper, whichever of the two is darker; none if there is no ink.
pub fn find_ink(image: &GreyImage) -> Option<Ink> {
    let long = image.height().max(image.width()) as f32;
    let mut first = sample::reduce(image, (long / FIRST_SIDE as f32).max(1.0));
    let first_factor = long / first.height.max(first.width) as f32;
    let is_light = polarity::ink_is_light(&first);
    if is_light {
        first.invert();
    }
    let rules = Rules::find(&darker_than_paper(&first, widest_window(&first)));
    // Strokes too thin to be seen at first are taken for one pixel wide.
    let stroke = first_factor * stroke_width(&first, &rules).unwrap_or(1.0);
    let factor = (stroke / STROKE).min(first_factor).max(long / LARGEST_SIDE as f32).max(1.0);
    let light = if factor < first_factor {
        let mut plane = sample::reduce(image, factor);
        if is_light {
            plane.invert();
        }
        plane
    } else {
        first
    };
    let mut contrast = darker_than_paper(&light, window(stroke / factor).min(widest_window(&light)));
    erase(&mut contrast, &rules.scaled(first_factor / factor));
    let level = threshold::ink(&light, &contrast)?;
    let mut pixels: Vec<u8> = contrast.values.iter().map(|&value| ink_level(value, level)).collect();
    clean::clean(&mut pixels, light.height, light.width);
    pixels.iter().any(|&level| level >= HALF).then(|| Ink {
        height: light.height,
        width: light.width,
        pixels,
        factor: long / light.height.max(light.width) as f32,
        original: [image.height(), image.width()],
        is_light,
        quarter_turns: 0,
    })
}

/// The window in which the paper behind strokes of this width is looked for, in pixels.
fn window(stroke: f32) -> usize {
    ((WINDOW_IN_STROKES * stroke) as usize).max(3)
}

/// The window of the first look: a third of the image, wider than the strokes of a digit that fills it.
fn widest_window(light: &Plane) -> usize {
    (light.height.min(light.width) / 3).max(3)
}

/// How wide the strokes of ink on light paper are, in pixels; none if none are seen.
///
/// The paper is looked for in a wide window first. Then the window shrinks to what the strokes found that way need, so
/// that shadows and cards, wider than strokes, become paper.
fn stroke_width(light: &Plane, rules: &Rules) -> Option<f32> {
    let mut widest = widest_window(light);
    loop {
        let mut contrast = darker_than_paper(light, widest);
        erase(&mut contrast, rules);
        let level = threshold::ink(light, &contrast)?;
        let stroke = writing_width(&contrast, level)?;
        if 4 * window(stroke) > 3 * widest {
            return Some(stroke);
        }
        widest = window(stroke);
    }
}

/// The usual width of strokes in what is ink and no frame, no speck and nothing that reaches in from outside.
fn writing_width(contrast: &Plane, level: f32) -> Option<f32> {
    let mut pixels: Vec<u8> = contrast.values.iter().map(|&value| ink_level(value, level)).collect();
    clean::clean(&mut pixels, contrast.height, contrast.width);
    let stroke = strokes::width(&pixels, contrast.height, contrast.width, |level| level >= HALF);
    (stroke > 0.0).then_some(stroke)
}

/// How much darker than the paper behind it each pixel is, as the share of the paper's lightness that is missing, 0 to
/// 255, less what is usual for the paper. Paper's noise lies around 0. Ink takes the same share in light and in shade.
fn darker_than_paper(light: &Plane, window: usize) -> Plane {
    let paper = background::behind_dark(&light.smooth(), window);
    let missing = |(paper, value): (&f32, &f32)| (paper - value) * 255.0 / paper.max(DARKEST_PAPER);
    let mut contrast =
        Plane { values: paper.values.iter().zip(&light.values).map(missing).collect(), ..*light };
    let usual = threshold::middle(&mut contrast.values.clone());
    contrast.values.iter_mut().for_each(|value| *value -= usual);
    contrast
}

/// The level of ink at a contrast: [`HALF`] at the threshold, full at twice as much, nothing at a third as much.
fn ink_level(contrast: f32, threshold: f32) -> u8 {
    let level = 127.5 * contrast / threshold;
    if level < 42.0 { 0 } else { level.round().min(255.0) as u8 }
}
