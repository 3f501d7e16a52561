//! One module for each command, and what several commands do in the same way.

pub(crate) mod bench;
mod checks;
pub(crate) mod data;
mod device;
mod disk_limits;
mod find;
pub(crate) mod inspect;
mod page;
pub(crate) mod report;
pub(crate) mod show;
pub(crate) mod summary;
pub(crate) mod test;
pub(crate) mod train;
