//! A grey image of any size: what is left of a decoded image once its transparency lies on paper.

use thiserror::Error;

/// Why pixels are not an image.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("found {found} pixels, expected {height} x {width}, each at least 1")]
pub struct SizeError {
    pub found: usize,
    pub height: usize,
    pub width: usize,
}

/// A grey image. A pixel of 0 is black and 255 is white.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GreyImage {
    height: usize,
    width: usize,
    /// `[height, width]`, row by row.
    pixels: Vec<u8>,
}

impl GreyImage {
    /// An image from `[height, width]` pixels.
    ///
    /// # Errors
    /// If there are not exactly `height * width` pixels, or none.
    pub fn new(height: usize, width: usize, pixels: Vec<u8>) -> Result<Self, SizeError> {
        if pixels.is_empty() || height.checked_mul(width) != Some(pixels.len()) {
            return Err(SizeError { found: pixels.len(), height, width });
        }
        Ok(Self { height, width, pixels })
    }

    /// Height in pixels, at least 1.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width in pixels, at least 1.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The image with dark for light and light for dark.
    #[must_use]
    pub fn inverted(mut self) -> Self {
        self.pixels.iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
        self
    }

    /// The image in no more memory than its pixels take. It may be copied for that.
    #[must_use]
    pub fn compact(mut self) -> Self {
        self.pixels.shrink_to_fit();
        self
    }

    /// All pixels, `[height, width]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The median of the outermost pixels: of their number the upper one in the middle.
    pub fn frame_median(&self) -> u8 {
        let (height, width) = (self.height, self.width);
        let mut frame = self.pixels[..width].to_vec();
        if height > 1 {
            frame.extend_from_slice(&self.pixels[(height - 1) * width..]);
        }
        for row in 1..height.saturating_sub(1) {
            frame.push(self.pixels[row * width]);
            if width > 1 {
                frame.push(self.pixels[(row + 1) * width - 1]);
            }
        }
        let middle = frame.len() / 2;
        *frame.select_nth_unstable(middle).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frames_median_leaves_the_inside_out() {
        let image = GreyImage::new(3, 3, vec![1, 2, 3, 4, 99, 5, 6, 7, 8]).unwrap();
        assert_eq!(image.frame_median(), 5);
        assert_eq!(GreyImage::new(1, 3, vec![3, 1, 2]).unwrap().frame_median(), 2);
        assert_eq!(GreyImage::new(3, 1, vec![3, 1, 2]).unwrap().frame_median(), 2);
    }

    #[test]
    fn an_image_has_as_many_pixels_as_its_sizes_say() {
        assert!(GreyImage::new(2, 3, vec![0; 6]).is_ok());
        for (height, width, pixels) in [(2, 3, 5), (0, 3, 0), (usize::MAX, 2, 4)] {
            assert!(GreyImage::new(height, width, vec![0; pixels]).is_err(), "{height}x{width}");
        }
    }
}
