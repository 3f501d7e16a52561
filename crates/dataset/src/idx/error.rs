//! Why bytes are not an IDX file.

use thiserror::Error;

/// Why bytes are not an IDX file, or numbers cannot be written into one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IdxError {
    #[error("found {found} bytes, expected a header of {expected}")]
    Header { found: usize, expected: usize },
    #[error("found magic number {found:#010x}, expected {expected:#010x} (an IDX file of {what})")]
    Magic { found: u32, expected: u32, what: &'static str },
    #[error("found {found} bytes, expected {expected} for {count} x {height} x {width} pixels")]
    ImagesLength { found: usize, expected: u128, count: u32, height: u32, width: u32 },
    #[error("found {found} bytes, expected {expected} for {count} labels")]
    LabelsLength { found: usize, expected: u128, count: u32 },
    #[error("found images of {height}x{width} pixels, expected at least 1x1")]
    Empty { height: usize, width: usize },
    #[error("found {count} x {height} x {width}, expected each below 2^32")]
    TooLarge { count: usize, height: usize, width: usize },
    #[error("found label {found} at position {position}, expected one below {classes}")]
    Label { found: u8, position: usize, classes: usize },
}
