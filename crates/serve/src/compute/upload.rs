//! What was sent to be read, and whether that takes long.

use bytes::Bytes;
use dataset::decode::{DecodedImage, ImageNotes, decode};

use crate::compute::pixels::PixelImage;
use crate::failure::Failure;

/// Bytes and pixels up to which an image is read among others, because none of them waits long for it.
const QUICK_BYTES: usize = 256 << 10;
const QUICK_PIXELS: u64 = 512 * 512;

/// An image that has arrived.
pub(crate) enum Upload {
    /// The bytes of an image file.
    File(Bytes),
    /// JSON with pixels.
    Pixels(Bytes),
}

impl Upload {
    /// Whether it surely takes no more than a few milliseconds. A file can announce millions of pixels in a few bytes.
    pub(crate) fn is_quick(&self) -> bool {
        match self {
            Self::Pixels(bytes) => bytes.len() <= QUICK_BYTES,
            Self::File(bytes) => bytes.len() <= QUICK_BYTES && pixels_of_png(bytes) <= QUICK_PIXELS,
        }
    }

    /// The image in it.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn decode(&self) -> Result<DecodedImage, Failure> {
        match self {
            Self::File(bytes) => Ok(decode(bytes)?),
            Self::Pixels(bytes) => {
                let image = PixelImage::read(bytes)?;
                let notes = ImageNotes {
                    was_colour: false,
                    had_alpha: false,
                    frames: 1,
                    oriented: false,
                    reduced_by: 1,
                };
                Ok(DecodedImage { image, notes })
            }
        }
    }
}

/// How many pixels the head of a PNG announces. Of all other files that is not known.
fn pixels_of_png(bytes: &[u8]) -> u64 {
    let begins = bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.get(12..16) == Some(b"IHDR");
    let side = |at: usize| {
        let four = bytes.get(at..at + 4).filter(|_| begins)?;
        Some(four.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    };
    side(16).zip(side(20)).map_or(u64::MAX, |(width, height)| width.saturating_mul(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_announces_many_pixels_is_not_quick() {
        let png = |width: u32| {
            let size = [width.to_be_bytes(), 28u32.to_be_bytes()].concat();
            Bytes::from([b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(), &size].concat())
        };
        assert!(Upload::File(png(28)).is_quick());
        assert!(!Upload::File(png(100_000)).is_quick());
        assert!(!Upload::File(png(28).slice(..20)).is_quick());
        assert!(!Upload::File(Bytes::from_static(b"\xff\xd8\xff\xe0")).is_quick());
        assert!(Upload::Pixels(Bytes::from_static(b"{}")).is_quick());
        assert!(!Upload::Pixels(vec![b' '; QUICK_BYTES + 1].into()).is_quick());
    }
}
