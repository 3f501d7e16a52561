//! INT and TERM: the first asks the run to end after its step, the second ends the process at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::Context;
use learner::train::observer::Observer;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The signals that were received so far. As an observer of a run they ask it to stop.
#[derive(Debug)]
pub(crate) struct Signals {
    /// The number of the last signal, or 0.
    last: Arc<AtomicUsize>,
}

impl Signals {
    /// Listens from now on. Before this, a signal ends the process as usual.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let (last, again) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let register = |signal| {
            // Handlers run in this order. At the first signal `again` is still false, so the process goes on
            // and `again` becomes true. At the second one it is true, and the process ends.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&again))?;
            flag::register(signal, Arc::clone(&again))?;
            flag::register_usize(signal, Arc::clone(&last), signal as usize)
        };
        for signal in [SIGINT, SIGTERM] {
            register(signal).context("signals cannot be listened to")?;
        }
        Ok(Self { last })
    }

    /// The number of the last signal, if there was one.
    pub(crate) fn received(&self) -> Option<u8> {
        u8::try_from(self.last.load(Ordering::Relaxed)).ok().filter(|signal| *signal > 0)
    }
}

impl Observer for &Signals {
    fn stop_requested(&self) -> bool {
        self.received().is_some()
    }
}
