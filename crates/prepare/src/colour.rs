//! Colour becomes grey, and what is transparent is laid over paper.

use crate::grey_image::{GreyImage, SizeError};

/// Rec. 709's weights of red, green and blue, in parts of 65,536. They add up to 65,536, so grey stays as it is.
const WEIGHTS: [u32; 3] = [13_933, 46_871, 4_732];

/// Pixels lighter than this are light, and others are dark.
const MIDDLE: u8 = 127;
/// Visible pixels that differ by at least this much are ink and its paper, and not ink of one tone.
const TWO_TONES: u8 = 96;

impl GreyImage {
    /// An image from `[height, width, 3]` bytes of red, green and blue. A pixel becomes its luma, with Rec. 709's
    /// weights on the values as they are stored (sRGB's, usually).
    ///
    /// The bytes become the image in place, because they may take most of the memory that there is.
    ///
    /// # Errors
    /// If there are not exactly `height * width * 3` bytes, or none.
    pub fn from_rgb(height: usize, width: usize, rgb: Vec<u8>) -> Result<Self, SizeError> {
        check::<3>(height, width, &rgb)?;
        Self::new(height, width, in_place(rgb, luma))
    }

    /// An image from `[height, width, 4]` bytes of red, green, blue and opacity, which are not premultiplied: 0 is
    /// transparent and 255 opaque. The image is laid over paper that shows the ink, see [`GreyImage::from_grey_alpha`].
    /// The bytes become the image in place.
    ///
    /// # Errors
    /// If there are not exactly `height * width * 4` bytes, or none.
    pub fn from_rgba(height: usize, width: usize, rgba: Vec<u8>) -> Result<Self, SizeError> {
        check::<4>(height, width, &rgba)?;
        let grey_alpha = |[red, green, blue, opacity]: [u8; 4]| [luma([red, green, blue]), opacity];
        let paper = paper(width, rgba.as_chunks().0.iter().copied().map(grey_alpha));
        Self::new(height, width, in_place(rgba, |pixel| over(paper, grey_alpha(pixel))))
    }

    /// An image from `[height, width, 2]` bytes of grey and opacity: 0 is transparent and 255 opaque. The bytes become
    /// the image in place.
    ///
    /// The image is laid over paper on which the visible pixels show: over white if they are dark, over black if they
    /// are light. If they hold both and fill their bounds, as a note with round corners does, then they are ink on
    /// paper of its own, and the rest gets the tone of that paper.
    ///
    /// # Errors
    /// If there are not exactly `height * width * 2` bytes, or none.
    pub fn from_grey_alpha(height: usize, width: usize, grey_alpha: Vec<u8>) -> Result<Self, SizeError> {
        check::<2>(height, width, &grey_alpha)?;
        let paper = paper(width, grey_alpha.as_chunks().0.iter().copied());
        Self::new(height, width, in_place(grey_alpha, |pixel| over(paper, pixel)))
    }
}

/// Whether there are `N` bytes for each pixel, and nothing behind them.
fn check<const N: usize>(height: usize, width: usize, bytes: &[u8]) -> Result<(), SizeError> {
    let (pixels, rest) = bytes.as_chunks::<N>();
    if pixels.is_empty() || !rest.is_empty() || height.checked_mul(width) != Some(pixels.len()) {
        return Err(SizeError { found: pixels.len(), height, width });
    }
    Ok(())
}

/// One byte for each pixel of `N`, in the memory that the pixels took. What is left over is kept: some allocators give
/// it back by copying, which needs the memory of both.
fn in_place<const N: usize>(mut bytes: Vec<u8>, byte: impl Fn([u8; N]) -> u8) -> Vec<u8> {
    let count = bytes.len() / N;
    for i in 0..count {
        let mut pixel = [0; N];
        pixel.copy_from_slice(&bytes[i * N..(i + 1) * N]);
        // Not behind the pixel that was just read.
        bytes[i] = byte(pixel);
    }
    bytes.truncate(count);
    bytes
}

fn luma(rgb: [u8; 3]) -> u8 {
    let sum: u32 = rgb.iter().zip(WEIGHTS).map(|(value, weight)| u32::from(*value) * weight).sum();
    // At most 255, because the weights add up to 1.
    ((sum + (1 << 15)) >> 16) as u8
}

/// A pixel of grey and opacity on paper of this tone.
fn over(paper: u8, [grey, opacity]: [u8; 2]) -> u8 {
    let [paper, grey, opacity] = [paper, grey, opacity].map(u32::from);
    ((grey * opacity + paper * (255 - opacity) + 127) / 255) as u8
}

