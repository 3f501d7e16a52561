//! The gallery of the worst mistakes: each image, its label and prediction, and how sure the network was.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use run_files::{ClassMetrics, Mistake};

use crate::error::ReportError;
use crate::number::{filters, fixed, grouped, percent};
use crate::run::{Evaluated, Image};
use crate::text;

/// A mistake as the page shows it.
pub(crate) struct MistakeCard {
    pub(crate) index: String,
    pub(crate) label: String,
    pub(crate) prediction: String,
    pub(crate) loss: String,
    /// A PNG as a data URI; empty if the image is not there.
    pub(crate) image: String,
    /// An SVG element with the probabilities; empty if the file holds none.
    pub(crate) bars: String,
}

#[derive(askama::Template)]
#[template(path = "page/probabilities.svg")]
struct ProbabilityBars {
    description: String,
    bars: Vec<ProbabilityBar>,
}

struct ProbabilityBar {
    class: &'static str,
    left: f64,
    width: f64,
    height: f64,
    name: String,
}

const WIDTH: f64 = 160.0;
/// Where the bars stand; the highest of them is a little shorter than this.
const FOOT: f64 = 36.0;

/// A card for each of the file's mistakes, in the file's order.
pub(crate) fn cards(evaluated: &Evaluated) -> Result<Vec<MistakeCard>, ReportError> {
    let Evaluated { file, gallery } = evaluated;
    let classes = &file.evaluation().classes;
    let cards = file.worst().iter().enumerate().map(|(position, mistake)| {
        Ok(MistakeCard {
            index: grouped(mistake.index),
            label: class_name(classes, mistake.label),
            prediction: class_name(classes, mistake.prediction),
            loss: fixed(mistake.loss, 2),
            image: gallery.get(position).map(data_uri).transpose()?.flatten().unwrap_or_default(),
            bars: bars(mistake, classes)?,
        })
    });
    cards.collect()
}

/// The name of a class, or its number if the evaluation does not know it.
fn class_name(classes: &[ClassMetrics], class: usize) -> String {
    classes.get(class).map_or_else(|| class.to_string(), |class| class.name.clone())
}

/// The image as a PNG with black ink on white, which the page inverts on dark paper. `None` if the number of
/// pixels is not `height * width`.
fn data_uri(image: &Image) -> Result<Option<String>, ReportError> {
    let (Ok(width), Ok(height)) = (u32::try_from(image.width), u32::try_from(image.height)) else {
        return Ok(None);
    };
    if image.pixels.is_empty() || image.width.checked_mul(image.height) != Some(image.pixels.len()) {
        return Ok(None);
    }
    let ink: Vec<u8> = image.pixels.iter().map(|pixel| 255 - pixel).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    // Encoding images is most of the work of a page. Fast compression makes a page in a fourth of the time,
    // and the page is 3 % larger.
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&ink)?;
    writer.finish()?;
    Ok(Some(format!("data:image/png;base64,{}", STANDARD.encode(&bytes))))
}

/// The probabilities of all classes as small bars.
fn bars(mistake: &Mistake, classes: &[ClassMetrics]) -> Result<String, ReportError> {
    let probabilities = &mistake.probabilities;
    if probabilities.is_empty() {
        return Ok(String::new());
    }
    let width = WIDTH / probabilities.len() as f64;
    let names: Vec<String> = (0..probabilities.len()).map(|class| class_name(classes, class)).collect();
    // If not all names fit, none is written, because a reader would take a name for that of the next bar.
    let has_names = names.iter().all(|name| text::width(name, 10.0) <= width);
    let bars = probabilities.iter().enumerate().map(|(class, probability)| {
        let probability = Some(*probability).filter(|probability| probability.is_finite()).unwrap_or(0.0);
        ProbabilityBar {
            class: match class {
                _ if class == mistake.label => "right",
                _ if class == mistake.prediction => "wrong",
                _ => "plain",
            },
            left: class as f64 * width,
            width,
            height: probability.clamp(0.0, 1.0) * (FOOT - 2.0),
            name: if has_names { names[class].clone() } else { String::new() },
        }
    });
    let bars = ProbabilityBars { description: description(mistake, &names), bars: bars.collect() };
    Ok(askama::Template::render(&bars)?)
}

/// The most probable classes in words.
fn description(mistake: &Mistake, names: &[String]) -> String {
    let mut probabilities: Vec<(f64, &String)> = mistake
        .probabilities
        .iter()
        .zip(names)
        .filter(|(probability, _)| probability.is_finite())
        .map(|(probability, name)| (*probability, name))
        .collect();
    probabilities.sort_by(|a, b| b.0.total_cmp(&a.0));
    let words = probabilities
        .iter()
        .take(3)
        .map(|(probability, name)| format!("{name} {}", percent(Some(*probability))));
    format!("Probabilities: {}", words.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_becomes_a_png_with_black_ink() {
        let image = Image { height: 1, width: 3, pixels: vec![0, 100, 255] };
        let uri = data_uri(&image).unwrap().unwrap();
        let bytes = STANDARD.decode(uri.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; 3];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, [255, 155, 0]);
        assert_eq!((reader.info().width, reader.info().height), (3, 1));
    }

    #[test]
    fn pixels_that_do_not_fit_the_sides_are_no_image() {
        for (height, width, pixels) in [(0, 0, 0), (2, 2, 3), (usize::MAX, 2, 4), (0, 5, 0)] {
            assert_eq!(data_uri(&Image { height, width, pixels: vec![0; pixels] }).unwrap(), None);
        }
    }

    #[test]
    fn a_mistake_between_unknown_classes_is_shown_by_their_numbers() {
        let mistake = Mistake {
            label: 7,
            prediction: 0,
            probabilities: vec![0.75, f64::INFINITY, f64::NAN],
            ..Default::default()
        };
        assert_eq!(class_name(&[], 7), "7");
        let svg = bars(&mistake, &[]).unwrap();
        assert!(svg.contains("Probabilities: 0 75.00\u{a0}%\"") && !svg.contains("NaN"), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 3);
        assert_eq!(bars(&Mistake::default(), &[]).unwrap(), "");
    }
}
