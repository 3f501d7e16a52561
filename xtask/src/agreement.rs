//! Comparisons that must agree: with an earlier version, between backends and vector levels, and with other people's
//! libraries.

pub(crate) mod backends;
pub(crate) mod exchange;
pub(crate) mod functions;
pub(crate) mod reference;
pub(crate) mod same_as;
pub(crate) mod same_bits;
