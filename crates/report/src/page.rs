//! The page: what it shows of each run and of all runs together, and in which order.

mod gallery;
pub(crate) mod sweep_page;

use gallery::MistakeCard;
use run_files::Evaluation;

use crate::error::ReportError;
use crate::figures::drawing::Drawing;
use crate::figures::{RunDrawings, comparison, drawings};
use crate::number::{filters, grouped};
use crate::palette::{SERIES, page_style};
use crate::run::{EvaluationFile, Run};
use crate::text;

#[derive(askama::Template)]
#[template(path = "page/page.html")]
struct Page<'a> {
    title: String,
    style: String,
    written: &'a str,
    comparison: Vec<Drawing>,
    /// Whether all evaluated runs were evaluated on the same images.
    is_comparable: bool,
    runs: Vec<RunView<'a>>,
}

/// One run on the page.
struct RunView<'a> {
    run: &'a Run,
    /// The run's place on the page, from 1.
    number: usize,
    /// Level of its sections' headings. The heading with the run's name is one level above.
    level: usize,
    /// The class of the style sheet that gives the run its colour.
    class: String,
    drawings: RunDrawings,
    cards: Vec<MistakeCard>,
}

/// The page that shows these runs: one in detail, or several compared first. `written` is the time, RFC 3339.
///
/// # Errors
/// If a template cannot be filled in or an image not be encoded; no input is known that does this.
pub fn page(runs: &[Run], written: &str) -> Result<String, ReportError> {
    let title = match runs {
        [] => "Training runs".to_owned(),
        [run] => run.name.clone(),
        runs => format!("{} training runs compared", runs.len()),
    };
    let level = if runs.len() == 1 { 2 } else { 3 };
    let views = runs.iter().enumerate().map(|(index, run)| {
        Ok(RunView {
            run,
            number: index + 1,
            level,
            class: format!("s{}", index % SERIES),
            drawings: drawings(run)?,
            cards: run.evaluated.as_ref().map(gallery::cards).transpose()?.unwrap_or_default(),
        })
    });
    let page = Page {
        title,
        style: page_style(),
        written,
        comparison: if runs.len() > 1 { comparison(runs)? } else { Vec::new() },
        is_comparable: is_comparable(runs),
        runs: views.collect::<Result<_, ReportError>>()?,
    };
    Ok(text::without_control_characters(askama::Template::render(&page)?))
}

/// Whether all evaluated runs were evaluated on the same images.
fn is_comparable(runs: &[Run]) -> bool {
    let files = runs.iter().filter_map(|run| run.evaluated.as_ref()).map(|evaluated| &evaluated.file);
    let mut images = files.map(|file| (file.split(), file.dataset()));
    let first = images.next();
    images.all(|other| Some(other) == first)
}

impl<'a> RunView<'a> {
    fn file(&self) -> Option<&'a EvaluationFile> {
        self.run.evaluated.as_ref().map(|evaluated| &evaluated.file)
    }

    fn evaluation(&self) -> Option<&'a Evaluation> {
        self.run.evaluation()
    }

    /// `10,000 test images`
    fn evaluated_on(&self) -> String {
        self.file().map_or_else(
            || "not evaluated yet".to_owned(),
            |file| format!("{} {} images", grouped(file.evaluation().images), file.split()),
        )
    }

    fn multiply_adds(&self) -> usize {
        self.run.layers.iter().map(|layer| layer.multiply_adds).sum()
    }

    fn has_mistakes(&self) -> bool {
        self.evaluation().is_some_and(|evaluation| evaluation.correct < evaluation.images)
    }
}
