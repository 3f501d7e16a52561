//! The reliability diagram: whether a network that is sure is right as often as it says (Guo et al. 2017).

use crate::ReportError;
use crate::drawing::{Drawing, WIDTH};
use crate::input::{Bin, Calibration};
use crate::number::{filters, fixed, grouped, percent};
use crate::scale::{Scale, Tick};

#[derive(askama::Template)]
#[template(path = "reliability.svg")]
struct Layout {
    ece: String,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    bars: Vec<Bar>,
}

struct Bar {
    left: f64,
    width: f64,
    /// What was found in the bin; none of it in an empty one.
    found: Option<Found>,
    /// Top of the bar that shows the bin's size.
    count_top: f64,
    count: String,
    title: String,
}

struct Found {
    top: f64,
    /// Mean confidence, accuracy.
    dot: (f64, f64),
    /// Top and bottom of the accuracy's 95 % interval.
    whisker: (f64, f64),
}

pub(crate) const LEFT: f64 = 46.0;
pub(crate) const RIGHT: f64 = WIDTH - 8.0;
pub(crate) const TOP: f64 = 28.0;
pub(crate) const BOTTOM: f64 = 244.0;
/// Between these the bins' sizes stand.
pub(crate) const COUNTS_TOP: f64 = 290.0;
pub(crate) const COUNTS_BOTTOM: f64 = 350.0;

/// `None` without bins.
pub(crate) fn draw(calibration: &Calibration) -> Result<Option<Drawing>, ReportError> {
    let bins: Vec<&Bin> = calibration.bins.iter().filter(|bin| bin.high > bin.low).collect();
    if bins.is_empty() {
        return Ok(None);
    }
    let (x, y) = (Scale::linear(0.0, 1.0, LEFT, RIGHT), Scale::linear(0.0, 1.0, BOTTOM, TOP));
    let largest = bins.iter().map(|bin| bin.pictures).max().unwrap_or(0);
    let counts = Scale::linear(0.0, (1.0 + largest as f64).ln(), COUNTS_BOTTOM, COUNTS_TOP);
    let layout = Layout {
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

fn bar(bin: &Bin, x: &Scale, y: &Scale, counts: &Scale) -> Option<Bar> {
    let (left, right) = (x.at(bin.low)?, x.at(bin.high)?);
    let found =
        bin.confidence.zip(bin.accuracy).filter(|_| bin.pictures > 0).and_then(|(confidence, accuracy)| {
            let [low, high] = wilson_interval(accuracy, bin.pictures);
            Some(Found {
                top: y.at(accuracy)?,
                dot: (x.at(confidence)?, y.at(accuracy)?),
                whisker: (y.at(high)?, y.at(low)?),
            })
        });
    Some(Bar {
        left: left + 0.5,
        width: right - left - 1.0,
        found,
        count_top: counts.at((1.0 + bin.pictures as f64).ln())?,
        count: grouped(bin.pictures),
        title: format!(
            "probability {:.2} to {:.2}: {} pictures, accuracy {}, mean probability {}",
            bin.low,
            bin.high,
            grouped(bin.pictures),
            percent(bin.accuracy),
            percent(bin.confidence)
        ),
    })
}

/// Wilson's 95 % score interval of a share of `n` (Wilson 1927).
fn wilson_interval(share: f64, n: usize) -> [f64; 2] {
    const Z: f64 = 1.959_963_984_540_054;
    let n = n as f64;
    let centre = share + Z * Z / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).max(0.0).sqrt();
    let scale = 1.0 + Z * Z / n;
    [((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0)]
}

fn description(calibration: &Calibration) -> String {
    let ece = fixed(calibration.ece, 4);
    let fullest = calibration.bins.iter().filter(|bin| bin.pictures > 0).max_by_key(|bin| bin.pictures);
    let Some(bin) = fullest else { return format!("No pictures. Expected calibration error {ece}.") };
    format!(
        "Expected calibration error {ece}. The fullest bin, from {:.2} to {:.2}, holds {} pictures: accuracy {}, mean probability {}.",
        bin.low,
        bin.high,
        grouped(bin.pictures),
        percent(bin.accuracy),
        percent(bin.confidence)
    )
}
