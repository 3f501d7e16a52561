//! The plan of a run: how many steps it has, and when an event or a checkpoint is due. It is pure arithmetic.

use dataset::{TrainSet, ValidationSet};
use run_files::{Event, StartEvent};

use crate::config::TrainConfig;
use crate::train::error::FitError;
use crate::train::state::TrainingState;

/// The numbers of images, steps and epochs of a run, and the intervals of its events and checkpoints.
pub(crate) struct Plan {
    epochs: usize,
    patience: usize,
    pub(crate) batch_size: usize,
    pub(crate) shards: usize,
    steps_per_epoch: usize,
    /// Number of training images.
    pub(crate) train: usize,
    /// Number of validation images.
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
        let (batch_size, shards) = (config.batch_size.get().min(train), config.shards.get());
        if !batch_size.is_multiple_of(shards) {
            return Err(FitError::Shards { shards, batch_size });
        }
        Ok(Self {
            epochs: config.epochs.get(),
            patience: config.patience,
            batch_size,
            shards,
            steps_per_epoch: train / batch_size,
            train,
            validation,
            log_every: config.log_every_steps.get(),
            checkpoint_every: config.checkpoint_every_steps,
        })
    }

    /// Checks that so many processes can divide the shards of a step among them.
    pub(crate) fn check_processes(&self, processes: usize) -> Result<(), FitError> {
        let shards = self.shards;
        if processes.is_power_of_two() && processes <= shards {
            return Ok(());
        }
        Err(FitError::Processes { processes, shards })
    }

    /// Checks that a run with this plan can have reached this training state.
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

    /// The epoch of the next step. It is the epoch under way or, at its end, the following one; it is `None`
    /// if all epochs are done, or if `train.patience` ends the run.
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

    /// Whether a checkpoint is due within an epoch, by the plan or because it is `wanted`. The end of an epoch
    /// always has a checkpoint, so this is false there.
    pub(crate) fn checkpoint_due(&self, state: &TrainingState, wanted: bool) -> bool {
        let is_due = self.checkpoint_every > 0 && state.step.is_multiple_of(self.checkpoint_every);
        (is_due || wanted) && !self.is_last_of_epoch(state)
    }

    /// Whether a logging window of `window_steps` steps ends here.
    pub(crate) fn report_due(&self, state: &TrainingState, window_steps: usize) -> bool {
        // A run may be resumed with a smaller `train.log_every_steps`, and its window may then be longer
        // already, so a comparison with `==` would miss the end.
        window_steps >= self.log_every || self.is_last_of_epoch(state)
    }
}
