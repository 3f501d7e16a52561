//! Reads an image file or a stream as far as an image may be long.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

use crate::decode::decoded_image::DecodedImage;
use crate::decode::decoding::decode;
use crate::decode::error::DecodeError;
use crate::decode::limits::MOST_FILE_BYTES;

/// Why no image comes from a file or a stream.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("this is a folder; expected an image")]
    Folder,
    #[error("a file of more than 204 MiB; an image of at most 204 MiB is read")]
    TooLong,
}

/// Reads and decodes an image file.
///
/// # Errors
/// As [`read`], and if the file cannot be opened.
pub fn read_file(path: &Path) -> Result<DecodedImage, ReadError> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(ReadError::Folder);
    }
    if metadata.len() > MOST_FILE_BYTES {
        return Err(ReadError::TooLong);
    }
    read_at_most(file, metadata.len())
}

/// Reads a stream to its end, which need not be a file, and decodes the image.
///
/// # Errors
/// If the stream cannot be read or is longer than [`MOST_FILE_BYTES`], or as [`decode`].
pub fn read(stream: impl Read) -> Result<DecodedImage, ReadError> {
    read_at_most(stream, 0)
}

/// Reads a stream that probably has so many bytes. A vector that grows would take twice the memory.
fn read_at_most(stream: impl Read, probably: u64) -> Result<DecodedImage, ReadError> {
    let mut bytes = Vec::with_capacity(probably.min(MOST_FILE_BYTES) as usize + 1);
    stream.take(MOST_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_FILE_BYTES {
        return Err(ReadError::TooLong);
    }
    Ok(decode(&bytes)?)
}
