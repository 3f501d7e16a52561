//! Why a page or a figure could not be made.

use std::path::PathBuf;

/// Why a page or a figure could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    #[error(
        "{}: {problem}; expected the file as this program writes it; bring it back from a copy",
        path.display()
    )]
    File { path: PathBuf, problem: String },
    #[error(
        "metrics.jsonl, line {line}: not an event of a run: {source}; expected one JSON object a line, as `train` writes them"
    )]
    Event { line: usize, source: serde_json::Error },
    #[error("a template could not be filled in: {0}")]
    Template(#[from] askama::Error),
    #[error("an image could not be encoded as PNG: {0}")]
    Png(#[from] png::EncodingError),
    #[error("a figure could not be drawn as PNG: {0}")]
    Raster(String),
    #[error(
        "a figure of {width} x {height} pixels (scale {scale}) cannot be drawn: both sides must lie between 1 and 16384; choose another scale"
    )]
    Scale { scale: f32, width: f32, height: f32 },
}
