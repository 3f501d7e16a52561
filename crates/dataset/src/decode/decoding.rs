//! Decodes the bytes of an image: looks at the header first, and makes a grey image of what comes out.

use std::io::Cursor;
use std::panic;
use std::sync::{Mutex, PoisonError};

use image::{ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::decode::decoded_image::DecodedImage;
use crate::decode::error::DecodeError;
use crate::decode::limits::{MOST_MEMORY, MOST_PIXELS};
use crate::decode::{frames, jpeg, kind, png, raster, tiff, webp};

/// An image of more pixels is reduced, so that no step that follows needs to be fit for more: 16 megapixels.
const MOST_GREY_PIXELS: u64 = 16_000_000;

/// The most memory with which an image is decoded beside others.
const MOST_BESIDE_OTHERS: u64 = 32 << 20;
/// Held while a larger image is decoded, so that many threads do not take [`MOST_MEMORY`] each.
static LARGE: Mutex<()> = Mutex::new(());

/// Decodes the bytes of an image file, whatever its format.
///
/// # Errors
/// If the bytes are no image that is read, the image is broken or cut short, or it would take more than [`MOST_PIXELS`]
/// or [`MOST_MEMORY`]. The header tells this before anything is decoded.
pub fn decode(bytes: &[u8]) -> Result<DecodedImage, DecodeError> {
    let format = kind::format(bytes)?;
    // The decoders are other people's, and mutated files have found a panic in one of them: that of PNG, for a palette
    // of one byte (png 0.18.1). One broken image among thousands must not end an import.
    let decoded = panic::catch_unwind(|| decode_as(format, bytes));
    decoded.unwrap_or_else(|_| Err(DecodeError::Panicked { format: kind::name(format) }))
}

fn decode_as(format: ImageFormat, bytes: &[u8]) -> Result<DecodedImage, DecodeError> {
    let name = kind::name(format);
    let broken = |error| DecodeError::from_image(name, error);
    // The decoder of JPEG fills up what is missing and does not say so, that of WebP believes every size.
    // That of PNG does not expect a colour of less than three values.
    if format == ImageFormat::Png && !png::has_whole_colours(bytes) {
        return Err(DecodeError::Broken {
            format: name,
            problem: "its palette has a part of a colour".into(),
        });
    }
    if format == ImageFormat::Tiff && !tiff::entries_fit(bytes) {
        return Err(DecodeError::Broken {
            format: name,
            problem: "its directory announces more values than the file has bytes".into(),
        });
    }
    let progressive = format == ImageFormat::Jpeg && jpeg::check(bytes)?;
    let webp = if format == ImageFormat::WebP { Some(webp::check(bytes)?) } else { None };

    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let animated = webp.as_ref().is_some_and(|chunks| chunks.frames > 0);
    let needed = memory(&decoder, bytes.len() as u64, format, progressive, animated)?;
    let large = (needed > MOST_BESIDE_OTHERS).then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner));
    let orientation = match &webp {
        Some(chunks) => chunks.orientation.unwrap_or(1),
        // EXIF that cannot be read does not make the image worse.
        None => decoder.orientation().map_or(1, image::metadata::Orientation::to_exif),
    };

    let (width, height) = decoder.dimensions();
    let [height, width] = [height, width].map(|size| size as usize);
    let colours = decoder.color_type();
    // At most MOST_MEMORY, as checked.
    let mut samples = vec![0; decoder.total_bytes() as usize];
    decoder.read_image(&mut samples).map_err(broken)?;

    let (image, mut notes) = raster::grey(height, width, colours, samples)
        .map_err(|what| DecodeError::Unsupported { format: name, problem: what })?;
    let factor = ((height * width) as f64 / MOST_GREY_PIXELS as f64).sqrt().ceil().max(1.0) as usize;
    notes.frames = webp.map_or_else(|| frames::count(bytes, format), |chunks| chunks.frames.max(1));
    notes.oriented = orientation != 1;
    notes.reduced_by = factor;
    // Now that the image is small, it need not keep the memory of its samples.
    let image = image.reduced(factor).compact().oriented(orientation);
    drop(large);
    Ok(DecodedImage { image, notes })
}

/// The bytes that decoding an image takes, with those of its file.
///
/// # Errors
/// If that is too much. Nothing was taken yet.
fn memory(
    decoder: &impl ImageDecoder,
    file: u64,
    format: ImageFormat,
    progressive: bool,
    animated: bool,
) -> Result<u64, DecodeError> {
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(DecodeError::NoPixels { width, height });
    }
    if pixels > MOST_PIXELS {
        return Err(DecodeError::TooManyPixels { width, height });
    }
    // What each decoder holds beside the samples that it hands over, in bytes.
    let samples = decoder.total_bytes();
    let held = match format {
        // The coefficients of the whole image, two bytes each.
        ImageFormat::Jpeg if progressive => samples.saturating_mul(2).saturating_add(file),
        // A copy of the file.
        ImageFormat::Jpeg => file,
        // All samples a second time; for CMYK, four of them for three.
        ImageFormat::Tiff => samples.saturating_mul(4) / 3,
        // The canvas, a frame, and what the frame is made of.
        ImageFormat::WebP if animated => pixels.saturating_mul(12),
        // A lossy image and its opacity, which is decoded as an image of its own.
        ImageFormat::WebP if decoder.color_type().has_alpha() => pixels.saturating_mul(7),
        // A lossless image with an opacity that it does not have, or the planes of a lossy one.
        ImageFormat::WebP => pixels.saturating_mul(4),
        // The indexes of a frame, or a frame that is smaller than the image.
        ImageFormat::Gif => pixels.saturating_mul(4),
        _ => 0,
    };
    // The grey image is made in place of the samples.
    let needed = samples.saturating_add(held).saturating_add(file);
    if needed > MOST_MEMORY {
        return Err(DecodeError::TooMuchMemory { width, height, needed });
    }
    Ok(needed)
}
