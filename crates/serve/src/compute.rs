//! From uploaded bytes to an answer, on threads of their own.

pub(crate) mod answering;
pub(crate) mod pixels;
pub(crate) mod queue;
pub(crate) mod upload;
pub(crate) mod workers;
