//! What becomes a run in a locked folder: a network that is trained there, or one that was trained elsewhere.

pub mod importing;
pub mod initial;
pub mod kept_epochs;
pub mod recorder;
pub mod together;
pub mod training;
mod validated;
