//! Looks through the chunks of a WebP for what its decoder trusts: the sizes of frames and of metadata.

use crate::decode::error::DecodeError;

/// What the chunks say before anything is decoded.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    /// How many frames an animation has; 0 for an image that stands still.
    pub(super) frames: usize,
    /// The number that EXIF gives to the way the camera was held.
    pub(super) orientation: Option<u8>,
}

/// Looks through the chunks.
///
/// # Errors
/// If a frame is not as large as the header says. The decoder would take memory for either.
pub(super) fn check(bytes: &[u8]) -> Result<Chunks, DecodeError> {
    let mut found = Chunks::default();
    // Only a file with a header of its own can contradict itself.
    let mut canvas = None;
    for (name, data) in chunks(bytes.get(12..).unwrap_or_default()) {
        match name {
            b"VP8X" => canvas = data.get(4..10).map(|sizes| [three(&sizes[..3]), three(&sizes[3..])]),
            b"VP8 " | b"VP8L" => same(canvas, size(name, data))?,
            b"ANMF" => {
                found.frames += 1;
                let frame = data.get(6..12).map(|sizes| [three(&sizes[..3]), three(&sizes[3..])]);
                for (name, data) in chunks(data.get(16..).unwrap_or_default()) {
                    same(frame, size(name, data))?;
                }
            }
            b"EXIF" => {
                let exif = data.strip_prefix(b"Exif\0\0").unwrap_or(data);
                let orientation = image::metadata::Orientation::from_exif_chunk(exif);
                found.orientation = orientation.map(image::metadata::Orientation::to_exif);
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Name and content of each chunk. The last may be cut short.
fn chunks(mut rest: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (name, behind) = rest.split_first_chunk::<4>()?;
        let (length, behind) = behind.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let data = &behind[..length.min(behind.len())];
        // Each begins at an even place.
        rest = behind.get(length.saturating_add(length & 1)..).unwrap_or_default();
        Some((name, data))
    })
}

/// Width and height in the header of a frame, lossy or lossless; `None` for anything else.
fn size(name: &[u8; 4], data: &[u8]) -> Option<[u32; 2]> {
    match (name, data) {
        (b"VP8 ", [_, _, _, 0x9d, 0x01, 0x2a, a, b, c, d, ..]) => {
            Some([[*a, *b], [*c, *d]].map(|two| u32::from(u16::from_le_bytes(two) & 0x3fff)))
        }
        (b"VP8L", [0x2f, a, b, c, d, ..]) => {
            let bits = u32::from_le_bytes([*a, *b, *c, *d]);
            Some([(bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1])
        }
        _ => None,
    }
}

/// One less than a width or a height, in three bytes.
fn three(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)) + 1
}

fn same(announced: Option<[u32; 2]>, found: Option<[u32; 2]>) -> Result<(), DecodeError> {
    match (announced, found) {
        (Some(announced), Some(found)) if announced != found => {
            let [[width, height], [wide, high]] = [announced, found];
            let problem = format!("its header says {width}x{height} pixels, a frame says {wide}x{high}");
            Err(DecodeError::Broken { format: "WebP", problem })
        }
        _ => Ok(()),
    }
}
