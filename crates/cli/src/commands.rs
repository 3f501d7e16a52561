//! One module a command.

pub(crate) mod bench;
pub(crate) mod data;
pub(crate) mod inspect;
pub(crate) mod page;
pub(crate) mod report;
pub(crate) mod show;
pub(crate) mod summary;
pub(crate) mod test;
pub(crate) mod train;
