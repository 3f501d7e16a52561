//! The trials of a sweep as points: a key's value against the accuracy on the validation images.

use crate::error::ReportError;
use crate::figures::axis::{Axis, AxisScale, Tick};
use crate::figures::drawing::{Drawing, FONT, WIDTH};
use crate::number::{filters, percent};
use crate::sweep::{KeyScale, SweepTrial, SweepView};
use crate::text;

/// One key's points in pixels, as the template draws them.
#[derive(askama::Template)]
#[template(path = "figures/scatter.svg")]
struct ScatterLayout<'a> {
    key: &'a str,
    left: f64,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    points: Vec<Point>,
}

struct Point {
    x: f64,
    y: f64,
    title: String,
    /// The best trial has a ring around it.
    is_best: bool,
}

const TOP: f64 = 28.0;
const BOTTOM: f64 = 196.0;
const RIGHT: f64 = WIDTH - 8.0;
/// Room between the axes and the outermost points.
const MARGIN: f64 = 10.0;

/// The figure of the key with this number, from 0. `None` without finished trials.
pub(crate) fn draw(sweep: &SweepView, index: usize) -> Result<Option<Drawing>, ReportError> {
    let finished: Vec<&SweepTrial> = sweep.trials.iter().filter(|trial| trial.accuracy.is_some()).collect();
    let (Some(best), Some(key)) = (finished.first(), sweep.keys.get(index)) else { return Ok(None) };
    let accuracies = finished.iter().filter_map(|trial| trial.accuracy);
    let y = Axis::over(AxisScale::Accuracy, accuracies, BOTTOM - MARGIN, TOP + MARGIN);
    let y_ticks = y.ticks(5);
    let left = y_ticks.iter().map(|tick| text::width(&tick.text, FONT)).fold(20.0, f64::max) + 8.0;
    let (places, x_ticks) = places(&finished, index, key.scale, left);
    let point = |(trial, x): (&&SweepTrial, Option<f64>)| {
        let title =
            format!("trial {}: {}, {}", trial.number, trial.texts.get(index)?, percent(trial.accuracy));
        Some(Point { x: x?, y: y.at(trial.accuracy?)?, title, is_best: trial.number == best.number })
    };
    let points = finished.iter().zip(places).filter_map(point).collect();
    let layout = ScatterLayout { key: &key.name, left, x_ticks, y_ticks, points };
    Ok(Some(Drawing {
        name: "sweep-key",
        title: "A key against accuracy",
        description: format!(
            "{} against accuracy on the validation images, {} trials. The best, trial {}, has {} and {}.",
            key.name,
            finished.len(),
            best.number,
            best.texts.get(index).map_or("", String::as_str),
            percent(best.accuracy)
        ),
        width: WIDTH,
        height: BOTTOM + 36.0,
        body: askama::Template::render(&layout)?,
    }))
}

/// Where each trial stands from left to right, and what is written below the axis.
fn places(trials: &[&SweepTrial], index: usize, scale: KeyScale, left: f64) -> (Vec<Option<f64>>, Vec<Tick>) {
    let (from, to) = (left + MARGIN, RIGHT - MARGIN);
    let number = |trial: &SweepTrial| trial.positions.get(index).copied().flatten();
    let scale = match scale {
        KeyScale::Linear => AxisScale::Linear,
        KeyScale::Logarithmic => AxisScale::Log,
        KeyScale::Choices => return side_by_side(trials, index, from, to),
    };
    let axis = Axis::over(scale, trials.iter().filter_map(|trial| number(trial)), from, to);
    (trials.iter().map(|trial| axis.at(number(trial)?)).collect(), axis.ticks(4))
}

/// Places for choices: numbers from low to high, words in the order of the alphabet.
fn side_by_side(trials: &[&SweepTrial], index: usize, from: f64, to: f64) -> (Vec<Option<f64>>, Vec<Tick>) {
    let text = |trial: &SweepTrial| trial.texts.get(index).cloned().unwrap_or_default();
    let number = |trial: &SweepTrial| trial.positions.get(index).copied().flatten().unwrap_or(0.0);
    let mut choices: Vec<(f64, String)> = trials.iter().map(|trial| (number(trial), text(trial))).collect();
    choices.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    choices.dedup();
    let room = (to - from) / choices.len() as f64;
    let at = |place: usize| from + (place as f64 + 0.5) * room;
    let tick = |(place, (_, text)): (usize, &(f64, String))| Tick {
        at: at(place),
        text: text::fit(text, FONT, room),
    };
    let place = |trial: &&SweepTrial| choices.iter().position(|choice| choice.1 == text(trial)).map(at);
    (trials.iter().map(place).collect(), choices.iter().enumerate().map(tick).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::SweepKey;

    fn trial(number: u64, value: Option<f64>, word: &str, accuracy: Option<f64>) -> SweepTrial {
        SweepTrial {
            number,
            texts: vec![word.into()],
            positions: vec![value],
            accuracy,
            ..Default::default()
        }
    }

    fn sweep(trials: Vec<SweepTrial>) -> SweepView {
        let keys = vec![SweepKey { name: "train.learning_rate".into(), scale: KeyScale::Logarithmic }];
        SweepView { name: "s".into(), keys, trials }
    }

    #[test]
    fn each_finished_trial_is_a_point_and_the_best_has_a_ring() {
        let trials = vec![
            trial(2, Some(0.01), "0.01", Some(0.99)),
            trial(1, Some(0.1), "0.1", Some(0.9)),
            trial(3, Some(0.001), "0.001", None),
        ];
        let drawing = draw(&sweep(trials), 0).unwrap().unwrap();
        assert_eq!(drawing.body.matches("<title>").count(), 2, "{}", drawing.body);
        assert_eq!(drawing.body.matches("class=\"ring").count(), 1);
        assert!(drawing.description.contains("trial 2"), "{}", drawing.description);
        assert!(draw(&sweep(vec![trial(1, Some(0.1), "0.1", None)]), 0).unwrap().is_none());
    }

    #[test]
    fn choices_stand_side_by_side_in_their_order() {
        let ticks = |trials: &[SweepTrial]| {
            let refs: Vec<&SweepTrial> = trials.iter().collect();
            let (places, ticks) = places(&refs, 0, KeyScale::Choices, 40.0);
            assert_eq!(places, [ticks[1].at, ticks[0].at].map(Some));
            ticks.into_iter().map(|tick| tick.text).collect::<Vec<_>>()
        };
        assert_eq!(
            ticks(&[trial(1, None, "sgd", Some(0.9)), trial(2, None, "adam", Some(0.8))]),
            ["adam", "sgd"]
        );
        let numbers = [trial(1, Some(128.0), "128", Some(0.9)), trial(2, Some(32.0), "32", Some(0.8))];
        assert_eq!(ticks(&numbers), ["32", "128"]);
    }
}
