//! Memory that is reused from call to call, memory for results, and images in another layout.

pub(crate) mod layout;
pub(crate) mod scratch;
pub(crate) mod unwritten;
