//! What a terminal shows: progress, images, numbers.

pub(crate) mod progress;
pub(crate) mod screen;
pub(crate) mod tiles;
