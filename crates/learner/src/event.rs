//! Who listens to a run while it learns.

use std::io;

use run_files::Event;

use crate::evaluate::Predictions;
use crate::snapshot::Snapshot;

/// Listens to a run.
///
/// The loop stops with the listener's error: a run whose results cannot be kept is not worth
/// finishing.
pub trait Observer {
    /// A step was taken; called after each one, so it must be quick.
    fn step(&mut self) {}

    /// The run is resumed after so many steps; said before the start event, and not in a new run.
    fn resumed(&mut self, _step: usize) {}

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
