//! What each measurement of `serve` is given.

use std::path::Path;

/// The program, and how thoroughly it is measured.
pub(super) struct Bench<'a> {
    pub(super) root: &'a Path,
    /// The program, built with its server.
    pub(super) program: String,
    pub(super) seconds: u32,
    pub(super) setup: bool,
}