/// The tone of the paper on which these pixels of grey and opacity can be read.
fn paper(width: usize, pixels: impl Iterator<Item = [u8; 2]>) -> u8 {
    // How much of each tone can be seen, in 255ths of a pixel.
    let mut visible = [0_u64; 256];
    let [mut left, mut top, mut right, mut bottom] = [usize::MAX, usize::MAX, 0, 0];
    for (place, [grey, opacity]) in pixels.enumerate() {
        visible[usize::from(grey)] += u64::from(opacity);
        if opacity > MIDDLE {
            let [y, x] = [place / width.max(1), place % width.max(1)];
            [left, top, right, bottom] = [left.min(x), top.min(y), right.max(x), bottom.max(y)];
        }
    }
    let all: u64 = visible.iter().sum();
    let [darkest, median, lightest] =
        [all / 20, all / 2, all.saturating_sub(all / 20 + 1)].map(|share| tone_at(&visible, share));
    let bounds = if left > right { 0 } else { (right - left + 1) as u64 * (bottom - top + 1) as u64 };
    let fills_bounds = all / 255 * 10 >= bounds * 8;
    if lightest - darkest >= TWO_TONES && fills_bounds {
        median
    } else if median > MIDDLE {
        0
    } else {
        255
    }
}

/// The first tone up to which more than `share` of the histogram lies, or 0 if nothing does.
fn tone_at(histogram: &[u64; 256], share: u64) -> u8 {
    let mut below = 0;
    let tone = histogram.iter().position(|count| {
        below += count;
        below > share
    });
    tone.unwrap_or(0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_stays_grey_whatever_it_is_written_as() {
        let greys: Vec<u8> = (0..=255).collect();
        let rgb: Vec<u8> = greys.iter().flat_map(|grey| [*grey; 3]).collect();
        let rgba: Vec<u8> = greys.iter().flat_map(|grey| [*grey, *grey, *grey, 255]).collect();
        let grey_alpha: Vec<u8> = greys.iter().flat_map(|grey| [*grey, 255]).collect();
        let images = [
            GreyImage::from_rgb(16, 16, rgb).unwrap(),
            GreyImage::from_rgba(16, 16, rgba).unwrap(),
            GreyImage::from_grey_alpha(16, 16, grey_alpha).unwrap(),
        ];
        assert!(images.iter().all(|image| image.pixels() == greys));
    }

    #[test]
    fn green_is_lighter_than_red_and_red_than_blue() {
        let image = GreyImage::from_rgb(1, 3, vec![255, 0, 0, 0, 255, 0, 0, 0, 255]).unwrap();
        assert_eq!(image.pixels(), [54, 182, 18]);
    }

    #[test]
    fn ink_of_any_tone_shows_on_its_paper() {
        // A stroke whose opacity is 0, 128 or 255, on what is transparent; the hidden colour is the ink's.
        for (ink, expected) in [(0, [255, 127, 0]), (255, [0, 128, 255])] {
            let pixels = [[ink, 0], [ink, 128], [ink, 255]].as_flattened().to_vec();
            assert_eq!(GreyImage::from_grey_alpha(1, 3, pixels).unwrap().pixels(), expected, "{ink}");
        }
    }

    #[test]
    fn a_note_with_clear_corners_keeps_its_paper() {
        for (ink, paper) in [(0, 250), (255, 10)] {
            let mut pixels = [[paper, 255]; 100];
            (44..56).for_each(|place| pixels[place] = [ink, 255]);
            [0, 9, 90, 99].iter().for_each(|corner| pixels[*corner] = [ink, 0]);
            let image = GreyImage::from_grey_alpha(10, 10, pixels.as_flattened().to_vec()).unwrap();
            assert_eq!(image.pixels()[0], paper);
        }
    }

    #[test]
    fn what_is_all_transparent_is_of_one_tone() {
        let image =
            GreyImage::from_rgba(2, 2, vec![9, 200, 3, 0, 0, 0, 0, 0, 255, 255, 255, 0, 7, 7, 7, 0]).unwrap();
        assert_eq!(image.pixels(), [255; 4]);
    }

    #[test]
    fn what_hardly_shows_is_an_image_too() {
        assert_eq!(GreyImage::from_grey_alpha(1, 2, vec![200, 5, 0, 0]).unwrap().pixels(), [4, 0]);
    }

    #[test]
    fn bytes_of_another_number_are_refused() {
        assert!(GreyImage::from_rgb(2, 2, vec![0; 11]).is_err());
        assert!(GreyImage::from_rgb(2, 2, vec![0; 13]).is_err());
        assert!(GreyImage::from_rgba(0, 2, Vec::new()).is_err());
        assert!(GreyImage::from_grey_alpha(usize::MAX, 2, vec![0; 4]).is_err());
    }
}
