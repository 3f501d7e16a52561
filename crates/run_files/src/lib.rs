//! The types of every file of a run. Each type is defined once and shared by the crate that writes the file
//! and the crate that reads it, so a change of the format that only one of them follows does not compile.
//!
//! | file | type | written |
//! |---|---|---|
//! | `run.json` | [`RunInfo`] | when a run begins and when it resumes |
//! | `metrics.jsonl` | a [`MetricsLine`] in each line | during training |
//! | `validation.json` | [`ValidationFile`] | when training ends |
//! | `thresholds.json` | [`ThresholdsFile`] | when training ends |
//! | `test.json` | [`TestFile`] | by each test of the run |
//! | `tests.jsonl` | a [`TestNote`] in each line | by each test of the run |
//! | `seeds.json` | [`SeedsInfo`] | when a folder of several runs is made |
//! | `test.json` of such a folder | [`SeedsTestFile`] | by each test of the folder |
//! | `sweep.json` | [`SweepInfo`] | when a sweep is begun |
//! | `failure.json` | [`Failure`] | when a trial of a sweep cannot be trained to its end |
//!
//! Fields are written in the order of their declaration. A reader accepts the files of older versions, which
//! lack some fields, and of newer versions, which have more. This crate does no input or output of its own.
//! Names of data sets and backends are plain text here, so that a file with an unknown name can still be
//! read.

mod evaluation;
mod events;
pub mod names;
mod number;
mod numerics;
mod results;
mod run_info;
mod seeds;
mod sweep;
mod thresholds;
mod version;

pub use evaluation::{Calibration, CalibrationBin, ClassMetrics, Evaluation, TopK, wilson_interval};
pub use events::{EpochEvent, Event, FinishEvent, MetricsLine, StartEvent, StepEvent};
pub use numerics::Numerics;
pub use results::{CorruptionScore, CorruptionScores, Mistake, TestFile, TestNote, ValidationFile};
pub use run_info::{Resumed, RunInfo, WeightsSource};
pub use seeds::{MissingSeed, SeedTest, SeedsInfo, SeedsTestFile, Spread};
pub use sweep::{Failure, SweepInfo};
pub use thresholds::ThresholdsFile;
pub use version::Versions;
