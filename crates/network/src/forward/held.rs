//! Weights whose memory stays where it is, so that the kernels find what they packed by its address.

use std::sync::Arc;

use kernels::{Keep, Owner};

/// Weights that do not change. Clones share the memory.
#[derive(Clone, Debug)]
pub(super) struct Held(Arc<Vec<f32>>);

impl Held {
    pub(super) fn new(values: Vec<f32>) -> Self {
        Self(Arc::new(values))
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.0
    }

    /// Calls `work` with a word to the kernels that they may keep these weights as they packed them.
    pub(super) fn kept<R>(&self, work: impl FnOnce(Keep<'_>) -> R) -> R {
        work(Keep::ByOwner(&|| Box::new(self.clone())))
    }
}

impl Owner for Held {
    fn values(&self) -> &[f32] {
        &self.0
    }
}
