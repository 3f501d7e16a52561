//! Shows training where there is no terminal: a table with a line for each epoch, and a few lines in between.

use std::io;
use std::time::Duration;

use learner::train::observer::Observer;
use learner::train::state::Snapshot;
use run_files::{Event, StepEvent};

use crate::exit::note;
use crate::signals::Signals;
use crate::ui::epoch_table::{ALL_DONE, EpochTable, HEADER, requested_checkpoint};
use crate::ui::numbers::duration;

/// An epoch is divided into this many parts; at the end of each a line is printed.
const PARTS_OF_AN_EPOCH: usize = 4;

/// Shows a run as plain lines.
pub(crate) struct TrainingLines<'a> {
    signals: &'a Signals,
    table: EpochTable,
    /// Number of parts that are done, counted from the start of the run.
    parts: usize,
}

impl Observer for TrainingLines<'_> {
    fn resumed(&mut self, step: usize) {
        self.table.resumed(step);
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Start(start) => {
                self.table.start(start);
                self.parts = self.parts_done(self.table.resumed_at());
                note(if self.table.is_done() { ALL_DONE } else { HEADER });
            }
            Event::Step(step) => self.step_line(step),
            Event::Epoch(epoch) => note(&self.table.line(epoch)),
            Event::Finish(_) | Event::Unknown => {}
        }
        Ok(())
    }

    fn checkpoint(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        if self.signals.take_requested() {
            note(&requested_checkpoint(snapshot.state.step));
        }
        Ok(())
    }
}

impl<'a> TrainingLines<'a> {
    pub(crate) fn new(signals: &'a Signals) -> Self {
        Self { signals, table: EpochTable::default(), parts: 0 }
    }

    fn parts_done(&self, step: usize) -> usize {
        step * PARTS_OF_AN_EPOCH / self.table.steps_per_epoch()
    }

    fn step_line(&mut self, step: &StepEvent) {
        let parts = self.parts_done(step.step);
        // The table has a line for the end of an epoch already.
        let is_end = step.step.is_multiple_of(self.table.steps_per_epoch());
        if parts > self.parts && !is_end {
            let total = self.table.total_steps();
            let left = (total - step.step) as f64 / self.table.steps_per_second(step);
            note(&format!(
                "  step {}/{total}: {}, {} left",
                step.step,
                self.table.rate(step),
                duration(Duration::from_secs_f64(left))
            ));
        }
        self.parts = parts;
    }
}
