//! Why the bytes of a file give no image.

use std::fmt::Write;

use image::ImageError;
use thiserror::Error;

use crate::decode::refused::Refused;

/// What is read, for messages.
const READ: &str = "PNG, JPEG, GIF, BMP, WebP, TIFF and PNM are read";

/// Why bytes are not decoded. The caller knows the file's name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    #[error("the file is empty; expected an image")]
    Empty,
    /// Something that is known, but not read.
    #[error("this is {}, not an image that is read ({READ}){}", .0.what, .0.advice())]
    Refused(Refused),
    /// Something that is not known.
    #[error("this is not an image: it begins with {}; {READ}", shown(.begin))]
    Unknown { begin: Vec<u8> },
    #[error("a {format} file that cannot be decoded: {problem}")]
    Broken { format: &'static str, problem: String },
    #[error("this {format} file is cut short: it ends inside the image")]
    CutShort { format: &'static str },
    #[error("a {format} file of a kind that is not read: {problem}; save it as PNG")]
    Unsupported { format: &'static str, problem: String },
    #[error("an image of {width}x{height} pixels, which has none")]
    NoPixels { width: u32, height: u32 },
    #[error("an image of {width}x{height} pixels; at most 64 megapixels are read, so make it smaller")]
    TooManyPixels { width: u32, height: u32 },
    #[error(
        "decoding this image of {width}x{height} pixels would take {} MiB of memory; at most 204 MiB are taken, so make it smaller",
        .needed.div_ceil(1 << 20)
    )]
    TooMuchMemory { width: u32, height: u32, needed: u64 },
    /// The decoder panicked, which no file should be able to bring about.
    #[error("a {format} file that is broken in a way that its decoder does not expect")]
    Panicked { format: &'static str },
    /// The decoder asked for more memory than its header announced.
    #[error("decoding this {format} file would take more than 204 MiB of memory")]
    DecoderMemory { format: &'static str },
}

impl DecodeError {
    /// What a decoder says about a file in this format.
    pub(super) fn from_image(format: &'static str, error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::DecoderMemory { format },
            ImageError::Unsupported(error) => {
                Self::Unsupported { format, problem: brief(&error.to_string()) }
            }
            ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Self::CutShort { format }
            }
            other => Self::Broken { format, problem: brief(&other.to_string()) },
        }
    }
}

/// The first bytes, as hexadecimal numbers and as text where they are some.
fn shown(begin: &[u8]) -> String {
    let mut text = String::new();
    for byte in begin {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x} ");
    }
    let letters: String =
        begin.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' }).collect();
    format!("{text}({letters})")
}

/// The beginning of what a decoder says, on one line. Some list each number of a file.
fn brief(problem: &str) -> String {
    const LONGEST: usize = 160;
    let mut text: String =
        problem.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if problem.chars().nth(LONGEST).is_some() {
        text.push_str("...");
    }
    text
}
