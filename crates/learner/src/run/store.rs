//! Files that survive a crash: durable writes, and checkpoints sealed by a manifest.

pub mod checkpoint;
pub(crate) mod durable;
pub mod manifest;
