//! Accuracies side by side: corrupted images beside clean ones, and runs with their intervals.

use run_files::{CorruptionScores, Evaluation};

use crate::error::ReportError;
use crate::figures::axis::{Axis, AxisScale, Tick};
use crate::figures::chart::Mark;
use crate::figures::drawing::{Drawing, FONT, WIDTH};
use crate::number::{filters, percent};
use crate::palette::SERIES;
use crate::run::Run;
use crate::text;

#[derive(askama::Template)]
#[template(path = "figures/bars.svg")]
struct BarsLayout {
    left: f64,
    bottom: f64,
    ticks: Vec<Tick>,
    rows: Vec<AccuracyBar>,
}

struct AccuracyBar {
    name: String,
    class: &'static str,
    middle: f64,
    /// `None` where the accuracy is undefined.
    end: Option<f64>,
    value: String,
}

#[derive(askama::Template)]
#[template(path = "figures/intervals.svg")]
struct IntervalsLayout {
    bottom: f64,
    ticks: Vec<Tick>,
    rows: Vec<IntervalRow>,
}

struct IntervalRow {
    name: String,
    class: String,
    middle: f64,
    mark: String,
    ends: Option<(f64, f64)>,
}

const ROW: f64 = 20.0;
/// Room for "100.00 %" right of a bar.
const VALUE: f64 = 66.0;

/// Accuracy on clean images, its mean over the corruptions, and after each of them, the best first. `None`
/// without corruptions.
pub(crate) fn corruptions(
    clean: &Evaluation,
    corruptions: &CorruptionScores,
) -> Result<Option<Drawing>, ReportError> {
    if corruptions.each.is_empty() {
        return Ok(None);
    }
    let mut each: Vec<(&str, f64)> =
        corruptions.each.iter().map(|score| (score.name.as_str(), score.accuracy)).collect();
    // An undefined accuracy comes last.
    let key = |accuracy: f64| if accuracy.is_finite() { accuracy } else { -1.0 };
    each.sort_by(|a, b| key(b.1).total_cmp(&key(a.1)));
    let mean = Some(corruptions.mean_accuracy);
    let mut rows = vec![("clean", clean.accuracy, "s0"), ("mean, corrupted", mean, "plain")];
    rows.extend(each.iter().map(|(name, accuracy)| (*name, Some(*accuracy), "windows")));
    let longest = rows.iter().map(|row| text::width(row.0, FONT)).fold(0.0, f64::max).min(130.0);
    let left = longest + 8.0;
    let x = Axis::linear(0.0, 1.0, left, WIDTH - VALUE);
    let bars = rows.iter().enumerate().map(|(index, (name, accuracy, class))| AccuracyBar {
        name: text::fit(name, FONT, longest + 1.0),
        class,
        // A gap sets the first two rows apart, which are no single corruption.
        middle: (index as f64 + 0.5) * ROW + if index > 1 { 8.0 } else { 0.0 },
        end: accuracy.and_then(|accuracy| x.at(accuracy)),
        value: percent(*accuracy),
    });
    let bars = BarsLayout {
        left,
        bottom: rows.len() as f64 * ROW + 10.0,
        ticks: percent_ticks(&x, 4),
        rows: bars.collect(),
    };
    let (best, worst) = (each.first().map_or("", |row| row.0), each.last().map_or("", |row| row.0));
    Ok(Some(Drawing {
        name: "corruptions",
        title: "Accuracy on corrupted images",
        description: format!(
            "Clean {}, mean over the corruptions {}; best under {best}, worst under {worst}.",
            percent(clean.accuracy),
            percent(mean)
        ),
        width: WIDTH,
        height: bars.bottom + 36.0,
        body: askama::Template::render(&bars)?,
    }))
}

/// Each run's accuracy with its 95 % interval. `None` if no run has an accuracy.
pub(crate) fn intervals(runs: &[Run]) -> Result<Option<Drawing>, ReportError> {
    let evaluations: Vec<(usize, &Run, &Evaluation)> = runs
        .iter()
        .enumerate()
        .filter_map(|(index, run)| Some((index, run, run.evaluation()?)))
        .filter(|(_, _, evaluation)| evaluation.accuracy.is_some())
        .collect();
    if evaluations.is_empty() {
        return Ok(None);
    }
    let values = evaluations.iter().flat_map(|(_, _, evaluation)| {
        evaluation.accuracy.into_iter().chain(evaluation.accuracy_interval.into_iter().flatten())
    });
    let x = Axis::over(AxisScale::Linear, values, 8.0, WIDTH - 8.0);
    let rows = evaluations.iter().enumerate().map(|(row, (index, run, evaluation))| {
        let middle = row as f64 * 36.0 + 24.0;
        let mut mark = String::new();
        if let Some(at) = evaluation.accuracy.and_then(|accuracy| x.at(accuracy)) {
            Mark::of(*index).draw(&mut mark, at, middle);
        }
        let end = |end: usize| x.at(evaluation.accuracy_interval?[end]);
        IntervalRow {
            name: text::fit(&run.name, FONT, WIDTH - 16.0),
            class: format!("s{}", index % SERIES),
            middle,
            mark,
            ends: end(0).zip(end(1)),
        }
    });
    let layout = IntervalsLayout {
        bottom: evaluations.len() as f64 * 36.0 + 4.0,
        rows: rows.collect(),
        ticks: percent_ticks(&x, 6),
    };
    let words = evaluations
        .iter()
        .map(|(_, run, evaluation)| format!("{}: {}", run.name, percent(evaluation.accuracy)));
    Ok(Some(Drawing {
        name: "comparison-intervals",
        title: "Accuracy with its 95 % interval",
        description: format!("{}.", words.collect::<Vec<_>>().join(", ")),
        width: WIDTH,
        height: layout.bottom + 34.0,
        body: askama::Template::render(&layout)?,
    }))
}

/// Ticks of an axis of shares, with texts in per cent.
fn percent_ticks(axis: &Axis, about: usize) -> Vec<Tick> {
    axis.ticks_written(about, |share| {
        let text = format!("{:.2}", share * 100.0);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    })
}
