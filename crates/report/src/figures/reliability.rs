//! The reliability diagram: whether a network is right as often as its probabilities say (Guo et al. 2017).

use run_files::{Calibration, CalibrationBin, wilson_interval};

use crate::error::ReportError;
use crate::figures::axis::{Axis, Tick};
use crate::figures::drawing::{Drawing, WIDTH};
use crate::number::{filters, fixed, grouped, percent};

#[derive(askama::Template)]
#[template(path = "figures/reliability.svg")]
struct ReliabilityLayout {
    ece: String,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    bars: Vec<BinBar>,
}

/// A bin of the diagram.
struct BinBar {
    left: f64,
    width: f64,
    /// The accuracy of the bin's predictions; `None` if the bin is empty.
    predictions: Option<BinPredictions>,
    /// Top of the bar that shows the bin's size.
    count_top: f64,
    count: String,
    title: String,
}

/// How right the predictions of a bin were.
struct BinPredictions {
    /// Top of the bar that shows the accuracy.
    top: f64,
    /// Where mean confidence and accuracy meet.
    dot: (f64, f64),
    /// Top and bottom end of the accuracy's 95 % interval.
    whisker: (f64, f64),
}

pub(crate) const LEFT: f64 = 46.0;
pub(crate) const RIGHT: f64 = WIDTH - 8.0;
pub(crate) const TOP: f64 = 28.0;
pub(crate) const BOTTOM: f64 = 244.0;
/// The bars with the bins' sizes stand between these two.
pub(crate) const COUNTS_TOP: f64 = 290.0;
pub(crate) const COUNTS_BOTTOM: f64 = 350.0;

/// `None` without bins.
pub(crate) fn draw(calibration: &Calibration) -> Result<Option<Drawing>, ReportError> {
    let bins: Vec<&CalibrationBin> = calibration.bins.iter().filter(|bin| bin.high > bin.low).collect();
    if bins.is_empty() {
        return Ok(None);
    }
    let (x, y) = (Axis::linear(0.0, 1.0, LEFT, RIGHT), Axis::linear(0.0, 1.0, BOTTOM, TOP));
    let largest = bins.iter().map(|bin| bin.images).max().unwrap_or(0);
    let counts = Axis::linear(0.0, (1.0 + largest as f64).ln(), COUNTS_BOTTOM, COUNTS_TOP);
    let layout = ReliabilityLayout {
        ece: fixed(calibration.ece, 4),
        x_ticks: x.ticks(5),
        y_ticks: y.ticks(5),
        bars: bins.iter().filter_map(|bin| bar(bin, &x, &y, &counts)).collect(),
    };
    Ok(Some(Drawing {
        name: "reliability",
        title: "Reliability",
        description: description(calibration),
        width: WIDTH,
        height: 386.0,
        body: askama::Template::render(&layout)?,
    }))
}

fn bar(bin: &CalibrationBin, x: &Axis, y: &Axis, counts: &Axis) -> Option<BinBar> {
    let (left, right) = (x.at(bin.low)?, x.at(bin.high)?);
    let predictions = bin.confidence.zip(bin.accuracy).and_then(|(confidence, accuracy)| {
        // The interval needs the number of right predictions, and the file holds their share.
        let right = (accuracy * bin.images as f64).round() as usize;
        let [low, high] = wilson_interval(right, bin.images)?;
        Some(BinPredictions {
            top: y.at(accuracy)?,
            dot: (x.at(confidence)?, y.at(accuracy)?),
            whisker: (y.at(high)?, y.at(low)?),
        })
    });
    Some(BinBar {
        left: left + 0.5,
        width: right - left - 1.0,
        predictions,
        count_top: counts.at((1.0 + bin.images as f64).ln())?,
        count: grouped(bin.images),
        title: format!(
            "probability {:.2} to {:.2}: {} images, accuracy {}, mean probability {}",
            bin.low,
            bin.high,
            grouped(bin.images),
            percent(bin.accuracy),
            percent(bin.confidence)
        ),
    })
}

fn description(calibration: &Calibration) -> String {
    let ece = fixed(calibration.ece, 4);
    let fullest = calibration.bins.iter().filter(|bin| bin.images > 0).max_by_key(|bin| bin.images);
    let Some(bin) = fullest else { return format!("No images. Expected calibration error {ece}.") };
    format!(
        "Expected calibration error {ece}. The fullest bin, from {:.2} to {:.2}, holds {} images: accuracy {}, mean probability {}.",
        bin.low,
        bin.high,
        grouped(bin.images),
        percent(bin.accuracy),
        percent(bin.confidence)
    )
}
