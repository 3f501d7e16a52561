//! Looks through the segments of a JPEG for what its decoder does not tell.

use crate::decode::error::DecodeError;

const FORMAT: &str = "JPEG";

/// Whether the JPEG is progressive.
///
/// # Errors
/// If the file ends inside the image, or if it holds four colours without saying how they are meant.
pub(super) fn check(bytes: &[u8]) -> Result<bool, DecodeError> {
    let mut progressive = false;
    let mut colours = 0;
    let mut is_adobe = false;
    // Behind the two bytes that begin the file.
    let mut at = 2;
    while let Some([mark, marker]) = bytes.get(at..at + 2).and_then(|two| <[u8; 2]>::try_from(two).ok()) {
        // Bytes between segments are passed over, as decoders do.
        if mark != 0xff || marker == 0xff {
            at += 1;
            continue;
        }
        // Markers without a segment.
        if matches!(marker, 0x00 | 0x01 | 0xd0..=0xd8) {
            at += 2;
            continue;
        }
        let segment = bytes.get(at + 4..).unwrap_or_default();
        match marker {
            // A frame's header: precision, height, width, number of components. 0xc4, 0xc8 and 0xcc are others.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                progressive = matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce);
                colours = segment.get(5).copied().unwrap_or(0);
            }
            0xee => is_adobe |= segment.starts_with(b"Adobe"),
            // The end of the image, without an image before it.
            0xd9 => break,
            // The image begins. What follows are its data; within them the byte 0xff is followed by 0 or a restart.
            0xda => {
                let ends = segment.windows(2).any(|two| two == [0xff, 0xd9]);
                return if !ends {
                    Err(DecodeError::CutShort { format: FORMAT })
                } else if colours == 4 && !is_adobe {
                    let problem =
                        "four colours without Adobe's mark, so that nobody knows whether they are inverted";
                    Err(DecodeError::Unsupported { format: FORMAT, problem: problem.into() })
                } else {
                    Ok(progressive)
                };
            }
            _ => {}
        }
        let Some(length) = bytes.get(at + 2..at + 4).and_then(|two| <[u8; 2]>::try_from(two).ok()) else {
            break;
        };
        at += 2 + usize::from(u16::from_be_bytes(length));
    }
    Err(DecodeError::CutShort { format: FORMAT })
}
