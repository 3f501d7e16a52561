//! Who observes a run while it trains: one trait, and a list of observers as one.

use std::io;

use run_files::Event;

use crate::eval::logits::Logits;
use crate::train::state::Snapshot;

/// Observes a run.
///
/// The loop stops with an observer's error: a run whose results cannot be kept is not worth
/// finishing.
pub trait Observer {
    /// The run continues after `step` steps, which were taken before an interruption; called before its start event.
    fn resumed(&mut self, _step: usize) {}

    /// A step was taken. This is called after each one, so it must be quick.
    fn step(&mut self) {}

    /// Something happened. A resumed run reports [`Event::Start`] again.
    ///
    /// # Errors
    /// If what happened cannot be kept.
    fn event(&mut self, _event: &Event) -> io::Result<()> {
        Ok(())
    }

    /// An epoch was validated with these logits; called before the epoch's event.
    fn validated(&mut self, _logits: &Logits, _is_best: bool) {}

    /// The run can be resumed from this snapshot.
    ///
    /// # Errors
    /// If the checkpoint cannot be kept.
    fn checkpoint(&mut self, _snapshot: &Snapshot) -> io::Result<()> {
        Ok(())
    }

    /// Whether the run shall write a checkpoint after the step under way, and end there.
    fn stop_requested(&self) -> bool {
        false
    }
}

/// Several observers as one. Each is told in the order of the list.
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
}

/// Keeps the logits of the best epoch, so that the best model need not be asked again at the end.
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
        stops: bool,
    }

    impl Observer for Counter {
        fn step(&mut self) {
            self.steps += 1;
        }

        fn stop_requested(&self) -> bool {
            self.stops
        }
    }

    #[test]
    fn every_observer_is_told_and_any_may_stop_the_run() {
        let [mut a, mut b] = [Counter::default(), Counter { stops: true, ..Counter::default() }];
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
