//! Images with labels in memory: what they may be used for, how they are divided, and batches of them.

pub mod batch;
pub mod class_statistics;
pub mod division;
pub mod subset;
