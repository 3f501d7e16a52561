//! Counts the frames of a GIF or a PNG and the pages of a TIFF, without decoding them.

use image::ImageFormat;

use crate::decode::png;

/// The most pages of a TIFF that are counted. Its pages may form a ring.
const MOST_PAGES: usize = 1000;

/// How many frames or pages the file has, at least 1. A file that is broken behind the first has as many as can be told.
pub(super) fn count(bytes: &[u8], format: ImageFormat) -> usize {
    let count = match format {
        ImageFormat::Gif => gif(bytes),
        ImageFormat::Png => png::frames(bytes),
        ImageFormat::Tiff => tiff(bytes),
        _ => Some(1),
    };
    count.unwrap_or(1).max(1)
}

/// The number of image blocks.
fn gif(bytes: &[u8]) -> Option<usize> {
    let colours = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + colours(*bytes.get(10)?);
    let mut frames = 0;
    while let Some(block) = bytes.get(at) {
        match block {
            // A label, then sub-blocks.
            0x21 => at += 2,
            // Place and size, colours, the size of a code, then sub-blocks.
            0x2c => {
                let Some(flags) = bytes.get(at + 9) else { break };
                frames += 1;
                at += 11 + colours(*flags);
            }
            _ => break,
        }
        while let Some(length) = bytes.get(at) {
            at += 1 + usize::from(*length);
            if *length == 0 {
                break;
            }
        }
    }
    Some(frames)
}

/// The number of directories in the chain. That of files with offsets of 64 bits is not followed.
fn tiff(bytes: &[u8]) -> Option<usize> {
    let little = bytes.starts_with(b"II*");
    if !little && !bytes.starts_with(b"MM\x00*") {
        return Some(1);
    }
    let mut pages = 0;
    let mut at = number(bytes, 4, little)? as usize;
    while at != 0 && pages < MOST_PAGES {
        let entries = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        let entries =
            usize::from(if little { u16::from_le_bytes(entries) } else { u16::from_be_bytes(entries) });
        pages += 1;
        let Some(next) = number(bytes, at + 2 + 12 * entries, little) else { break };
        at = next as usize;
    }
    Some(pages)
}

/// A number of four bytes.
fn number(bytes: &[u8], at: usize, little: bool) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
}
