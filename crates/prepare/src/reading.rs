//! Several digits in one image, on a page that may lie on its side.

#[cfg(test)]
mod drawing;
mod groups;
mod item;
mod lines;
mod page;
mod seams;
mod segments;
mod shape;
mod signs;
mod turns;

pub use item::{Item, Line, Scores};
pub use page::read;
pub use turns::read_upright;

#[cfg(test)]
mod reading_tests;
