//! Writes the table of epochs and the speed of a run, which the bar and the plain lines share.

use std::time::{Duration, Instant};

use run_files::{EpochEvent, StartEvent, StepEvent};

use crate::ui::numbers::duration;

pub(crate) const HEADER: &str = "epoch  train loss  train acc.  valid. loss  valid. acc.    time";
pub(crate) const ALL_DONE: &str = "all epochs are done already";

/// The line about a checkpoint that a signal requested.
pub(crate) fn requested_checkpoint(step: usize) -> String {
    format!("  step {step}: writing the checkpoint that the signal USR1 requested")
}

/// What the table has to know of a run: its size, and when it started.
pub(crate) struct EpochTable {
    size: StartEvent,
    /// Number of steps that earlier processes have done.
    resumed_at: usize,
    started: Instant,
    epoch_started: Instant,
}

impl Default for EpochTable {
    fn default() -> Self {
        let now = Instant::now();
        Self { size: StartEvent::default(), resumed_at: 0, started: now, epoch_started: now }
    }
}

impl EpochTable {
    pub(crate) fn resumed(&mut self, step: usize) {
        self.resumed_at = step;
    }

    pub(crate) fn start(&mut self, size: &StartEvent) {
        self.size = *size;
        self.started = Instant::now();
        self.epoch_started = self.started;
    }

    pub(crate) fn resumed_at(&self) -> usize {
        self.resumed_at
    }

    pub(crate) fn total_steps(&self) -> usize {
        self.size.epochs * self.size.steps_per_epoch
    }

    pub(crate) fn steps_per_epoch(&self) -> usize {
        self.size.steps_per_epoch.max(1)
    }

    /// Whether the run was resumed after its last step.
    pub(crate) fn is_done(&self) -> bool {
        self.resumed_at >= self.total_steps()
    }

    /// Speed, as the mean over the steps of this process.
    pub(crate) fn steps_per_second(&self, step: &StepEvent) -> f64 {
        (step.step - self.resumed_at) as f64 / self.started.elapsed().as_secs_f64()
    }

    /// Speed, loss and accuracy in a few words.
    pub(crate) fn rate(&self, step: &StepEvent) -> String {
        format!(
            "{:.0} images/s, loss {:.4}, accuracy {:.2} %",
            self.steps_per_second(step) * self.size.batch_size as f64,
            step.loss,
            100.0 * step.accuracy
        )
    }

    /// The line of an epoch that has just ended.
    pub(crate) fn line(&mut self, epoch: &EpochEvent) -> String {
        let took = self.epoch_started.elapsed();
        self.epoch_started = Instant::now();
        line(epoch, took)
    }
}

fn line(epoch: &EpochEvent, took: Duration) -> String {
    format!(
        "{:>5}  {:>10.4}  {:>8.2} %  {:>11.4}  {:>10.2} %  {:>6}{}",
        epoch.epoch,
        epoch.train_loss,
        100.0 * epoch.train_accuracy,
        epoch.validation_loss,
        100.0 * epoch.validation_accuracy,
        duration(took),
        if epoch.is_best { "  best" } else { "" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_aligned_and_fits_80_columns() {
        let epoch = EpochEvent {
            epoch: 12,
            step: 5148,
            train_loss: 0.01234,
            train_accuracy: 1.0,
            validation_loss: 12.5,
            validation_accuracy: 0.98765,
            is_best: true,
        };
        let line = line(&epoch, Duration::from_secs(3601));
        assert!(line.len() <= 80, "{line}");
        assert!(line.starts_with("   12      0.0123    100.00 %      12.5000       98.77 %"), "{line}");
    }
}
