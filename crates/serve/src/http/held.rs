//! An account of the bytes of all bodies, so that many uploads together cannot fill the memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::failure::Failure;

/// The account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    held: Arc<AtomicUsize>,
    most: usize,
}

/// A body's share of the account, which is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    account: Account,
    bytes: usize,
}

impl Account {
    /// `held` is where the bytes are counted, so that they can be told.
    pub(crate) fn new(most: usize, held: Arc<AtomicUsize>) -> Self {
        Self { held, most }
    }

    pub(crate) fn open(&self) -> Held {
        Held { account: self.clone(), bytes: 0 }
    }
}

impl Held {
    /// Takes more.
    ///
    /// # Errors
    /// If all bodies together would have too many bytes.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Failure> {
        self.bytes += bytes;
        let held = self.account.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if held > self.account.most {
            return Err(Failure::busy("too many uploads at once; ask again a little later").closing());
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.account.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_given_back() {
        let account = Account::new(10, Arc::default());
        let mut first = account.open();
        assert!(first.take(6).is_ok());
        assert!(account.open().take(5).is_err());
        assert!(first.take(4).is_ok());
        drop(first);
        assert!(account.open().take(10).is_ok());
    }
}
