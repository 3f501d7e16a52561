//! Attacks on the program: kills, full disks, hostile files and clients, several processes, and tests under a sanitizer.

pub(crate) mod crash;
pub(crate) mod fuzz;
pub(crate) mod machines;
pub(crate) mod neon;
pub(crate) mod sanitize;
pub(crate) mod serve;
