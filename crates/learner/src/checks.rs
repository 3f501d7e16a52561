//! Checks of a run: whether its memory suffices, and what in it is likely to disappoint the user.

pub mod available;
pub mod memory;
pub mod notes;
