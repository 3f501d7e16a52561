//! The figures: of one run, and of several runs together.

mod axis;
mod bars;
mod chart;
mod curves;
pub(crate) mod drawing;
mod first_filters;
mod heat_map;
mod raster;
mod reliability;
pub(crate) mod scatter;

use drawing::{Drawing, Figure};

use crate::error::ReportError;
use crate::run::{EvaluationFile, Run};

/// The figures of one run; `None` where the run has no data for one.
pub(crate) struct RunDrawings {
    pub(crate) curves: Vec<Drawing>,
    pub(crate) confusion: Option<Drawing>,
    pub(crate) reliability: Option<Drawing>,
    pub(crate) corruptions: Option<Drawing>,
    pub(crate) filters: Option<Drawing>,
}

/// A run's figures: `loss`, `accuracy`, `learning-rate`, `confusion-matrix`, `reliability`, `corruptions`,
/// `filters`, as far as there is data for them.
///
/// # Errors
/// If a template cannot be filled in; no input is known that does this.
pub fn figures(run: &Run) -> Result<Vec<Figure>, ReportError> {
    let RunDrawings { curves, confusion, reliability, corruptions, filters } = drawings(run)?;
    let others = [confusion, reliability, corruptions, filters];
    curves.iter().chain(others.iter().flatten()).map(Drawing::standalone).collect()
}

/// The figures that compare runs: `comparison-intervals`, `comparison-loss`, `comparison-accuracy`, as far as
/// there is data for them.
///
/// # Errors
/// If a template cannot be filled in; no input is known that does this.
pub fn comparison_figures(runs: &[Run]) -> Result<Vec<Figure>, ReportError> {
    comparison(runs)?.iter().map(Drawing::standalone).collect()
}

/// The figures of one run.
pub(crate) fn drawings(run: &Run) -> Result<RunDrawings, ReportError> {
    let evaluation = run.evaluation();
    let corruptions = match run.evaluated.as_ref().map(|evaluated| &evaluated.file) {
        Some(EvaluationFile::Test(test)) => {
            test.corruptions.as_ref().map(|scores| (&test.evaluation, scores))
        }
        _ => None,
    };
    Ok(RunDrawings {
        curves: curves::of_run(run)?,
        confusion: evaluation.map(heat_map::draw).transpose()?.flatten(),
        reliability: evaluation.map(|it| reliability::draw(&it.calibration)).transpose()?.flatten(),
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
