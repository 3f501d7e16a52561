//! Checks what the program withstands: kills, full disks, hostile files, and a sanitizer.

pub(crate) mod crash;
pub(crate) mod fuzz;
pub(crate) mod sanitize;
