//! Reads a file of weights that did not come from a run.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, ensure};
use network::tensors::LARGEST_FILE;

use crate::paths::short;

/// The content of a file, unless it is larger than weights can be.
///
/// # Errors
/// If the file cannot be read or is too large.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let failed = || format!("{} cannot be read", short(path));
    let file = File::open(path).with_context(failed)?;
    let mut bytes = Vec::new();
    // One byte more tells a file that is too large.
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).with_context(failed)?;
    ensure!(
        bytes.len() as u64 <= LARGEST_FILE,
        "{}: found more than {LARGEST_FILE} bytes, expected weights of at most as many",
        short(path)
    );
    Ok(bytes)
}
