//! What a run reports while it learns, and who listens.

use std::io;

use serde::Serialize;

use crate::eval::predict::Predictions;
use crate::train::state::Snapshot;

/// Something that happened in a run; one line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Before the first step, or before the first one of a resumed run.
    Start {
        epochs: usize,
        steps_per_epoch: usize,
        batch_size: usize,
        train: usize,
        validation: usize,
        /// Steps done before; 0 in a new run. Not in `metrics.jsonl`.
        #[serde(skip)]
        resumed_at: usize,
    },
    /// After a logging window.
    Step(StepEvent),
    /// After an epoch and its validation.
    Epoch(EpochEvent),
    /// After the last epoch.
    Finish { epochs: usize, best_epoch: usize, best_accuracy: f64, best_loss: f64 },
}

/// A logging window: the steps since the one before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepEvent {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Steps done in the whole run.
    pub step: usize,
    /// Mean loss of the window's steps.
    pub loss: f64,
    /// Share of the window's pictures that were classified correctly.
    pub accuracy: f64,
    /// Of the window's last step.
    pub learning_rate: f64,
    /// Euclidean norm of the window's last gradient.
    pub gradient_norm: f64,
}

/// An epoch, with the score on validation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EpochEvent {
    /// Epoch, from 1.
    pub epoch: usize,
    pub step: usize,
    /// Means over the epoch, while the network changed.
    pub train_loss: f64,
    pub train_accuracy: f64,
    pub validation_loss: f64,
    pub validation_accuracy: f64,
    /// Whether this is the best epoch so far.
    pub is_best: bool,
}

/// Listens to a run.
///
/// The loop stops with the listener's error: a run whose results cannot be kept is not worth
/// finishing.
pub trait Observer {
    /// A step was taken; called after each one, so it must be quick.
    fn step(&mut self) {}

    /// # Errors
    /// If what happened cannot be kept.
    fn event(&mut self, event: &Event) -> io::Result<()>;

    /// An epoch was validated, with these answers; told before the epoch's event.
    fn validated(&mut self, _answers: Predictions, _is_best: bool) {}

    /// # Errors
    /// If the checkpoint cannot be kept.
    fn checkpoint(&mut self, snapshot: &Snapshot) -> io::Result<()>;

    /// Whether the run shall write a checkpoint after the step under way, and end there.
    fn stop_requested(&self) -> bool {
        false
    }
}
