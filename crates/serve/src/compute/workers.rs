//! The threads that compute: one for batches of small images, and a few that decode large ones.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use network::reading::{Found, Reading};
use rayon::prelude::*;

use crate::compute::answering::{Opened, Rest};
use crate::compute::queue::{Batch, Decoded, InWork, Job, Queue, Reply};
use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::model::Model;

/// What the threads share.
pub(crate) struct Workers {
    pub(crate) queue: Arc<Queue>,
    pub(crate) model: Arc<Model>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) waiting_time: Duration,
}

impl Workers {
    /// Starts the threads. They end when the queue does.
    pub(crate) fn start(self, large: usize) -> std::io::Result<()> {
        let workers = Arc::new(self);
        for _ in 0..large.max(1) {
            let workers = Arc::clone(&workers);
            thread::Builder::new().name("decode".into()).spawn(move || {
                while let Some(job) = workers.queue.next_large() {
                    workers.read_large(job);
                }
            })?;
        }
        thread::Builder::new().name("compute".into()).spawn(move || {
            while let Some(batch) = workers.queue.next_batch() {
                // The kernels hand work over to other threads, which this one would have to wait for each time.
                rayon::scope(|_| workers.read_batch(batch));
            }
        })?;
        Ok(())
    }

    /// Whether anybody still waits for the answer. Who has waited for too long is told so.
    fn is_awaited(&self, job: Job) -> Option<Job> {
        if job.reply.is_closed() {
            return None;
        }
        if job.since.elapsed() > self.waiting_time {
            send(
                job.reply,
                Err(Failure::busy("the image has waited for too long; ask again a little later")),
            );
            return None;
        }
        Some(job)
    }

    fn open(&self, job: Job) -> Result<Decoded, (Reply, Failure)> {
        let Job { upload, options, reply, held, .. } = job;
        let opened = guarded(|| Opened::new(&upload, options, &self.model));
        drop((upload, held));
        match opened {
            Ok(opened) => Ok(Decoded { opened, reply }),
            Err(failure) => Err((reply, failure)),
        }
    }

    fn read_large(&self, job: Job) {
        let _in_work = InWork::new(&self.metrics, 1);
        let Some(job) = self.is_awaited(job) else { return };
        match self.open(job) {
            Ok(decoded) => {
                let is_single = matches!(decoded.opened.found, Found::One(_));
                let left = if is_single { self.queue.push_decoded(decoded) } else { Some(decoded) };
                left.into_iter().for_each(|decoded| self.read_alone(decoded));
            }
            Err((reply, failure)) => send(reply, Err(failure)),
        }
    }

    /// Reads what is found in one image. It may be many digits, which are computed together.
    fn read_alone(&self, Decoded { opened, reply }: Decoded) {
        let (found, rest) = opened.into_parts();
        let answer = guarded(|| {
            let reading = self.model.reader.classify(vec![found]).pop().unwrap_or_default();
            rest.answer(reading, &self.model)
        });
        send(reply, answer);
    }

    fn read_batch(&self, batch: Batch) {
        let Batch { quick, decoded } = batch;
        let _in_work = InWork::new(&self.metrics, quick.len() + decoded.len());
        let jobs: Vec<Job> = quick.into_iter().filter_map(|job| self.is_awaited(job)).collect();
        let opened: Vec<Result<Decoded, (Reply, Failure)>> = match jobs.len() {
            // To call the other threads would take longer.
            0..=2 => jobs.into_iter().map(|job| self.open(job)).collect(),
            _ => jobs.into_par_iter().map(|job| self.open(job)).collect(),
        };
        let mut together = Vec::new();
        let mut alone = Vec::new();
        for opened in decoded.into_iter().map(Ok).chain(opened) {
            match opened {
                Ok(decoded) if matches!(decoded.opened.found, Found::Several(_)) => alone.push(decoded),
                Ok(decoded) => together.push(decoded),
                Err((reply, failure)) => send(reply, Err(failure)),
            }
        }
        self.read_together(together);
        alone.into_par_iter().for_each(|decoded| self.read_alone(decoded));
    }

    fn read_together(&self, together: Vec<Decoded>) {
        if together.is_empty() {
            return;
        }
        self.metrics.batch(together.len());
        let mut replies: Vec<(Rest, Reply)> = Vec::with_capacity(together.len());
        let mut found = Vec::with_capacity(together.len());
        for Decoded { opened, reply } in together {
            let (one, rest) = opened.into_parts();
            found.push(one);
            replies.push((rest, reply));
        }
        let readings: Result<Vec<Reading>, Failure> = guarded(|| Ok(self.model.reader.classify(found)));
        match readings {
            Ok(readings) => {
                for ((rest, reply), reading) in replies.into_iter().zip(readings) {
                    send(reply, guarded(|| rest.answer(reading, &self.model)));
                }
            }
            Err(failure) => replies.into_iter().for_each(|(_, reply)| send(reply, Err(failure.clone()))),
        }
    }
}

/// Whoever asked may have gone.
fn send(reply: Reply, answer: Result<bytes::Bytes, Failure>) {
    drop(reply.send(answer));
}

/// What `work` gives. If it panics, the thread lives on, and the request is answered by saying so.
fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Failure::fault()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_answer() {
        let failure = guarded(|| -> Result<(), Failure> { panic!("a bug") }).unwrap_err();
        assert_eq!(failure.status.as_u16(), 500);
    }
}
