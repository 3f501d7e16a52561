//! Shows training on a terminal: a bar, and above it a table with a line for each epoch.

use std::io;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use learner::train::observer::Observer;
use learner::train::state::Snapshot;
use run_files::Event;

use crate::exit::note;
use crate::signals::Signals;
use crate::ui::epoch_table::{ALL_DONE, EpochTable, HEADER, requested_checkpoint};

/// Shows a run as a bar.
pub(crate) struct TrainingBar<'a> {
    signals: &'a Signals,
    table: EpochTable,
    bar: Option<ProgressBar>,
}

impl Observer for TrainingBar<'_> {
    fn resumed(&mut self, step: usize) {
        self.table.resumed(step);
    }

    fn step(&mut self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Start(start) => {
                self.table.start(start);
                if self.table.is_done() {
                    note(ALL_DONE);
                    return Ok(());
                }
                let bar = ProgressBar::new(self.table.total_steps() as u64).with_style(style());
                bar.set_position(self.table.resumed_at() as u64);
                // Otherwise the time left would be estimated with steps that this process did not take.
                bar.reset_eta();
                bar.enable_steady_tick(Duration::from_millis(200));
                bar.println(HEADER);
                self.bar = Some(bar);
            }
            Event::Step(step) => {
                if let Some(bar) = &self.bar {
                    bar.set_message(self.table.rate(step));
                }
            }
            Event::Epoch(epoch) => {
                let line = self.table.line(epoch);
                if let Some(bar) = &self.bar {
                    bar.println(line);
                }
            }
            Event::Finish(_) => self.clear(),
            Event::Unknown => {}
        }
        Ok(())
    }

    fn checkpoint(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        if self.signals.take_requested()
            && let Some(bar) = &self.bar
        {
            bar.println(requested_checkpoint(snapshot.state.step));
        }
        Ok(())
    }
}

impl<'a> TrainingBar<'a> {
    pub(crate) fn new(signals: &'a Signals) -> Self {
        Self { signals, table: EpochTable::default(), bar: None }
    }

    /// Removes the bar, so that it does not mix with the lines that are printed next.
    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for TrainingBar<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

fn style() -> ProgressStyle {
    // The bar fills the width of the terminal that the text leaves free.
    ProgressStyle::with_template("{wide_bar} {pos}/{len}  {msg}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
