//! Whether a folder can be filled, found out before anything is downloaded for it.

use std::io;
use std::path::Path;

use crate::fetch::error::FetchError;
use crate::verify::obstacle::obstacle;

/// Checks that nothing stands in the way of the folder.
///
/// # Errors
/// If a part of its path is a link to nothing, or a file.
pub(super) fn expect_no_obstacle(folder: &Path) -> Result<(), FetchError> {
    obstacle(folder).map_or(Ok(()), |obstacle| Err(FetchError::Blocked(obstacle)))
}

/// Checks that files can be written into the folder, which need not be there yet.
///
/// # Errors
/// If the folder, or the nearest one above it, takes no files.
pub(super) fn expect_writable(folder: &Path) -> Result<(), FetchError> {
    expect_no_obstacle(folder)?;
    let there = folder.ancestors().find(|part| part.is_dir()).unwrap_or(Path::new("."));
    // The file has no name where the system allows it, so a process that is killed here leaves nothing.
    match tempfile::tempfile_in(there) {
        Ok(_) => Ok(()),
        // The error's text names the nameless file; its kind says enough.
        Err(error) => {
            Err(FetchError::Write { path: folder.to_owned(), reason: io::Error::from(error.kind()) })
        }
    }
}
