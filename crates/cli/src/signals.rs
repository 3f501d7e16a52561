//! The signals that end the program, and the one that asks a run for a checkpoint.
//!
//! While nothing is being trained, a signal ends the process at once. While a run is trained, the first signal
//! ends the run after its step and with a checkpoint. A server answers first what it was asked.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::Context;
use learner::train::observer::Observer;
#[cfg(unix)]
use signal_hook::consts::{SIGHUP, SIGUSR1, SIGXCPU, SIGXFSZ};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Signals with which a person or a supervisor asks for an end. The second one ends the process at once.
const ASKING: [i32; 2] = [SIGINT, SIGTERM];
/// Signals that the system sends by itself: a terminal was closed, or the limit of processor time is reached.
/// They often come more than once, for example from the terminal and from the shell, or each second. So they
/// never end a process that is writing its checkpoint.
#[cfg(unix)]
const TELLING: [i32; 2] = [SIGHUP, SIGXCPU];
#[cfg(not(unix))]
const TELLING: [i32; 0] = [];

/// The number of the signal that asks for an end on every system.
pub(crate) const TERM: u8 = SIGTERM as u8;

/// The signals that were received so far. As an observer of a run they ask it to stop, or for a checkpoint.
#[derive(Debug)]
pub(crate) struct Signals {
    /// The number of the last signal that asks for an end, or 0.
    last: Arc<AtomicUsize>,
    /// Whether the next signal ends the process at once.
    at_once: Arc<AtomicBool>,
    /// Whether a checkpoint is requested.
    checkpoint: Arc<AtomicBool>,
    /// Whether the checkpoint that is written next was requested by a signal.
    is_requested: Cell<bool>,
}

impl Signals {
    /// Listens from now on.
    ///
    /// The program listens from its start, because the first process of a container does not get signals that
    /// it does not listen to.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let signals = Self {
            last: Arc::default(),
            at_once: Arc::new(AtomicBool::new(true)),
            checkpoint: Arc::default(),
            is_requested: Cell::new(false),
        };
        signals.register().context("signals cannot be listened to")?;
        Ok(signals)
    }

    fn register(&self) -> std::io::Result<()> {
        for signal in ASKING.into_iter().chain(TELLING).filter(|signal| !is_ignored(*signal)) {
            // Handlers run in this order. At the first signal of a run in training, `at_once` is false, so the
            // process goes on and `at_once` becomes true. At the second one it is true, and the process ends.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&self.at_once))?;
            if ASKING.contains(&signal) {
                flag::register(signal, Arc::clone(&self.at_once))?;
            }
            flag::register_usize(signal, Arc::clone(&self.last), signal as usize)?;
        }
        #[cfg(unix)]
        {
            flag::register(SIGUSR1, Arc::clone(&self.checkpoint))?;
            // A file that would grow over the limit of `ulimit -f` would end the process without a word. When
            // the signal is listened to, the write fails instead, and its error is reported as any other.
            flag::register(SIGXFSZ, Arc::default())?;
        }
        Ok(())
    }

    /// From now on the first signal no longer ends the process, because the caller sees it: a run that is trained
    /// after each step, a server many times a second.
    pub(crate) fn are_seen(&self) {
        if self.received().is_none() {
            self.at_once.store(false, Ordering::SeqCst);
        }
    }

    /// The number of the last signal that asked for an end, if there was one.
    pub(crate) fn received(&self) -> Option<u8> {
        u8::try_from(self.last.load(Ordering::SeqCst)).ok().filter(|signal| *signal > 0)
    }

    /// Whether the checkpoint that is about to be written was requested by a signal. The question is answered
    /// with yes once for each request.
    pub(crate) fn take_requested(&self) -> bool {
        self.is_requested.take()
    }
}

impl Observer for &Signals {
    fn stop_requested(&self) -> bool {
        self.received().is_some()
    }

    fn checkpoint_requested(&self) -> bool {
        let is_requested = self.checkpoint.swap(false, Ordering::SeqCst);
        if is_requested {
            self.is_requested.set(true);
        }
        is_requested
    }
}

/// Whether this process is to survive the signal, because whoever started it had the signal ignored.
///
/// `nohup` does so with HUP. INT is listened to in any case, because shells have it ignored by each command of
/// a script that runs in the background, and there it is the usual way to stop a run.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    use std::io::IsTerminal;

    if signal != SIGHUP {
        return false;
    }
    match std::fs::read_to_string("/proc/self/status") {
        Ok(status) => ignores(&status, signal),
        // Where the system does not tell, a program without a terminal was probably started by `nohup`.
        Err(_) => !std::io::stderr().is_terminal(),
    }
}

#[cfg(not(unix))]
fn is_ignored(_signal: i32) -> bool {
    false
}

/// Whether the line `SigIgn` of Linux's `/proc/self/status` says that the signal is ignored.
#[cfg(unix)]
fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_nohup_had_ignored_stays_ignored() {
        let status = "Name:\tmnist-cnn\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000001\n";
        assert!(ignores(status, SIGHUP));
        assert!(!ignores(status, SIGXCPU));
        assert!(!ignores("Name:\tmnist-cnn\n", SIGHUP));
        assert!(!ignores("SigIgn:\tx\n", SIGHUP));
    }
}
