//! One module for each command, and `page`, which several of them write.

pub(crate) mod bench;
pub(crate) mod data;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod inspect;
mod page;
pub(crate) mod predict;
pub(crate) mod report;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod summary;
pub(crate) mod sweep;
pub(crate) mod test;
pub(crate) mod train;
