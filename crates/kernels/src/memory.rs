//! Memory that is reused from call to call, and images in another layout.

pub(crate) mod layout;
pub(crate) mod scratch;
