//! Shows training runs: one self-contained HTML page, and each figure as SVG and PNG.
//!
//! The page needs no network, no script and no font, and is as readable on a phone as on a desk, by day as by night.
//! Nothing here reads or writes files: what a run's directory holds comes in as the structs of [`input`] and [`run`].

pub mod input;
pub mod run;

mod bars;
mod chart;
mod curves;
mod drawing;
mod first_filters;
mod gallery;
mod heat_map;
mod number;
mod page;
mod palette;
mod raster;
mod reliability;
mod scale;
mod text;

pub use input::{Event, RunInfo, Test, events};
pub use run::{Filters, Judged, Layer, Picture, Run, Split};

/// Why a page or a figure could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    #[error(
        "metrics.jsonl, line {line}: not an event of a run: {source}; expected one JSON object a line, as `train` writes them"
    )]
    Event { line: usize, source: serde_json::Error },
    #[error("a template could not be filled in: {0}")]
    Template(#[from] askama::Error),
    #[error("a picture could not be encoded as PNG: {0}")]
    Png(#[from] png::EncodingError),
    #[error("a figure could not be drawn as PNG: {0}")]
    Raster(String),
    #[error(
        "a figure of {width} x {height} pixels (scale {scale}) cannot be drawn: both sides must lie between 1 and 16384; choose another scale"
    )]
    Scale { scale: f32, width: f32, height: f32 },
}

/// A figure as a file of its own: on light paper, with its fonts' generic names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// For a file's name, without an ending: `learning-rate`.
    pub name: &'static str,
    pub title: &'static str,
    /// A whole SVG document.
    pub svg: String,
}

impl Figure {
    /// The figure as PNG, with `scale` pixels to each of the SVG's; 2 is right for a screen, 3 for print.
    ///
    /// # Errors
    /// If a side would have less than 1 or more than 16384 pixels.
    pub fn png(&self, scale: f32) -> Result<Vec<u8>, ReportError> {
        raster::png(&self.svg, scale)
    }
}

/// The page that shows these runs: one in detail, or several compared first. `written` is the time, RFC 3339.
///
/// # Errors
/// If a template cannot be filled in or a picture not be encoded; no input is known that does this.
pub fn page(runs: &[Run], written: &str) -> Result<String, ReportError> {
    Ok(text::without_control_characters(page::render(runs, written)?))
}

/// A run's figures: `loss`, `accuracy`, `learning-rate`, `confusion-matrix`, `reliability`, `corruptions`, `filters`,
/// as far as there is data for them.
///
/// # Errors
/// If a template cannot be filled in; no input is known that does this.
pub fn figures(run: &Run) -> Result<Vec<Figure>, ReportError> {
    page::drawings(run)?.all().map(drawing::Drawing::standalone).collect()
}

/// The figures that compare runs: `comparison-intervals`, `comparison-loss`, `comparison-accuracy`, as far as there is
/// data for them.
///
/// # Errors
/// If a template cannot be filled in; no input is known that does this.
pub fn comparison_figures(runs: &[Run]) -> Result<Vec<Figure>, ReportError> {
    page::comparison(runs)?.iter().map(drawing::Drawing::standalone).collect()
}
