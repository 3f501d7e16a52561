//! Grey images as bytes.

use crate::idx::error::IdxError;

/// Grey images of one size. A pixel of 0 is background, and 255 is ink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    count: usize,
    height: usize,
    width: usize,
    /// `[count, height, width]`, row by row.
    pixels: Vec<u8>,
}

impl Images {
    /// Images from `[count, height, width]` pixels.
    ///
    /// # Errors
    /// If there are not exactly `count * height * width` pixels, an image has none, or one of the
    /// three numbers does not fit into a file's header.
    pub fn new(count: usize, height: usize, width: usize, pixels: Vec<u8>) -> Result<Self, IdxError> {
        if height == 0 || width == 0 {
            return Err(IdxError::Empty { height, width });
        }
        let (Ok(c), Ok(h), Ok(w)) = (u32::try_from(count), u32::try_from(height), u32::try_from(width))
        else {
            return Err(IdxError::TooLarge { count, height, width });
        };
        expect_pixels(&pixels, [c, h, w], 0)?;
        Ok(Self { count, height, width, pixels })
    }

    /// Number of images.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Height of each image, in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width of each image, in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All pixels, `[count, height, width]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels of image `i`, `[height, width]`.
    ///
    /// # Panics
    /// If `i` is not below [`Images::count`].
    pub fn image(&self, i: usize) -> &[u8] {
        let size = self.height * self.width;
        &self.pixels[i * size..(i + 1) * size]
    }

    pub(crate) fn image_mut(&mut self, i: usize) -> &mut [u8] {
        let size = self.height * self.width;
        &mut self.pixels[i * size..(i + 1) * size]
    }
}

/// Checks that there are as many pixels as the sizes `[count, height, width]` say. The error counts
/// the `header` bytes of the file that stand before the pixels as well.
pub(super) fn expect_pixels(pixels: &[u8], sizes: [u32; 3], header: usize) -> Result<(), IdxError> {
    let [count, height, width] = sizes;
    // The product of three 32-bit numbers always fits into 128 bits.
    let expected = header as u128 + u128::from(count) * u128::from(height) * u128::from(width);
    let found = header + pixels.len();
    if found as u128 == expected {
        return Ok(());
    }
    Err(IdxError::ImagesLength { found, expected, count, height, width })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn images_that_no_header_could_count_are_refused() {
        let error = Images::new(1 << 32, 1, 1, Vec::new()).unwrap_err();
        assert!(matches!(error, IdxError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn pixels_must_be_as_many_as_the_sizes_say() {
        let error = Images::new(2, 2, 3, vec![0; 11]).unwrap_err();
        assert_eq!(error.to_string(), "found 11 bytes, expected 12 for 2 x 2 x 3 pixels");
    }
}
