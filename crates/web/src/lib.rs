//! Stands here until the crate is written.
