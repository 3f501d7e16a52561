//! Ink apart from paper: what was written, as levels from 0 (paper) to 255 (full ink).

mod background;
pub(crate) mod clean;
mod components;
mod drawn;
mod erase;
mod find;
mod ink_levels;
mod polarity;
mod rules;
pub(crate) mod strokes;
mod threshold;

pub use components::{HALF, Part};
pub use drawn::drawn_ink;
pub use find::find_ink;
pub use ink_levels::Ink;
