//! The optimizers' steps, the gradients' norm and averages of weights, on slices.

pub(crate) mod average;
pub(crate) mod norm;
pub(crate) mod rule;
pub(crate) mod update;

/// How many values a thread takes at a time. Results do not depend on it, but the norm's bits do: its sums are
/// cut into pieces of this length.
const PIECE: usize = 1 << 14;
