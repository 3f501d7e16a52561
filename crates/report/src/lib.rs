//! Shows training runs and sweeps: one self-contained HTML page, and each of its figures as SVG and PNG.
//!
//! The page needs no network, no script and no font, and it can be read on a phone and on a desk, by day
//! and by night. [`Run::read`] reads the folder of a run; the caller adds what only the weights and the
//! images tell, and writes the text or the bytes that come back.

mod error;
mod figures;
mod folder;
mod metrics;
mod number;
mod page;
mod palette;
mod run;
mod sweep;
mod text;

pub use error::ReportError;
pub use figures::drawing::Figure;
pub use figures::{comparison_figures, figures};
pub use metrics::metrics;
pub use page::page;
pub use page::sweep_page::sweep_page;
pub use run::{Evaluated, EvaluationFile, Filters, Image, LayerRow, Run};
pub use sweep::{KeyScale, SweepKey, SweepTrial, SweepView};
