//! Snapshots, from which a run can be resumed: the training state, the weights and the optimizer's state.

use network::NamedTensors;
use serde::{Deserialize, Serialize};

use crate::eval::score::Score;

/// Everything that is needed to resume a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub state: TrainingState,
    pub weights: NamedTensors,
    /// The optimizer's state, as [`crate::train::optimizer::ModelOptimizer::state`] gives it.
    pub optimizer: NamedTensors,
}

impl Snapshot {
    /// A snapshot from before the first step. It holds the weights to begin with, and nothing else.
    pub(crate) fn of_start(weights: NamedTensors) -> Self {
        Self { state: TrainingState::default(), weights, optimizer: NamedTensors::default() }
    }

    pub(crate) fn is_of_start(&self) -> bool {
        self.state == TrainingState::default()
    }
}

/// How far a run has come, with the sums that its next events need.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingState {
    /// The epoch under way or just finished, from 1. It is 0 before the first epoch.
    pub epoch: usize,
    /// Number of steps done in the whole run.
    pub step: usize,
    /// Sums over the epoch's finished logging windows.
    pub sums: EpochSums,
    /// The running metrics of the logging window under way.
    pub window: RunningMetrics,
    /// The best epoch so far. Early stopping counts the epochs since then.
    pub best: Option<Best>,
}

impl TrainingState {
    pub(crate) fn begin_epoch(&mut self, epoch: usize) {
        self.epoch = epoch;
        self.sums = EpochSums::default();
    }

    /// Notes the epoch's score on validation, and returns whether it is the best so far.
    pub(crate) fn end_epoch(&mut self, score: Score) -> bool {
        let is_best = self.best.is_none_or(|best| score.is_better_than(&best.score));
        if is_best {
            self.best = Some(Best { epoch: self.epoch, step: self.step, score });
        }
        is_best
    }
}

/// Sums over the steps of an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochSums {
    /// Sum of the steps' mean losses, in nats.
    pub loss: f64,
    pub steps: usize,
    /// Number of images that were classified correctly.
    pub hits: usize,
    /// Number of images.
    #[serde(rename = "pictures")]
    pub images: usize,
}

impl EpochSums {
    pub(crate) fn add(&mut self, window: &RunningMetrics) {
        self.loss += window.losses.iter().sum::<f64>();
        self.steps += window.losses.len();
        self.hits += window.hits;
        self.images += window.images;
    }

    pub(crate) fn mean_loss(&self) -> f64 {
        self.loss / self.steps.max(1) as f64
    }

    pub(crate) fn accuracy(&self) -> f64 {
        self.hits as f64 / self.images.max(1) as f64
    }
}

/// The running metrics of a logging window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunningMetrics {
    /// Mean loss of each step in nats, in the order of the steps.
    pub losses: Vec<f64>,
    /// Number of images that were classified correctly.
    pub hits: usize,
    /// Number of images.
    #[serde(rename = "pictures")]
    pub images: usize,
}

/// The epoch with the best score on the validation images so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// The epoch's number, from 1.
    pub epoch: usize,
    /// Number of steps done at the end of the epoch. Its checkpoint is named after this number.
    pub step: usize,
    pub score: Score,
}
