//! Observers of a run in training: their trait, and a list of observers that acts as one.

use std::io;

use run_files::Event;

use crate::eval::logits::Logits;
use crate::train::state::Snapshot;

/// An observer of a run in training. The training loop calls its methods as things happen.
///
/// An error of an observer ends the loop, because there is no use in finishing a run whose events and
/// checkpoints cannot be saved.
pub trait Observer {
    /// Called before the start event of a resumed run, which had taken `step` steps before the interruption.
    fn resumed(&mut self, _step: usize) {}

    /// Called after each step, so it must be quick.
    fn step(&mut self) {}

    /// Called with each event of the run. A resumed run reports [`Event::Start`] again.
    ///
    /// # Errors
    /// If the event cannot be saved.
    fn event(&mut self, _event: &Event) -> io::Result<()> {
        Ok(())
    }

    /// Called before an epoch's event with the logits for the validation images. `is_best` says whether the
    /// epoch is the best so far.
    fn validated(&mut self, _logits: &Logits, _is_best: bool) {}

    /// Called with a snapshot from which the run can be resumed.
    ///
    /// # Errors
    /// If the snapshot cannot be saved.
    fn checkpoint(&mut self, _snapshot: &Snapshot) -> io::Result<()> {
        Ok(())
    }

    /// Whether the run is to end with a checkpoint after the step under way. The loop calls this in each step
    /// and at the end of each epoch.
    fn stop_requested(&self) -> bool {
        false
    }

    /// Whether a checkpoint is to be written after the step under way, and the run goes on. The loop calls this
    /// once in each step, and a request counts once.
    fn checkpoint_requested(&self) -> bool {
        false
    }
}

/// A list of observers that acts as one observer. Each call goes to all of them, in the order of the list.
pub struct Observers<'a>(pub Vec<&'a mut dyn Observer>);

impl Observer for Observers<'_> {
    fn resumed(&mut self, step: usize) {
        self.0.iter_mut().for_each(|observer| observer.resumed(step));
    }

    fn step(&mut self) {
        self.0.iter_mut().for_each(|observer| observer.step());
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|observer| observer.event(event))
    }

    fn validated(&mut self, logits: &Logits, is_best: bool) {
        self.0.iter_mut().for_each(|observer| observer.validated(logits, is_best));
    }

    fn checkpoint(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|observer| observer.checkpoint(snapshot))
    }

    fn stop_requested(&self) -> bool {
        self.0.iter().any(|observer| observer.stop_requested())
    }

    fn checkpoint_requested(&self) -> bool {
        // Each observer is asked, because an observer that is not asked would repeat its request later.
        self.0.iter().fold(false, |requested, observer| observer.checkpoint_requested() | requested)
    }
}

/// An observer that keeps the validation logits of the best epoch, so that they need not be computed again
/// at the end of the run.
#[derive(Debug, Default)]
pub(crate) struct BestLogits(pub(crate) Option<Logits>);

impl Observer for BestLogits {
    fn validated(&mut self, logits: &Logits, is_best: bool) {
        if is_best {
            self.0 = Some(logits.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Counter {
        steps: usize,
        requests_stop: bool,
    }

    impl Observer for Counter {
        fn step(&mut self) {
            self.steps += 1;
        }

        fn stop_requested(&self) -> bool {
            self.requests_stop
        }
    }

    #[test]
    fn every_observer_is_called_and_any_of_them_may_stop_the_run() {
        let [mut a, mut b] = [Counter::default(), Counter { requests_stop: true, ..Counter::default() }];
        let mut both = Observers(vec![&mut a, &mut b]);
        both.step();
        assert!(both.stop_requested());
        assert!(!Observers(vec![&mut a]).stop_requested());
        assert_eq!([a.steps, b.steps], [1, 1]);
    }

    #[test]
    fn only_the_logits_of_the_best_epoch_are_kept() {
        let logits = |value| Logits::new(1, vec![0], vec![value]);
        let mut kept = BestLogits::default();
        kept.validated(&logits(1.0), true);
        kept.validated(&logits(2.0), false);
        assert_eq!(kept.0, Some(logits(1.0)));
    }
}
