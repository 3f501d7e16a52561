//! The page: what is shown of each run and of all together, and in which order.

use crate::ReportError;
use crate::drawing::Drawing;
use crate::gallery::Card;
use crate::input::Evaluation;
use crate::number::{filters, grouped};
use crate::palette::{SERIES, page_style};
use crate::run::{Run, Split};
use crate::{bars, curves, first_filters, gallery, heat_map, reliability};

/// The figures of one run.
pub(crate) struct Drawings {
    curves: Vec<Drawing>,
    confusion: Option<Drawing>,
    reliability: Option<Drawing>,
    corruptions: Option<Drawing>,
    filters: Option<Drawing>,
}

impl Drawings {
    /// In the order in which the page has them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Drawing> {
        let others = [&self.confusion, &self.reliability, &self.corruptions, &self.filters];
        self.curves.iter().chain(others.into_iter().flatten())
    }
}

pub(crate) fn drawings(run: &Run) -> Result<Drawings, ReportError> {
    let result = run.judged.as_ref().map(|judged| &judged.result);
    let evaluation = result.map(|result| &result.evaluation);
    let corruptions = result.and_then(|result| Some((&result.evaluation, result.corruptions.as_ref()?)));
    Ok(Drawings {
        curves: curves::of_run(run)?,
        confusion: evaluation.map(heat_map::draw).transpose()?.flatten(),
        reliability: evaluation
            .and_then(|evaluation| evaluation.calibration.as_ref())
            .map(reliability::draw)
            .transpose()?
            .flatten(),
        corruptions: corruptions.map(|(clean, all)| bars::corruptions(clean, all)).transpose()?.flatten(),
        filters: run.filters.as_ref().map(first_filters::draw).transpose()?.flatten(),
    })
}

/// The figures that show all runs together.
pub(crate) fn comparison(runs: &[Run]) -> Result<Vec<Drawing>, ReportError> {
    let mut drawings: Vec<Drawing> = bars::intervals(runs)?.into_iter().collect();
    drawings.extend(curves::of_runs(runs)?);
    Ok(drawings)
}

#[derive(askama::Template)]
#[template(path = "page.html")]
struct Page<'a> {
    title: String,
    style: String,
    written: &'a str,
    comparison: Vec<Drawing>,
    /// Whether the runs' accuracies are of the same kind of pictures.
    is_comparable: bool,
    runs: Vec<View<'a>>,
}

/// One run.
struct View<'a> {
    run: &'a Run,
    number: usize,
    /// Of the sections' headings; the run's own is one above.
    level: usize,
    class: String,
    drawings: Drawings,
    cards: Vec<Card>,
}

pub(crate) fn render(runs: &[Run], written: &str) -> Result<String, ReportError> {
    let title = match runs {
        [] => "Training runs".to_owned(),
        [run] => run.name.clone(),
        runs => format!("{} training runs compared", runs.len()),
    };
    let level = if runs.len() == 1 { 2 } else { 3 };
    let kind = |run: &Run| run.judged.as_ref().map(|judged| (judged.on, judged.result.dataset.clone()));
    let mut kinds = runs.iter().filter_map(kind);
    let first = kinds.next();
    let views = runs.iter().enumerate().map(|(index, run)| {
        Ok(View {
            run,
            number: index + 1,
            level,
            class: format!("s{}", index % SERIES),
            drawings: drawings(run)?,
            cards: run.judged.as_ref().map(gallery::cards).transpose()?.unwrap_or_default(),
        })
    });
    let page = Page {
        title,
        style: page_style(),
        written,
        comparison: if runs.len() > 1 { comparison(runs)? } else { Vec::new() },
        is_comparable: kinds.all(|kind| Some(kind) == first),
        runs: views.collect::<Result<_, ReportError>>()?,
    };
    Ok(askama::Template::render(&page)?)
}

impl View<'_> {
    fn evaluation(&self) -> Option<&Evaluation> {
        self.run.judged.as_ref().map(|judged| &judged.result.evaluation)
    }

    /// Expected calibration error.
    fn ece(&self) -> Option<f64> {
        self.evaluation()?.calibration.as_ref()?.ece
    }

    /// "10,000 test pictures"
    fn judged_on(&self) -> String {
        self.run.judged.as_ref().map_or_else(
            || "not judged yet".to_owned(),
            |judged| format!("{} {} pictures", grouped(judged.result.evaluation.pictures), judged.on.name()),
        )
    }

    fn multiply_adds(&self) -> usize {
        self.run.layers.iter().map(|layer| layer.multiply_adds).sum()
    }

    fn has_mistakes(&self) -> bool {
        self.evaluation().is_some_and(|evaluation| evaluation.correct < evaluation.pictures)
    }
}
