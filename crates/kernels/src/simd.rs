//! Vector instructions: the levels that a processor may have, and the inner loop that is written on them.

pub(crate) mod level;
pub(crate) mod store;
pub(crate) mod tile;
pub(crate) mod vector;
