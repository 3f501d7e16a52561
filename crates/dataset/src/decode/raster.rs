//! The samples that a decoder hands over become a grey image.

use image::ColorType;
use prepare::GreyImage;

use crate::decode::decoded_image::ImageNotes;

/// The image from `[height, width, channels]` samples of this type, in the machine's order of bytes, and what can be said
/// about them. They are changed to bytes in place, because they may take most of the memory that there is.
pub(super) fn grey(
    height: usize,
    width: usize,
    colours: ColorType,
    mut samples: Vec<u8>,
) -> Result<(GreyImage, ImageNotes), String> {
    match colours {
        ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => {
            to_bytes(&mut samples, |two: [u8; 2]| {
                // Rounded, so that a byte that was written as 16 bits comes back.
                ((u32::from(u16::from_ne_bytes(two)) * 255 + 32_767) / 65_535) as u8
            });
        }
        // From 0 to 1. A cast makes 0 of what is not a number.
        ColorType::Rgb32F | ColorType::Rgba32F => {
            to_bytes(&mut samples, |four: [u8; 4]| (f32::from_ne_bytes(four) * 255.0).round() as u8);
        }
        _ => {}
    }
    let mut notes =
        ImageNotes { was_colour: false, had_alpha: false, frames: 1, oriented: false, reduced_by: 1 };
    let image = match colours.channel_count() {
        1 => GreyImage::new(height, width, samples),
        2 => {
            notes.had_alpha = samples.as_chunks().0.iter().any(|[_, opacity]| *opacity < 255);
            GreyImage::from_grey_alpha(height, width, samples)
        }
        3 => {
            notes.was_colour =
                samples.as_chunks().0.iter().any(|[red, green, blue]| red != green || green != blue);
            GreyImage::from_rgb(height, width, samples)
        }
        4 => {
            for [red, green, blue, opacity] in samples.as_chunks().0 {
                notes.had_alpha |= *opacity < 255;
                notes.was_colour |= *opacity > 0 && (red != green || green != blue);
            }
            GreyImage::from_rgba(height, width, samples)
        }
        _ => return Err(format!("its pixels are {colours:?}")),
    };
    Ok((image.map_err(|error| error.to_string())?, notes))
}

/// Replaces each sample of `N` bytes by one byte.
fn to_bytes<const N: usize>(samples: &mut Vec<u8>, byte: impl Fn([u8; N]) -> u8) {
    let count = samples.len() / N;
    for i in 0..count {
        let mut sample = [0; N];
        sample.copy_from_slice(&samples[i * N..(i + 1) * N]);
        // Not behind the sample just read.
        samples[i] = byte(sample);
    }
    samples.truncate(count);
}
