//! Measures speed: against other programs, an earlier version, and the program's own bare steps. And memory.

pub(crate) mod bench;
mod contender;
pub(crate) mod epoch;
pub(crate) mod images;
pub(crate) mod launches;
pub(crate) mod memory;
pub(crate) mod profiles;
pub(crate) mod test_time;
