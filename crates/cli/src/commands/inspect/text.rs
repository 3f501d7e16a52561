//! Draws what `inspect` shows in the terminal: probabilities, the feature maps that vary most, the evidence.

use super::field::{ColorScale, Field};
use super::inspection::{FeatureMaps, Inspection};
use crate::ui::names::{self, fitted};
use crate::ui::screen::Screen;
use crate::ui::tiles::{GAP, Tile, draw};

/// Feature maps narrower than this are enlarged.
const NARROW: usize = 14;
/// The most classes that get a line, and the most columns for the name of one.
const MOST_CLASSES: usize = 20;
const LONGEST_NAME: usize = 24;
/// Greatest width of the probabilities' bars, in columns.
const BAR: usize = 30;

pub(super) fn render(inspection: &Inspection<'_>, screen: &Screen) -> String {
    let mut text = format!("{}\n({})\n", inspection.headline(), inspection.model);
    text += &beside(&image(inspection, screen), inspection.width, &probabilities(inspection, screen));
    for maps in &inspection.units {
        text += &unit(maps, screen);
    }
    text += &evidence(inspection, screen);
    text
}

fn image(inspection: &Inspection<'_>, screen: &Screen) -> String {
    let &Inspection { image: pixels, height, width, .. } = inspection;
    draw(&[Tile { pixels, height, width, caption: String::new() }], 1, screen.colors)
}

