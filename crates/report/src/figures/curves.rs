//! How one run learned, and how several did: loss, accuracy and learning rate over the epochs.

use run_files::{EpochEvent, Event, StepEvent};

use crate::error::ReportError;
use crate::figures::axis::AxisScale;
use crate::figures::chart::{Chart, Mark, Points, Series};
use crate::figures::drawing::Drawing;
use crate::number::{fixed, percent};
use crate::palette::SERIES;
use crate::run::Run;

/// What a chart shows over time.
#[derive(Clone, Copy)]
enum Quantity {
    Loss,
    Accuracy,
}

impl Quantity {
    fn of_window(self, step: &StepEvent) -> f64 {
        match self {
            Self::Loss => step.loss,
            Self::Accuracy => step.accuracy,
        }
    }

    fn of_training(self, epoch: &EpochEvent) -> f64 {
        match self {
            Self::Loss => epoch.train_loss,
            Self::Accuracy => epoch.train_accuracy,
        }
    }

    fn of_validation(self, epoch: &EpochEvent) -> f64 {
        match self {
            Self::Loss => epoch.validation_loss,
            Self::Accuracy => epoch.validation_accuracy,
        }
    }

    fn text(self, value: f64) -> String {
        match self {
            Self::Loss => fixed(Some(value), 4),
            Self::Accuracy => percent(Some(value)),
        }
    }

    fn chart(self, name: &'static str, title: &'static str, x_label: &'static str) -> Chart {
        Chart {
            name,
            title,
            description: String::new(),
            x_label,
            y_label: match self {
                Self::Loss => "loss, nats (logarithmic)",
                Self::Accuracy => "accuracy (logarithmic in the error)",
            },
            y_scale: Some(match self {
                Self::Loss => AxisScale::Log,
                Self::Accuracy => AxisScale::Accuracy,
            }),
            series: Vec::new(),
        }
    }
}

/// The curves of one run: loss, accuracy and learning rate. A curve without data is left out.
pub(crate) fn of_run(run: &Run) -> Result<Vec<Drawing>, ReportError> {
    let loss = Quantity::Loss.chart("loss", "Loss", x_label(run));
    let accuracy = Quantity::Accuracy.chart("accuracy", "Accuracy", x_label(run));
    let charts = [one(run, Quantity::Loss, loss), one(run, Quantity::Accuracy, accuracy), learning_rate(run)];
    charts.iter().filter_map(|chart| chart.draw().transpose()).collect()
}

/// The curves of several runs, one over the other.
pub(crate) fn of_runs(runs: &[Run]) -> Result<Vec<Drawing>, ReportError> {
    // All runs share one axis. If one run does not say how long its epochs are, it has to be an axis of
    // steps.
    let x_label = if runs.iter().all(|run| run.steps_per_epoch().is_some()) { "epoch" } else { "step" };
    let loss = Quantity::Loss.chart("comparison-loss", "Loss", x_label);
    let accuracy = Quantity::Accuracy.chart("comparison-accuracy", "Accuracy", x_label);
    let charts = [several(runs, Quantity::Loss, loss), several(runs, Quantity::Accuracy, accuracy)];
    charts.iter().filter_map(|chart| chart.draw().transpose()).collect()
}

fn one(run: &Run, quantity: Quantity, mut chart: Chart) -> Chart {
    let windows = windows(run, chart.x_label, |step| quantity.of_window(step));
    let training = epochs(run, chart.x_label, |epoch| quantity.of_training(epoch));
    let validation = epochs(run, chart.x_label, |epoch| quantity.of_validation(epoch));
    chart.description = description(quantity, &validation);
    let series = |name: &str, class: &str, points, marks| Series {
        name: name.into(),
        class: class.into(),
        points,
        marks,
        circled: None,
    };
    let mut validation = series("validation", "s0", validation, Some(Mark::Circle));
    validation.circled = best(run, chart.x_label, |epoch| quantity.of_validation(epoch));
    chart.series = vec![
        series("windows", "windows thin", windows, None),
        series("training", "s1", training, Some(Mark::Square)),
        validation,
    ];
    chart.series.retain(|series| series.points.iter().any(Option::is_some));
    chart
}

fn several(runs: &[Run], quantity: Quantity, mut chart: Chart) -> Chart {
    let mut descriptions = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let class = format!("s{}", index % SERIES);
        let windows = windows(run, chart.x_label, |step| quantity.of_window(step));
        let validation = epochs(run, chart.x_label, |epoch| quantity.of_validation(epoch));
        if windows.iter().chain(&validation).all(Option::is_none) {
            continue;
        }
        descriptions.push(format!("{}: {}", run.name, description(quantity, &validation)));
        chart.series.push(Series {
            class: format!("{class} thin faint"),
            points: windows,
            ..Default::default()
        });
        chart.series.push(Series {
            name: run.name.clone(),
            class,
            points: validation,
            marks: Some(Mark::of(index)),
            circled: None,
        });
    }
    // A series covers those before it, so the thin lines, which have no name, come first.
    chart.series.sort_by_key(|series| !series.name.is_empty());
    chart.description = descriptions.join(" ");
    chart
}

fn learning_rate(run: &Run) -> Chart {
    let points = windows(run, x_label(run), |step| step.learning_rate);
    let highest = points.iter().flatten().map(|point| point.1).fold(0.0, f64::max);
    Chart {
        name: "learning-rate",
        title: "Learning rate",
        description: format!("At most {highest:.1e}."),
        x_label: x_label(run),
        y_label: "learning rate",
        y_scale: None,
        series: vec![Series { class: "s0".into(), points, ..Default::default() }],
    }
}

fn x_label(run: &Run) -> &'static str {
    if run.steps_per_epoch().is_some() { "epoch" } else { "step" }
}

/// Where a step lies on an axis with this label.
fn x(run: &Run, label: &str, step: usize) -> f64 {
    let unit = run.steps_per_epoch().filter(|_| label == "epoch").unwrap_or(1);
    step as f64 / unit as f64
}

fn windows(run: &Run, label: &str, value: impl Fn(&StepEvent) -> f64) -> Points {
    let steps = run.events().filter_map(|event| match event {
        Event::Step(step) => Some(step),
        _ => None,
    });
    steps.map(|step| Some((x(run, label, step.step), finite(value(step))?))).collect()
}

fn epochs(run: &Run, label: &str, value: impl Fn(&EpochEvent) -> f64) -> Points {
    epoch_events(run).map(|epoch| Some((x(run, label, epoch.step), finite(value(epoch))?))).collect()
}

/// The point of the epoch whose weights were kept: the last one that was the best so far.
fn best(run: &Run, label: &str, value: impl Fn(&EpochEvent) -> f64) -> Option<(f64, f64)> {
    let epoch = epoch_events(run).filter(|epoch| epoch.is_best).last()?;
    Some((x(run, label, epoch.step), finite(value(epoch))?))
}

fn epoch_events(run: &Run) -> impl Iterator<Item = &EpochEvent> {
    run.events().filter_map(|event| match event {
        Event::Epoch(epoch) => Some(epoch),
        _ => None,
    })
}

fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

fn description(quantity: Quantity, validation: &Points) -> String {
    let mut values = validation.iter().flatten().map(|point| quantity.text(point.1));
    match (values.next(), values.next_back()) {
        (None, _) => "No epoch has been validated.".to_owned(),
        (Some(only), None) => format!("On validation {only}."),
        (Some(first), Some(last)) => format!("On validation from {first} to {last}."),
    }
}
