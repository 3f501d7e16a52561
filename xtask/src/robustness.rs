//! What the program withstands: kills, full disks, hostile files, and the eyes of a sanitizer.

pub(crate) mod crash;
pub(crate) mod fuzz;
pub(crate) mod sanitize;
