//! Compares what has to agree: two versions of the program, two backends, and other people's libraries.

pub(crate) mod backends;
pub(crate) mod reference;
pub(crate) mod same_as;