/// A line for each class, or for the most probable of many: logit, probability, a bar.
fn probabilities(inspection: &Inspection<'_>, screen: &Screen) -> String {
    let names = inspection.classes;
    let mut shown: Vec<usize> = (0..names.len()).collect();
    if names.len() > MOST_CLASSES {
        shown = inspection.ranking.iter().copied().take(MOST_CLASSES).collect();
    }
    let room = screen.columns.saturating_sub(inspection.width + GAP + 8 + 13);
    let lengths = shown.iter().map(|&class| names[class].as_str());
    let name_width = names::column(lengths, 5, room.clamp(5, LONGEST_NAME));
    let taken = inspection.width + GAP + name_width + 8 + 13 + 2;
    let longest = screen.columns.saturating_sub(taken).min(BAR);
    let mut text = format!("\n{:<name_width$}{:>8}{:>13}\n", "class", "logit", "probability");
    for class in shown {
        let name = fitted(&names[class], name_width);
        let bar = "█".repeat((inspection.probabilities[class] * longest as f64).round() as usize);
        let line = format!(
            "{name:<name_width$}{:>8.2}{:>13}  {bar}",
            inspection.occlusion.logits()[class],
            inspection.percent(class)
        );
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// Puts two texts side by side. The left one is `width` columns wide, or narrower if it has no colours.
fn beside(left: &str, width: usize, right: &str) -> String {
    let mut right = right.lines();
    let mut text = String::new();
    for line in left.lines() {
        let has_colors = line.contains('\x1b');
        let columns = if has_colors { width } else { line.chars().count() };
        let line = match right.next() {
            None | Some("") => line.to_owned(),
            Some(beside) => format!("{line}{}{beside}", " ".repeat((width + GAP).saturating_sub(columns))),
        };
        text += &line;
        text.push('\n');
    }
    right.fold(text, |text, line| text + &" ".repeat(width + GAP) + line + "\n")
}

/// Draws the feature maps of a unit that vary most over the image, as many as fit side by side.
fn unit(maps: &FeatureMaps, screen: &Screen) -> String {
    let zoom = (NARROW / maps.width.max(1)).max(1);
    let per_row = screen.tiles_in_a_row(maps.width * zoom);
    // If fewer than four fit into a row, they get a second row.
    let shown = maps.by_variance();
    let shown = &shown[..shown.len().min(if per_row < 4 { 2 * per_row } else { per_row })];
    let scale = ColorScale::of(&maps.values);
    let fields: Vec<Field<'_>> = shown
        .iter()
        .map(|&channel| Field { zoom, caption: format!("#{channel}"), ..maps.field(channel, scale) })
        .collect();
    let which = if shown.len() < maps.channels {
        format!(", the {} that vary most", shown.len())
    } else {
        String::new()
    };
    format!(
        "\n{}: {} feature maps of {}x{}{which}\n{}\n{}",
        maps.name,
        maps.channels,
        maps.height,
        maps.width,
        scale.legend(screen.colors),
        draw(&fields, per_row, screen.colors)
    )
}

/// Draws by how much the logits of prediction, label and runner-up fall when a patch is covered.
fn evidence(inspection: &Inspection<'_>, screen: &Screen) -> String {
    let mut classes: Vec<usize> = inspection.ranking.iter().copied().take(1).collect();
    for class in [inspection.label].into_iter().chain(inspection.ranking.iter().copied().skip(1).take(1)) {
        if !classes.contains(&class) {
            classes.push(class);
        }
    }
    let scale = inspection.evidence_scale(&classes);
    let fields: Vec<Field<'_>> = classes
        .iter()
        .map(|&class| Field {
            caption: format!("{} ({})", inspection.classes[class], inspection.role(class)),
            ..inspection.evidence(class, scale)
        })
        .collect();
    format!(
        "\n{}\n{}\n{}",
        inspection.evidence_heading(),
        scale.legend(screen.colors),
        draw(&fields, screen.tiles_in_a_row(inspection.width), screen.colors)
    )
}

impl FeatureMaps {
    /// One feature map, in the scale of its unit.
    pub(super) fn field(&self, channel: usize, scale: ColorScale) -> Field<'_> {
        let size = self.height * self.width;
        Field {
            values: &self.values[channel * size..(channel + 1) * size],
            height: self.height,
            width: self.width,
            scale,
            zoom: 1,
            ink: None,
            caption: String::new(),
        }
    }

    /// Channels by falling variance over the positions, because a feature map that is the same everywhere
    /// shows nothing.
    pub(super) fn by_variance(&self) -> Vec<usize> {
        let size = (self.height * self.width).max(1);
        let variance = |map: &[f32]| {
            let mean = map.iter().map(|&x| f64::from(x)).sum::<f64>() / size as f64;
            map.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / size as f64
        };
        let variances: Vec<f64> = self.values.chunks_exact(size).map(variance).collect();
        let mut channels: Vec<usize> = (0..variances.len()).collect();
        channels.sort_by(|&a, &b| variances[b].total_cmp(&variances[a]));
        channels
    }
}

impl Inspection<'_> {
    /// A scale that several classes share, so that they can be compared.
    pub(super) fn evidence_scale(&self, classes: &[usize]) -> ColorScale {
        let each = classes.iter().map(|&class| ColorScale::of(self.occlusion.falls(class)).greatest);
        ColorScale { greatest: each.fold(0.0, f32::max), is_signed: true }
    }

    /// By how much the logit of a class falls when the surroundings of each pixel are covered.
    pub(super) fn evidence(&self, class: usize, scale: ColorScale) -> Field<'_> {
        Field {
            values: self.occlusion.falls(class),
            height: self.height,
            width: self.width,
            scale,
            zoom: 1,
            ink: Some(self.image),
            caption: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_side_by_side_at_the_same_column() {
        assert_eq!(beside("ab\nabcd\n", 4, "\nx\ny\n"), "ab\nabcd  x\n      y\n");
        assert_eq!(beside("\x1b[1m▀▀\x1b[0m\na\nb\n", 2, "x\n"), "\x1b[1m▀▀\x1b[0m  x\na\nb\n");
    }

    #[test]
    fn the_feature_maps_that_vary_most_come_first() {
        let values = vec![5.0, 5.0, 0.0, 1.0, -3.0, 3.0];
        let maps = FeatureMaps { name: "units.0".into(), channels: 3, height: 1, width: 2, values };
        assert_eq!(maps.by_variance(), [2, 1, 0]);
        let text = unit(&maps, &Screen { columns: 80, colors: false });
        assert!(text.contains("3 feature maps of 1x2\n░▒▓█ is up to 5.00, ·-=≡ down to -5.00\n#2"), "{text}");
        let text = unit(&maps, &Screen { columns: 9, colors: false });
        assert!(text.contains("the 2 that vary most"), "{text}");
    }
}
