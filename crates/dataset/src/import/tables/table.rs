//! Images of one size with a number for each, as a file has them, and why a file has none.

use std::io;

use thiserror::Error;

use crate::import::memory::TooMuch;

/// The largest height and width of an image of a data set.
pub const MOST_PIXELS_A_SIDE: usize = 256;

/// Deflate packs at most so many bytes into one.
pub(crate) const MOST_IN_A_PACKED_BYTE: u64 = 1032;

/// What a file counts its images by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The first one is image 0.
    Image,
    /// Lines are counted from 1; the first image is in this one.
    Line(u64),
}

/// Images of one size with a number for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub height: usize,
    pub width: usize,
    /// `[n, height, width]`, row by row.
    pub pixels: Vec<u8>,
    /// `[n]`, as they stand in the file.
    pub labels: Vec<u32>,
    pub unit: Unit,
}

/// Why a file gives no table. The caller adds the file's name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    #[error("{0}")]
    Content(String),
    #[error(transparent)]
    Memory(#[from] TooMuch),
}

impl Fault {
    pub(crate) fn content(reason: impl Into<String>) -> Self {
        Self::Content(reason.into())
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::content("the file is cut short");
        }
        Self::Content(error.to_string())
    }
}

/// Checks the number of images and their sizes, as a header announces them.
///
/// # Errors
/// If there are no images, or they have a size that no data set can have.
pub(crate) fn expect_sizes(count: u64, height: u64, width: u64) -> Result<[usize; 2], Fault> {
    if count == 0 {
        return Err(Fault::content(format!("found 0 images of {height}x{width}, expected at least 1")));
    }
    // A position in a set is a 32-bit number.
    if count > u64::from(u32::MAX) {
        return Err(Fault::content(format!("found {count} images, expected fewer than 2^32")));
    }
    let side = |size| usize::try_from(size).ok().filter(|size| (1..=MOST_PIXELS_A_SIDE).contains(size));
    match (side(height), side(width)) {
        (Some(height), Some(width)) => Ok([height, width]),
        _ => Err(Fault::content(format!(
            "found images of {height}x{width}, expected from 1x1 to {MOST_PIXELS_A_SIDE}x{MOST_PIXELS_A_SIDE}"
        ))),
    }
}
