//! What a call asks for behind a convolution, and which of its tensors that takes.

use kernels::{Dropout, Pooling, Stages};

/// The stages that follow a convolution, then pooling, then dropout.
#[derive(Clone, Copy, Debug, Default)]
pub struct FinishOptions {
    pub stages: Stages,
    /// `None` if there is no pooling.
    pub pooling: Option<Pooling>,
    /// `None` outside training.
    pub dropout: Option<Dropout>,
    /// Is added to each variance.
    pub epsilon: f64,
    /// Whether mean and variance are the [batch's statistics](crate::batch_statistics) of the same maps, so that
    /// the gradient goes through them.
    pub is_of_batch: bool,
}

/// The tensors that the stages of a call need besides the maps.
pub(crate) struct Needed<T> {
    pub shortcut: Option<T>,
    /// Gamma, beta, mean and variance.
    pub norm: Option<[T; 4]>,
}

impl<T> Needed<T> {
    /// Drops what no stage needs.
    pub(crate) fn new(shortcut: T, norm: [T; 4], stages: Stages) -> Self {
        Self { shortcut: stages.adds().then_some(shortcut), norm: stages.normalizes().then_some(norm) }
    }
}
