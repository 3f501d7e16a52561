//! The worst mistakes: what the picture was, what it was taken for, and how sure the network was.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::ReportError;
use crate::input::{Class, Mistake};
use crate::number::{filters, fixed, grouped, percent};
use crate::run::{Judged, Picture};
use crate::text;

/// A mistake as the page shows it.
pub(crate) struct Card {
    pub(crate) index: String,
    pub(crate) label: String,
    pub(crate) prediction: String,
    pub(crate) loss: String,
    /// A PNG as a data URI; empty without a picture.
    pub(crate) picture: String,
    pub(crate) bars: String,
}

#[derive(askama::Template)]
#[template(path = "probabilities.svg")]
struct Probabilities {
    description: String,
    bars: Vec<Probability>,
}

struct Probability {
    class: &'static str,
    left: f64,
    width: f64,
    height: f64,
    name: String,
}

const WIDTH: f64 = 160.0;
/// Where the bars stand, and how high the highest may be.
const FOOT: f64 = 36.0;

pub(crate) fn cards(judged: &Judged) -> Result<Vec<Card>, ReportError> {
    let classes = &judged.result.evaluation.classes;
    let cards = judged.result.worst.iter().enumerate().map(|(position, mistake)| {
        Ok(Card {
            index: grouped(mistake.index),
            label: class_name(classes, mistake.label),
            prediction: class_name(classes, mistake.prediction),
            loss: fixed(mistake.loss, 2),
            picture: judged.gallery.get(position).map(data_uri).transpose()?.flatten().unwrap_or_default(),
            bars: bars(mistake, classes)?,
        })
    });
    cards.collect()
}

/// Of a class that the evaluation does not know, its number.
fn class_name(classes: &[Class], class: usize) -> String {
    classes.get(class).map_or_else(|| class.to_string(), |class| class.name.clone())
}

/// Black ink on white as a PNG; the page inverts it on dark paper. `None` if there are not as many pixels as its sides
/// say.
fn data_uri(picture: &Picture) -> Result<Option<String>, ReportError> {
    let (Ok(width), Ok(height)) = (u32::try_from(picture.width), u32::try_from(picture.height)) else {
        return Ok(None);
    };
    if picture.pixels.is_empty() || picture.width.checked_mul(picture.height) != Some(picture.pixels.len()) {
        return Ok(None);
    }
    let ink: Vec<u8> = picture.pixels.iter().map(|pixel| 255 - pixel).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    // Pictures are most of the work of a page: compressed fast, it takes a fourth of the time and 3 % more room.
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&ink)?;
    writer.finish()?;
    Ok(Some(format!("data:image/png;base64,{}", STANDARD.encode(&bytes))))
}

/// The probabilities of all classes as small bars.
fn bars(mistake: &Mistake, classes: &[Class]) -> Result<String, ReportError> {
    let probabilities = &mistake.probabilities;
    if probabilities.is_empty() {
        return Ok(String::new());
    }
    let width = WIDTH / probabilities.len() as f64;
    let names: Vec<String> = (0..probabilities.len()).map(|class| class_name(classes, class)).collect();
    // All names or none: some alone would be taken for those of their neighbours.
    let has_names = names.iter().all(|name| text::width(name, 10.0) <= width);
    let bars = probabilities.iter().enumerate().map(|(class, probability)| {
        let probability = probability.filter(|probability| probability.is_finite()).unwrap_or(0.0);
        Probability {
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
    let bars = Probabilities { description: description(mistake, &names), bars: bars.collect() };
    Ok(askama::Template::render(&bars)?)
}

/// The most probable classes in words.
fn description(mistake: &Mistake, names: &[String]) -> String {
    let mut probabilities: Vec<(f64, &String)> = mistake
        .probabilities
        .iter()
        .zip(names)
        .filter_map(|(probability, name)| Some((probability.filter(|p| p.is_finite())?, name)))
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
    fn a_picture_becomes_a_png_with_black_ink() {
        let picture = Picture { height: 1, width: 3, pixels: vec![0, 100, 255] };
        let uri = data_uri(&picture).unwrap().unwrap();
        let bytes = STANDARD.decode(uri.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; 3];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, [255, 155, 0]);
        assert_eq!((reader.info().width, reader.info().height), (3, 1));
    }

    #[test]
    fn pixels_that_do_not_fit_the_sides_are_no_picture() {
        for (height, width, pixels) in [(0, 0, 0), (2, 2, 3), (usize::MAX, 2, 4), (0, 5, 0)] {
            assert_eq!(data_uri(&Picture { height, width, pixels: vec![0; pixels] }).unwrap(), None);
        }
    }

    #[test]
    fn a_mistake_between_unknown_classes_is_shown_by_their_numbers() {
        let mistake = Mistake {
            label: 7,
            prediction: 0,
            probabilities: vec![Some(0.75), None, Some(f64::NAN)],
            ..Default::default()
        };
        assert_eq!(class_name(&[], 7), "7");
        let svg = bars(&mistake, &[]).unwrap();
        assert!(svg.contains("Probabilities: 0 75.00\u{a0}%\"") && !svg.contains("NaN"), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 3);
        assert_eq!(bars(&Mistake::default(), &[]).unwrap(), "");
    }
}
