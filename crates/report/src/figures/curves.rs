//! How a run learned, and how several did: loss, accuracy and learning rate over the epochs.

use crate::ReportError;
use crate::chart::{Chart, Mark, Points, Series};
use crate::drawing::Drawing;
use crate::input::{EpochEvent, Event, StepEvent};
use crate::number::{fixed, percent};
use crate::palette::SERIES;
use crate::run::Run;
use crate::scale::Spread;

/// What is shown over time.
#[derive(Clone, Copy)]
enum Quantity {
    Loss,
    Accuracy,
}

impl Quantity {
    fn of_window(self, step: &StepEvent) -> Option<f64> {
        match self {
            Self::Loss => step.loss,
            Self::Accuracy => step.accuracy,
        }
    }

    fn of_training(self, epoch: &EpochEvent) -> Option<f64> {
        match self {
            Self::Loss => epoch.train_loss,
            Self::Accuracy => epoch.train_accuracy,
        }
    }

    fn of_validation(self, epoch: &EpochEvent) -> Option<f64> {
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
            y_spread: Some(match self {
                Self::Loss => Spread::Log,
                Self::Accuracy => Spread::Accuracy,
            }),
            series: Vec::new(),
        }
    }
}

/// The curves of one run: loss, accuracy, learning rate; those without data are left out.
pub(crate) fn of_run(run: &Run) -> Result<Vec<Drawing>, ReportError> {
    let loss = Quantity::Loss.chart("loss", "Loss", x_label(run));
    let accuracy = Quantity::Accuracy.chart("accuracy", "Accuracy", x_label(run));
    let charts = [one(run, Quantity::Loss, loss), one(run, Quantity::Accuracy, accuracy), learning_rate(run)];
    charts.iter().filter_map(|chart| chart.draw().transpose()).collect()
}

/// The curves of several runs, one over the other.
pub(crate) fn of_runs(runs: &[Run]) -> Result<Vec<Drawing>, ReportError> {
    // Runs of which one does not know its epochs have steps in common only if all are counted in steps.
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
    // What is drawn later lies above: the thin lines first.
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
        y_spread: None,
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

fn windows(run: &Run, label: &str, value: impl Fn(&StepEvent) -> Option<f64>) -> Points {
    let steps = run.events.iter().filter_map(|event| match event {
        Event::Step(step) => Some(step),
        _ => None,
    });
    steps.map(|step| Some((x(run, label, step.step), finite(value(step))?))).collect()
}

fn epochs(run: &Run, label: &str, value: impl Fn(&EpochEvent) -> Option<f64>) -> Points {
    epoch_events(run).map(|epoch| Some((x(run, label, epoch.step), finite(value(epoch))?))).collect()
}

/// The epoch whose weights were kept.
fn best(run: &Run, label: &str, value: impl Fn(&EpochEvent) -> Option<f64>) -> Option<(f64, f64)> {
    let epoch = epoch_events(run).filter(|epoch| epoch.is_best).last()?;
    Some((x(run, label, epoch.step), finite(value(epoch))?))
}

fn epoch_events(run: &Run) -> impl Iterator<Item = &EpochEvent> {
    run.events.iter().filter_map(|event| match event {
        Event::Epoch(epoch) => Some(epoch),
        _ => None,
    })
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

fn description(quantity: Quantity, validation: &Points) -> String {
    let mut values = validation.iter().flatten().map(|point| quantity.text(point.1));
    match (values.next(), values.next_back()) {
        (None, _) => "No epoch has been validated.".to_owned(),
        (Some(only), None) => format!("On validation {only}."),
        (Some(first), Some(last)) => format!("On validation from {first} to {last}."),
    }
}
