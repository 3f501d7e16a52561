//! Tells by its first bytes in which format an image is.

use image::ImageFormat;

use crate::decode::error::DecodeError;
use crate::decode::refused;

/// How each format that is read begins.
const BEGINNINGS: [(&[u8], ImageFormat); 8] = [
    (b"\x89PNG\r\n\x1a\n", ImageFormat::Png),
    (b"\xff\xd8\xff", ImageFormat::Jpeg),
    (b"GIF87a", ImageFormat::Gif),
    (b"GIF89a", ImageFormat::Gif),
    (b"II*\x00", ImageFormat::Tiff),
    (b"MM\x00*", ImageFormat::Tiff),
    // With offsets of 64 bits.
    (b"II+\x00", ImageFormat::Tiff),
    (b"MM\x00+", ImageFormat::Tiff),
];

/// The format of the image in the bytes.
///
/// # Errors
/// If there is none that is read.
pub(super) fn format(bytes: &[u8]) -> Result<ImageFormat, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    // Before the formats that are read: a camera's raw image begins as a TIFF does.
    let refused = refused::tell(bytes);
    if let Some(refused) = refused.filter(|refused| !refused.what.starts_with("a text")) {
        return Err(DecodeError::Refused(refused));
    }
    let known = BEGINNINGS.iter().find(|(begin, _)| bytes.starts_with(begin)).map(|(_, format)| *format);
    if let Some(format) = known.or_else(|| loosely(bytes)) {
        return Ok(format);
    }
    // A PNM of plain numbers is a text, too.
    Err(match refused {
        Some(refused) => DecodeError::Refused(refused),
        None => DecodeError::Unknown { begin: bytes[..bytes.len().min(8)].to_vec() },
    })
}

/// The formats that begin with a few letters, with which a text can begin, too.
fn loosely(bytes: &[u8]) -> Option<ImageFormat> {
    let field = |at: usize| bytes.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok());
    let is_webp = bytes.starts_with(b"RIFF") && field(8) == Some(*b"WEBP");
    // The size of the header that follows is 12, 40, 52, 56, 64, 108 or 124.
    let header = field(14).map(u32::from_le_bytes);
    let is_bmp = bytes.starts_with(b"BM") && header.is_some_and(|size| (12..=124).contains(&size));
    let is_pnm = matches!(bytes, [b'P', b'1'..=b'7', b' ' | b'\n' | b'\r' | b'\t' | b'#', ..]);
    if is_webp {
        Some(ImageFormat::WebP)
    } else if is_bmp {
        Some(ImageFormat::Bmp)
    } else {
        is_pnm.then_some(ImageFormat::Pnm)
    }
}

/// The format as people write it.
pub(super) fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Gif => "GIF",
        ImageFormat::Bmp => "BMP",
        ImageFormat::WebP => "WebP",
        ImageFormat::Tiff => "TIFF",
        _ => "PNM",
    }
}
