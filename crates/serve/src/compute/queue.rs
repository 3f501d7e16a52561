//! Images wait here, the small ones apart from the large ones, and no more than a server can answer soon.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::compute::answering::{Opened, Options};
use crate::compute::upload::Upload;
use crate::failure::Failure;
use crate::http::held::Held;
use crate::metrics::Metrics;

/// The most images that are computed together. More would be no faster, and the first would wait for the last.
const BATCH: usize = 32;

pub(crate) type Reply = oneshot::Sender<Result<Bytes, Failure>>;

/// An image that waits.
pub(crate) struct Job {
    pub(crate) upload: Upload,
    pub(crate) options: Options,
    pub(crate) reply: Reply,
    pub(crate) since: Instant,
    /// Lets go of the body's bytes in the account of all bodies.
    pub(crate) held: Held,
}

/// An image that was decoded by itself and is computed with others.
pub(crate) struct Decoded {
    pub(crate) opened: Opened,
    pub(crate) reply: Reply,
}

#[derive(Default)]
struct Waiting {
    quick: VecDeque<Job>,
    large: VecDeque<Job>,
    decoded: VecDeque<Decoded>,
    /// No more is taken, because the server ends.
    has_ended: bool,
}

/// What is computed next.
pub(crate) struct Batch {
    pub(crate) quick: Vec<Job>,
    pub(crate) decoded: Vec<Decoded>,
}

pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    quick_or_decoded: Condvar,
    large: Condvar,
    /// Of each kind.
    most: usize,
    metrics: Arc<Metrics>,
}

impl Queue {
    pub(crate) fn new(most: usize, metrics: Arc<Metrics>) -> Self {
        Self {
            waiting: Mutex::default(),
            quick_or_decoded: Condvar::new(),
            large: Condvar::new(),
            most: most.max(1),
            metrics,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether even a small image would be refused now.
    pub(crate) fn is_full(&self) -> bool {
        self.lock().quick.len() >= self.most
    }

    /// Lets an image wait.
    ///
    /// # Errors
    /// If too many wait already, or the server ends.
    pub(crate) fn push(&self, job: Job) -> Result<(), Failure> {
        let is_quick = job.upload.is_quick();
        let mut waiting = self.lock();
        if waiting.has_ended {
            return Err(Failure::ending());
        }
        let jobs = if is_quick { &mut waiting.quick } else { &mut waiting.large };
        if jobs.len() >= self.most {
            return Err(Failure::busy("too many images wait to be read; ask again a little later"));
        }
        jobs.push_back(job);
        self.metrics.waiting.fetch_add(1, Ordering::Relaxed);
        drop(waiting);
        if is_quick {
            self.quick_or_decoded.notify_one();
        } else {
            self.large.notify_one();
        }
        Ok(())
    }

    /// Lets a large image that is decoded be computed with others. It comes back if the server ends, because then nobody
    /// may be left to do so.
    pub(crate) fn push_decoded(&self, decoded: Decoded) -> Option<Decoded> {
        let mut waiting = self.lock();
        if waiting.has_ended {
            return Some(decoded);
        }
        waiting.decoded.push_back(decoded);
        drop(waiting);
        self.quick_or_decoded.notify_one();
        None
    }

    /// The images that wait, up to a batch. Nobody waits for more to come: while a batch is computed, the next one
    /// gathers. `None` once the server has ended.
    pub(crate) fn next_batch(&self) -> Option<Batch> {
        let mut waiting = self.lock();
        loop {
            if !waiting.quick.is_empty() || !waiting.decoded.is_empty() {
                // Few come decoded, so the small images are not kept waiting by these.
                let count = waiting.decoded.len().min(BATCH);
                let decoded: Vec<Decoded> = waiting.decoded.drain(..count).collect();
                let count = waiting.quick.len().min(BATCH - decoded.len());
                let quick: Vec<Job> = waiting.quick.drain(..count).collect();
                self.metrics.waiting.fetch_sub(quick.len(), Ordering::Relaxed);
                return Some(Batch { quick, decoded });
            }
            if waiting.has_ended {
                return None;
            }
            waiting = self.quick_or_decoded.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The large image that has waited for longest.
    pub(crate) fn next_large(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if let Some(job) = waiting.large.pop_front() {
                self.metrics.waiting.fetch_sub(1, Ordering::Relaxed);
                return Some(job);
            }
            if waiting.has_ended {
                return None;
            }
            waiting = self.large.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Refuses whatever waits, and lets the threads end.
    pub(crate) fn end(&self) {
        let mut waiting = self.lock();
        waiting.has_ended = true;
        let Waiting { quick, large, .. } = &mut *waiting;
        let rest: Vec<Job> = quick.drain(..).chain(large.drain(..)).collect();
        drop(waiting);
        self.metrics.waiting.fetch_sub(rest.len(), Ordering::Relaxed);
        for job in rest {
            // Whoever asked may have gone.
            drop(job.reply.send(Err(Failure::ending())));
        }
        self.quick_or_decoded.notify_all();
        self.large.notify_all();
    }
}

/// Counts something as in work until it is dropped.
pub(crate) struct InWork<'a>(&'a AtomicUsize, usize);

impl<'a> InWork<'a> {
    pub(crate) fn new(metrics: &'a Metrics, count: usize) -> Self {
        metrics.in_work.fetch_add(count, Ordering::Relaxed);
        Self(&metrics.in_work, count)
    }
}

impl Drop for InWork<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::Relaxed);
    }
}
