//! Progress of a training run on standard error: a bar on a terminal, plain lines elsewhere.

use std::io;
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressStyle};
use learner::Observer;
use learner::evaluate::Predictions;
use learner::recorder::Recorder;
use learner::snapshot::Snapshot;
use run_files::{EpochEvent, Event, StartEvent, StepEvent};

use crate::exit::note;
use crate::signals::Signals;
use crate::tensorboard::TensorBoard;

/// Plain lines between two epochs, where there is no bar to watch.
const LINES_AN_EPOCH: usize = 4;

/// Shows a run's progress, and passes everything on to the recorder and signals to the loop.
pub(crate) struct Progress {
    recorder: Recorder,
    board: Option<TensorBoard>,
    /// Of the best epoch, if this process saw it.
    best_answers: Option<Predictions>,
    signals: Signals,
    bar: Option<ProgressBar>,
    size: RunSize,
    started: Instant,
    epoch_started: Instant,
    /// Quarters of epochs that are done.
    quarter: usize,
}

#[derive(Clone, Copy, Default)]
struct RunSize {
    epochs: usize,
    steps_per_epoch: usize,
    batch_size: usize,
    /// Steps done before this process.
    resumed_at: usize,
}

impl Progress {
    pub(crate) fn new(recorder: Recorder, board: Option<TensorBoard>, signals: Signals) -> Self {
        let (started, size) = (Instant::now(), RunSize::default());
        let (best_answers, bar, epoch_started, quarter) = (None, None, started, 0);
        Self { recorder, board, best_answers, signals, bar, size, started, epoch_started, quarter }
    }

    /// What the best model answered to the validation pictures, if this process asked it.
    pub(crate) fn into_best_answers(self) -> Option<Predictions> {
        self.best_answers
    }

    /// Takes the bar away, so that what is said next stands alone.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// How long the run has trained, before an interruption as well.
    pub(crate) fn learned(&self) -> Duration {
        Duration::from_secs_f64(self.recorder.seconds())
    }

    fn start(&mut self) {
        self.started = Instant::now();
        self.epoch_started = self.started;
        if self.size.resumed_at >= self.size.epochs * self.size.steps_per_epoch {
            return note("all epochs are done already");
        }
        if Term::stderr().is_term() {
            let bar = ProgressBar::new((self.size.epochs * self.size.steps_per_epoch) as u64);
            bar.set_style(style());
            bar.set_position(self.size.resumed_at as u64);
            // Else the time left would count steps that this process did not take.
            bar.reset_eta();
            bar.enable_steady_tick(Duration::from_millis(200));
            self.bar = Some(bar);
        }
        self.say(EPOCH_HEADER);
    }

    fn step_line(&self, step: &StepEvent) {
        let here = step.step - self.size.resumed_at;
        let done = here as f64 / self.started.elapsed().as_secs_f64();
        let text = format!(
            "{:.0} images/s, loss {:.4}, accuracy {:.2} %",
            done * self.size.batch_size as f64,
            step.loss,
            100.0 * step.accuracy
        );
        if let Some(bar) = &self.bar {
            bar.set_message(text);
            return;
        }
        let total = self.size.epochs * self.size.steps_per_epoch;
        let left = (total - step.step) as f64 / done;
        note(&format!(
            "  step {}/{total}: {text}, {} left",
            step.step,
            duration(Duration::from_secs_f64(left))
        ));
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => note(line),
        }
    }
}

impl Observer for Progress {
    fn step(&mut self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    fn resumed(&mut self, step: usize) {
        self.size.resumed_at = step;
        self.recorder.resumed(step);
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            &Event::Start(StartEvent { epochs, steps_per_epoch, batch_size, .. }) => {
                self.size = RunSize { epochs, steps_per_epoch, batch_size, ..self.size };
                self.quarter = self.size.resumed_at * LINES_AN_EPOCH / steps_per_epoch;
                self.start();
            }
            Event::Step(step) => {
                // Without a bar, a line a quarter of an epoch; the epoch's end is in the table.
                let quarter = step.step * LINES_AN_EPOCH / self.size.steps_per_epoch;
                let is_end = step.step % self.size.steps_per_epoch == 0;
                if self.bar.is_some() || (quarter > self.quarter && !is_end) {
                    self.step_line(step);
                }
                self.quarter = quarter;
            }
            Event::Epoch(epoch) => {
                self.say(&epoch_line(epoch, self.epoch_started.elapsed()));
                self.epoch_started = Instant::now();
            }
            Event::Finish(_) => {
                if let Some(bar) = &self.bar {
                    bar.finish_and_clear();
                }
            }
            Event::Unknown => {}
        }
        if let Some(board) = &mut self.board {
            board.event(event)?;
        }
        self.recorder.event(event)
    }

    fn validated(&mut self, answers: Predictions, is_best: bool) {
        if is_best {
            self.best_answers = Some(answers);
        }
    }

    fn checkpoint(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        self.recorder.checkpoint(snapshot)
    }

    fn stop_requested(&self) -> bool {
        self.signals.received().is_some()
    }
}

const EPOCH_HEADER: &str = "epoch  train loss  train acc.  valid. loss  valid. acc.    time";

fn epoch_line(epoch: &EpochEvent, took: Duration) -> String {
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

fn style() -> ProgressStyle {
    // The bar takes what the text leaves of the terminal's width.
    ProgressStyle::with_template("{wide_bar} {pos}/{len}  {msg}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A duration for people: 8.3 s, 1:05, 2:10:00.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{}:{:02}", whole / 60, whole % 60),
        _ => format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let text = |s| duration(Duration::from_secs_f64(s));
        assert_eq!([text(0.04), text(8.31), text(65.2), text(7800.0)], ["0.0 s", "8.3 s", "1:05", "2:10:00"]);
    }

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
        let line = epoch_line(&epoch, Duration::from_secs(3601));
        assert!(line.len() <= 80, "{line}");
        assert!(line.starts_with("   12      0.0123    100.00 %      12.5000       98.77 %"), "{line}");
    }
}
