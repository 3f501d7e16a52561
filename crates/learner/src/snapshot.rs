//! Where a run stands: position, sums and scores, weights and the optimizer's state, as one unit.

use network::NamedTensors;
use serde::{Deserialize, Serialize};

use crate::metrics::Score;

/// Everything that a run needs to go on from here.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub position: Position,
    pub weights: NamedTensors,
    /// What the optimizer remembers of each parameter: [`crate::optimizer::ModelOptimizer::state`].
    pub optimizer: NamedTensors,
}

/// Where a run stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The epoch under way or just finished, from 1; 0 before the first one.
    pub epoch: usize,
    /// Steps done in the whole run.
    pub step: usize,
    /// Of the epoch's finished logging windows.
    pub sums: EpochSums,
    /// The logging window under way.
    pub window: Figures,
    /// Early stopping counts the epochs since this one.
    pub best: Option<Best>,
}

impl Position {
    pub(crate) fn begin_epoch(&mut self, epoch: usize) {
        self.epoch = epoch;
        self.sums = EpochSums::default();
    }

    /// Notes the epoch's score on validation; whether it is the best so far.
    pub(crate) fn end_epoch(&mut self, score: Score) -> bool {
        let is_best = self.best.is_none_or(|best| score.is_better_than(&best.score));
        if is_best {
            self.best = Some(Best { epoch: self.epoch, step: self.step, score });
        }
        is_best
    }
}

/// The running sums of an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochSums {
    /// Sum of the steps' mean losses.
    pub loss: f64,
    pub steps: usize,
    pub hits: usize,
    pub pictures: usize,
}

impl EpochSums {
    pub(crate) fn add(&mut self, window: &Figures) {
        self.loss += window.losses.iter().sum::<f64>();
        self.steps += window.losses.len();
        self.hits += window.hits;
        self.pictures += window.pictures;
    }

    pub(crate) fn mean_loss(&self) -> f64 {
        self.loss / self.steps.max(1) as f64
    }

    pub(crate) fn accuracy(&self) -> f64 {
        self.hits as f64 / self.pictures.max(1) as f64
    }
}

/// The figures of a logging window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Mean loss of each step, in order.
    pub losses: Vec<f64>,
    /// Pictures that were classified correctly.
    pub hits: usize,
    pub pictures: usize,
}

/// The best epoch so far, on validation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    pub epoch: usize,
    /// Steps done at its end: the name of its checkpoint.
    pub step: usize,
    pub score: Score,
}
