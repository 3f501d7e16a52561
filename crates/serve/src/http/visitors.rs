//! Who is connected. If there are as many as may be, the one that has been silent for longest has to leave.
//!
//! So clients that open connections and say nothing, or say it slowly, take no place from those that ask.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

#[derive(Debug)]
pub(crate) struct Visitors {
    connected: Mutex<BTreeMap<u64, Arc<Visitor>>>,
    began: Instant,
    next: AtomicU64,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Visitor {
    number: u64,
    /// Whether it waits for an answer to an image that has arrived as a whole.
    is_asking: AtomicBool,
    /// Milliseconds from the start of the server to the last request or answer, or to the connection.
    silent_since: AtomicU64,
    has_to_leave: Notify,
}

impl Visitors {
    pub(crate) fn new() -> Self {
        Self { connected: Mutex::default(), began: Instant::now(), next: AtomicU64::new(0) }
    }

    fn connected(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Visitor>>> {
        self.connected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn enter(&self) -> Arc<Visitor> {
        let visitor = Arc::new(Visitor {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            is_asking: AtomicBool::new(false),
            silent_since: AtomicU64::new(self.now()),
            has_to_leave: Notify::new(),
        });
        self.connected().insert(visitor.number, Arc::clone(&visitor));
        visitor
    }

    pub(crate) fn left(&self, visitor: &Visitor) {
        self.connected().remove(&visitor.number);
    }

    /// A request begins, or was answered.
    pub(crate) fn has_spoken(&self, visitor: &Visitor) {
        visitor.silent_since.store(self.now(), Ordering::Relaxed);
        visitor.is_asking.store(false, Ordering::Relaxed);
    }

    /// Tells the one that has been silent for longest to leave.
    pub(crate) fn make_room(&self) {
        let mut connected = self.connected();
        let silent = connected.values().filter(|visitor| !visitor.is_asking.load(Ordering::Relaxed));
        let longest =
            silent.min_by_key(|visitor| visitor.silent_since.load(Ordering::Relaxed)).map(Arc::clone);
        if let Some(visitor) = longest {
            // It is chosen once.
            connected.remove(&visitor.number);
            visitor.has_to_leave.notify_one();
        }
    }
}

impl Visitor {
    /// All of a request has arrived, so the connection may stay until it is answered. While a body arrives it may not,
    /// or bodies that never end would take all places.
    pub(crate) fn asks(&self) {
        self.is_asking.store(true, Ordering::Relaxed);
    }

    /// Waits until it has to leave.
    pub(crate) async fn has_to_leave(&self) {
        self.has_to_leave.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_silent_for_longest_leaves_and_whoever_asks_stays() {
        let visitors = Visitors::new();
        let all = [visitors.enter(), visitors.enter(), visitors.enter()];
        for (visitor, since) in all.iter().zip([1, 3, 2]) {
            visitor.silent_since.store(since, Ordering::Relaxed);
        }
        all[0].asks();
        visitors.make_room();
        let numbers = |visitors: &Visitors| visitors.connected().keys().copied().collect::<Vec<_>>();
        assert_eq!(numbers(&visitors), [0, 1]);
        visitors.make_room();
        visitors.make_room();
        assert_eq!(numbers(&visitors), [0]);
    }
}
