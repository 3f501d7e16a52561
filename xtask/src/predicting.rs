//! Makes the built-in model, and measures what `predict` reads.

pub(crate) mod builtin;
mod letters;
pub(crate) mod prepared;
pub(crate) mod wild;
