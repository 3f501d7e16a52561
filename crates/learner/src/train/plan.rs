//! How much work a run has, and when an event or a checkpoint is due: pure arithmetic.

use dataset::{TrainSet, ValidationSet};
use run_files::{Event, StartEvent};

use crate::config::TrainConfig;
use crate::train::error::FitError;
use crate::train::state::TrainingState;

/// How many images, steps and epochs there are, and when something is due.
pub(crate) struct Plan {
    epochs: usize,
    patience: usize,
    pub(crate) batch_size: usize,
    steps_per_epoch: usize,
    pub(crate) train: usize,
    validation: usize,
    log_every: usize,
    checkpoint_every: usize,
}

impl Plan {
    pub(crate) fn new(
        config: &TrainConfig,
        train: &TrainSet,
        validation: &ValidationSet,
    ) -> Result<Self, FitError> {
        let (train, validation) = (train.subset().len(), validation.subset().len());
        if train == 0 || validation == 0 {
            return Err(FitError::Empty { train, validation });
        }
        let batch_size = config.batch_size.get().min(train);
        Ok(Self {
            epochs: config.epochs.get(),
            patience: config.patience,
            batch_size,
            steps_per_epoch: train / batch_size,
            train,
            validation,
            log_every: config.log_every_steps.get(),
            checkpoint_every: config.checkpoint_every_steps,
        })
    }

    /// Checks that a training state can be one of this plan's.
    pub(crate) fn check(&self, state: Option<&TrainingState>) -> Result<(), FitError> {
        let Some(state) = state else { return Ok(()) };
        let is_best_before =
            state.best.is_none_or(|best| best.epoch <= state.epoch && best.step <= state.step);
        let numbers = state.window.losses.iter().chain([&state.sums.loss]);
        if (1..=self.epochs).contains(&state.epoch) && is_best_before && numbers.copied().all(f64::is_finite)
        {
            let done = (state.epoch - 1) * self.steps_per_epoch;
            let is_window_within = state.step >= state.sums.steps.saturating_add(state.window.losses.len());
            if (done + 1..=done + self.steps_per_epoch).contains(&state.step) && is_window_within {
                return Ok(());
            }
        }
        Err(FitError::State { epoch: state.epoch, step: state.step, steps_per_epoch: self.steps_per_epoch })
    }

    pub(crate) fn total_steps(&self) -> usize {
        self.epochs * self.steps_per_epoch
    }

    pub(crate) fn start_event(&self) -> Event {
        let &Self { epochs, steps_per_epoch, batch_size, train, validation, .. } = self;
        Event::Start(StartEvent { epochs, steps_per_epoch, batch_size, train, validation })
    }

    /// The epoch under way or, at its end, the next one; `None` if all epochs are done or patience has ended the run.
    pub(crate) fn next_epoch(&self, state: &TrainingState) -> Option<usize> {
        if !self.is_last_of_epoch(state) {
            return Some(state.epoch);
        }
        let since_best = state.epoch - state.best.map_or(0, |best| best.epoch);
        let is_patient = self.patience == 0 || since_best < self.patience;
        (state.epoch < self.epochs && is_patient).then_some(state.epoch + 1)
    }

    pub(crate) fn steps_done_in_epoch(&self, state: &TrainingState) -> usize {
        state.step.saturating_sub(state.epoch.saturating_sub(1) * self.steps_per_epoch)
    }

    pub(crate) fn is_last_of_epoch(&self, state: &TrainingState) -> bool {
        state.step == state.epoch * self.steps_per_epoch
    }

    /// Whether a checkpoint is due in the course of an epoch; at an epoch's end one is always written.
    pub(crate) fn checkpoint_due(&self, state: &TrainingState, stopping: bool) -> bool {
        let is_due = self.checkpoint_every > 0 && state.step.is_multiple_of(self.checkpoint_every);
        (is_due || stopping) && !self.is_last_of_epoch(state)
    }

    /// Whether a logging window of this many steps is to be reported.
    pub(crate) fn report_due(&self, state: &TrainingState, window: usize) -> bool {
        // A resumed window may already be longer than `train.log_every_steps` now says, so `==` would miss it.
        window >= self.log_every || self.is_last_of_epoch(state)
    }
}
