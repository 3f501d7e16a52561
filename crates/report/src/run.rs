//! A run as the page shows it: its files' content, and what only its weights tell.

use crate::input::{Event, RunInfo, Test};

/// Everything that the page may show of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// How people call it, e.g. `runs/default-1`; `test -p` takes it.
    pub name: String,
    /// `config.toml`.
    pub config: String,
    /// `run.json`.
    pub info: RunInfo,
    /// `metrics.jsonl`.
    pub events: Vec<Event>,
    pub judged: Option<Judged>,
    /// How often `test` was asked of the run, whichever of its models was the best one then.
    pub times_tested: usize,
    pub layers: Vec<Layer>,
    /// Those of the first convolution, if there is one.
    pub filters: Option<Filters>,
}

/// What was found with the run's best weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub on: Split,
    pub result: Test,
    /// `gallery[i]` is the picture of `result.worst[i]`; it may be shorter.
    pub gallery: Vec<Picture>,
}

/// Which pictures a run was judged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Those that chose the best epoch.
    Validation,
    Test,
}

/// A grey picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    pub height: usize,
    pub width: usize,
    /// `[height, width]`: 0 is background, 255 ink.
    pub pixels: Vec<u8>,
}

/// A row of the layer table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    pub name: String,
    pub kind: String,
    /// E.g. `32x28x28`.
    pub output: String,
    pub parameters: usize,
    pub multiply_adds: usize,
}

/// Filters of a convolution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filters {
    /// `[filters, channels, height, width]`
    pub shape: [usize; 4],
    /// Row by row.
    pub values: Vec<f32>,
}

impl Run {
    /// Seconds of training so far.
    pub(crate) fn seconds(&self) -> Option<f64> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Step(step) => step.seconds,
            Event::Epoch(epoch) => epoch.seconds,
            Event::Finish { seconds, .. } => *seconds,
            Event::Start { .. } | Event::Unknown => None,
        })
    }

    /// Steps in an epoch: as the run said, or as its first epoch took.
    pub(crate) fn steps_per_epoch(&self) -> Option<usize> {
        let steps = self.events.iter().find_map(|event| match event {
            Event::Start { steps_per_epoch, .. } => Some(*steps_per_epoch),
            Event::Epoch(epoch) => Some(epoch.step / epoch.epoch.max(1)),
            _ => None,
        });
        steps.filter(|steps| *steps > 0)
    }

    /// The network's parameters, if its layers are known.
    pub(crate) fn parameters(&self) -> Option<usize> {
        (!self.layers.is_empty()).then(|| self.layers.iter().map(|layer| layer.parameters).sum())
    }
}

impl Split {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}
