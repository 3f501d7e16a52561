//! Counts what the server does, and tells it as Prometheus reads it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the times, in microseconds.
const TIMES: [u64; 13] = [
    500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 5_000_000,
    30_000_000,
];
/// Upper bounds of the batches, in images.
const BATCHES: [u64; 6] = [1, 2, 4, 8, 16, 32];

/// Counts by upper bounds; what is above the last one is in the total alone.
#[derive(Debug)]
struct Histogram<const N: usize> {
    bounds: [u64; N],
    counts: [AtomicU64; N],
    total: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Histogram<N> {
    fn new(bounds: [u64; N]) -> Self {
        Self {
            bounds,
            counts: [const { AtomicU64::new(0) }; N],
            total: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    fn add(&self, value: u64) {
        let place = self.bounds.iter().position(|bound| value <= *bound);
        if let Some(count) = place.and_then(|place| self.counts.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.total.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// The lines of this histogram, whose numbers are divided by `unit`.
    fn write(&self, name: &str, help: &str, unit: f64, text: &mut String) {
        let mut below = 0;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} histogram");
        for (bound, count) in self.bounds.iter().zip(&self.counts) {
            below += count.load(Ordering::Relaxed);
            let _ = writeln!(text, "{name}_bucket{{le=\"{}\"}} {below}", *bound as f64 / unit);
        }
        // What is counted meanwhile must not make a bucket larger than the total.
        let total = self.total.load(Ordering::Relaxed).max(below);
        let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {total}");
        let _ = writeln!(text, "{name}_sum {}", self.sum.load(Ordering::Relaxed) as f64 / unit);
        let _ = writeln!(text, "{name}_count {total}");
    }
}

/// What is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    times: Histogram<13>,
    batches: Histogram<6>,
    pub(crate) in_work: AtomicUsize,
    pub(crate) waiting: AtomicUsize,
    pub(crate) connections: AtomicUsize,
    /// Bytes of bodies.
    pub(crate) held: Arc<AtomicUsize>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            requests: Mutex::default(),
            times: Histogram::new(TIMES),
            batches: Histogram::new(BATCHES),
            in_work: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            held: Arc::default(),
        }
    }

    pub(crate) fn answered(&self, path: &'static str, status: u16, took: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((path, status)).or_default() += 1;
        drop(requests);
        self.times.add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn batch(&self, images: usize) {
        self.batches.add(images as u64);
    }

    /// All of it, in the format of Prometheus.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "# HELP mnist_cnn_requests_total Requests that were answered.\n# TYPE mnist_cnn_requests_total counter"
        );
        for ((path, status), count) in &*self.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = writeln!(text, "mnist_cnn_requests_total{{path=\"{path}\",status=\"{status}\"}} {count}");
        }
        let gauges = [
            ("mnist_cnn_images_in_work", "Images that are decoded or computed now.", &self.in_work),
            ("mnist_cnn_images_waiting", "Images that wait to be computed.", &self.waiting),
            ("mnist_cnn_connections", "Connections that are open now.", &self.connections),
            ("mnist_cnn_body_bytes", "Bytes of bodies that are held now.", &*self.held),
        ];
        for (name, help, value) in gauges {
            let value = value.load(Ordering::Relaxed);
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        let help = "Time from a request's head to its answer.";
        self.times.write("mnist_cnn_request_seconds", help, 1e6, &mut text);
        self.batches.write("mnist_cnn_batch_images", "Images that were computed together.", 1.0, &mut text);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_count_all_that_is_smaller() {
        let metrics = Metrics::new();
        for micros in [400, 600, 40_000_000] {
            metrics.answered("/healthz", 200, Duration::from_micros(micros));
        }
        metrics.batch(3);
        let text = metrics.text();
        for line in [
            "mnist_cnn_requests_total{path=\"/healthz\",status=\"200\"} 3",
            "mnist_cnn_request_seconds_bucket{le=\"0.0005\"} 1",
            "mnist_cnn_request_seconds_bucket{le=\"30\"} 2",
            "mnist_cnn_request_seconds_bucket{le=\"+Inf\"} 3",
            "mnist_cnn_request_seconds_count 3",
            "mnist_cnn_batch_images_bucket{le=\"2\"} 0",
            "mnist_cnn_batch_images_bucket{le=\"4\"} 1",
            "mnist_cnn_connections 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
