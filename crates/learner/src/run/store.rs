//! Storage that survives a crash: durable writes, and checkpoints whose manifest lists their checksums.

pub mod checkpoint;
pub(crate) mod durable;
pub(crate) mod limits;
pub mod manifest;
pub(crate) mod operation;
pub(crate) mod partial;
