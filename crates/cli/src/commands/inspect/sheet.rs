//! Draws the PNG file of `inspect --output`: all feature maps of all units, and the evidence for all classes.

use super::field::{ColorScale, Field};
use super::inspection::{FeatureMaps, Inspection};
use super::network_tables;
use crate::ui::canvas::Canvas;
use crate::ui::names::{self, fitted};
use crate::ui::tiles::GLYPH;

const MARGIN: usize = 16;
/// Room for 80 characters, for five images with evidence, or for ten feature maps.
const WIDTH: usize = 80 * GLYPH + 2 * MARGIN;
/// From one line of text to the next.
const LINE: usize = 12;
/// Pixels of the file for a pixel of the image: of the large one, and of those with evidence.
const LARGE: usize = 8;
const MEDIUM: usize = 4;
/// An image is never drawn wider than this many pixels, so that there is room beside it.
const WIDEST: usize = 256;
/// At most this many classes have a bar and an image with evidence.
const MOST_CLASSES: usize = 20;
/// The most characters for the name of a class beside a bar.
const LONGEST_NAME: usize = 24;
/// Approximate side of a feature map, and the gap between two.
const MAP: usize = 56;
const MAP_GAP: usize = 8;
/// At most this many feature maps of a unit are drawn, because nobody looks at more.
const MOST_MAPS: usize = 1024;
const BAR: [u8; 3] = [0x43, 0x93, 0xc3];

pub(super) fn draw(inspection: &Inspection<'_>) -> Canvas {
    let mut canvas = Canvas::new(WIDTH);
    canvas.text([MARGIN, MARGIN], &inspection.headline(), 1);
    canvas.text([MARGIN + LINE, MARGIN], &inspection.model, 1);
    class_rows(&mut canvas, inspection);
    evidence(&mut canvas, inspection);
    for maps in &inspection.units {
        unit(&mut canvas, maps);
    }
    lines(&mut canvas, &network_tables::render(&inspection.network));
    canvas.grow(canvas.height() + MARGIN);
    canvas
}

/// Draws a field; each number is `zoom` pixels wide and high.
fn paint(canvas: &mut Canvas, place: [usize; 2], field: &Field<'_>, zoom: usize) {
    canvas.squares(place, [field.height, field.width], zoom, |y, x| field.color(y, x));
}

/// Writes lines of text below everything that is drawn so far, after a gap.
fn lines(canvas: &mut Canvas, text: &str) {
    let top = canvas.height() + MARGIN;
    for (i, line) in text.lines().enumerate() {
        canvas.text([top + i * LINE, MARGIN], line, 1);
        canvas.grow(top + (i + 1) * LINE);
    }
}

/// Draws the image, and beside it a bar for each class, or for the most probable of many.
fn class_rows(canvas: &mut Canvas, inspection: &Inspection<'_>) {
    let top = canvas.height() + MARGIN;
    let values: Vec<f32> = inspection.image.iter().map(|&pixel| f32::from(pixel)).collect();
    let image = Field {
        values: &values,
        ink: None,
        ..inspection.evidence(0, ColorScale { greatest: 255.0, is_signed: false })
    };
    let zoom = zoom(LARGE, inspection.width);
    paint(canvas, [top, MARGIN], &image, zoom);
    let left = 2 * MARGIN + inspection.width * zoom;
    let mut shown: Vec<usize> = (0..inspection.classes.len()).collect();
    if shown.len() > MOST_CLASSES {
        shown = inspection.ranking.iter().copied().take(MOST_CLASSES).collect();
    }
    let names = names::column(shown.iter().map(|&class| inspection.classes[class].as_str()), 0, LONGEST_NAME);
    let step = (inspection.height * zoom / shown.len().max(1)).max(LINE);
    for (row, class) in shown.into_iter().enumerate() {
        let place = top + row * step;
        let name = fitted(&inspection.classes[class], names);
        let text = format!("{name:<names$}{:>10}", inspection.percent(class));
        canvas.text([place, left], &text, 1);
        let from = left + (text.chars().count() + 1) * GLYPH;
        let longest = WIDTH.saturating_sub(from + MARGIN);
        let width = (inspection.probabilities[class] * longest as f64).round() as usize;
        canvas.fill([place, from], [GLYPH, width], BAR);
    }
}

/// The zoom for an image of this width: the usual one, or a smaller one for a wide image.
fn zoom(usual: usize, width: usize) -> usize {
    usual.min(WIDEST / width.max(1)).max(1)
}

fn evidence(canvas: &mut Canvas, inspection: &Inspection<'_>) {
    let mut classes: Vec<usize> = (0..inspection.classes.len()).collect();
    if classes.len() > MOST_CLASSES {
        classes = inspection.ranking.iter().copied().take(MOST_CLASSES).collect();
    }
    let scale = inspection.evidence_scale(&classes);
    lines(canvas, &format!("{}\n{}", inspection.evidence_heading(), scale.legend(true)));
    let fields: Vec<Field<'_>> = classes
        .into_iter()
        .map(|class| Field {
            caption: format!(
                "{}\n{}\n{}",
                inspection.classes[class],
                inspection.percent(class),
                inspection.role(class)
            ),
            ..inspection.evidence(class, scale)
        })
        .collect();
    grid(canvas, &fields, zoom(MEDIUM, inspection.width), MARGIN);
}

fn unit(canvas: &mut Canvas, maps: &FeatureMaps) {
    let scale = ColorScale::of(&maps.values);
    let mut channels = maps.by_variance();
    channels.truncate(MOST_MAPS);
    channels.sort_unstable();
    let which = if channels.len() < maps.channels {
        format!(", the {MOST_MAPS} that vary most")
    } else {
        String::new()
    };
    let &FeatureMaps { ref name, channels: count, height, width, .. } = maps;
    lines(
        canvas,
        &format!("{name}: {count} feature maps of {height}x{width}{which}\n{}", scale.legend(true)),
    );
    let fields: Vec<Field<'_>> = channels
        .into_iter()
        .map(|channel| Field { caption: format!("#{channel}"), ..maps.field(channel, scale) })
        .collect();
    grid(canvas, &fields, (MAP / width.max(1)).max(1), MAP_GAP);
}

/// Draws fields of one size in rows, each above the lines of its caption.
fn grid(canvas: &mut Canvas, fields: &[Field<'_>], zoom: usize, gap: usize) {
    let Some(first) = fields.first() else { return };
    let cell = first.width * zoom + gap;
    let per_row = ((WIDTH - 2 * MARGIN + gap) / cell).max(1);
    let caption = fields.iter().map(|field| field.caption.lines().count()).max().unwrap_or(0) * LINE;
    let start = canvas.height();
    for (i, field) in fields.iter().enumerate() {
        let top = start + i / per_row * (first.height * zoom + caption + gap);
        let left = MARGIN + i % per_row * cell;
        paint(canvas, [top, left], field, zoom);
        for (line, text) in field.caption.lines().enumerate() {
            let fitting: String = text.chars().take(cell / GLYPH).collect();
            canvas.text([top + field.height * zoom + 3 + line * LINE, left], &fitting, 1);
        }
        canvas.grow(top + field.height * zoom + caption);
    }
}
