//! INT and TERM: the first asks the run to end after its step, the second ends the process at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::Context;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// What signals have said so far.
#[derive(Debug)]
pub(crate) struct Signals {
    /// The number of the last signal, or 0.
    last: Arc<AtomicUsize>,
}

impl Signals {
    /// Listens from now on; before this, a signal ends the process as usual.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let (last, again) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let register = |signal| {
            // In this order: the first signal finds the flag down and raises it, the second finds it up.
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

    /// The same flag, for another who watches it.
    pub(crate) fn share(&self) -> Self {
        Self { last: Arc::clone(&self.last) }
    }
}
