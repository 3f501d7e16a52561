//! The IDX format of MNIST's files: pure functions of bytes that trust nothing.
//!
//! A header of big-endian numbers (a magic number, then the dimensions), then one byte a
//! value. Format: LeCun, Cortes and Burges, "The MNIST database", 1998.

use thiserror::Error;

const IMAGES_MAGIC: u32 = 0x0000_0803;
const LABELS_MAGIC: u32 = 0x0000_0801;

/// Why bytes are not an IDX file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IdxError {
    #[error("found {found} bytes, expected a header of {expected}")]
    Header { found: usize, expected: usize },
    #[error("found magic number {found:#010x}, expected {expected:#010x} (an IDX file of {what})")]
    Magic { found: u32, expected: u32, what: &'static str },
    #[error("found {found} bytes, expected {expected} for {count} x {height} x {width} pixels")]
    ImagesLength { found: usize, expected: u128, count: u32, height: u32, width: u32 },
    #[error("found {found} bytes, expected {expected} for {count} labels")]
    LabelsLength { found: usize, expected: u128, count: u32 },
    #[error("found pictures of {height}x{width} pixels, expected at least 1x1")]
    Empty { height: usize, width: usize },
    #[error("found {count} x {height} x {width}, expected each below 2^32")]
    TooLarge { count: usize, height: usize, width: usize },
    #[error("found label {found} at position {position}, expected one below {classes}")]
    Label { found: u8, position: usize, classes: usize },
}

/// Grey pictures of one size: 0 is background, 255 is ink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    count: usize,
    height: usize,
    width: usize,
    /// `[count, height, width]`, row by row.
    pixels: Vec<u8>,
}

impl Images {
    /// Pictures from `[count, height, width]` pixels.
    ///
    /// # Errors
    /// If there are not exactly `count * height * width` pixels, a picture has none, or one of the
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

    pub fn count(&self) -> usize {
        self.count
    }

    pub fn height(&self) -> usize {
        self.height
    }

    pub fn width(&self) -> usize {
        self.width
    }

    /// All pixels, `[count, height, width]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels of picture `i`, `[height, width]`.
    pub fn image(&self, i: usize) -> &[u8] {
        let size = self.height * self.width;
        &self.pixels[i * size..(i + 1) * size]
    }

    pub(crate) fn image_mut(&mut self, i: usize) -> &mut [u8] {
        let size = self.height * self.width;
        &mut self.pixels[i * size..(i + 1) * size]
    }
}

/// Class numbers, each below the class count they were parsed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels(Vec<u8>);

impl Labels {
    /// # Errors
    /// If a label is not below `classes`.
    pub fn new(labels: Vec<u8>, classes: usize) -> Result<Self, IdxError> {
        let labels = Self(labels);
        labels.expect_below(classes)?;
        Ok(labels)
    }

    /// # Errors
    /// If a label is not below `classes`.
    pub(crate) fn expect_below(&self, classes: usize) -> Result<(), IdxError> {
        match self.0.iter().position(|&label| usize::from(label) >= classes) {
            Some(position) => Err(IdxError::Label { found: self.0[position], position, classes }),
            None => Ok(()),
        }
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Parses an IDX file of pictures.
///
/// # Errors
/// If the bytes are not exactly such a file.
pub fn parse_images(bytes: &[u8]) -> Result<Images, IdxError> {
    let (header, pixels) = split_header::<4>(bytes)?;
    let [magic, count, height, width] = header;
    expect_magic(magic, IMAGES_MAGIC, "pictures")?;
    // Nothing is allocated before the sizes agree.
    expect_pixels(pixels, [count, height, width], 16)?;
    Images::new(count as usize, height as usize, width as usize, pixels.to_vec())
}

/// Parses an IDX file of labels.
///
/// # Errors
/// If the bytes are not exactly such a file, or a label is not below `classes`.
pub fn parse_labels(bytes: &[u8], classes: usize) -> Result<Labels, IdxError> {
    let (header, labels) = split_header::<2>(bytes)?;
    let [magic, count] = header;
    expect_magic(magic, LABELS_MAGIC, "labels")?;
    let expected = 8 + u128::from(count);
    if bytes.len() as u128 != expected {
        return Err(IdxError::LabelsLength { found: bytes.len(), expected, count });
    }
    Labels::new(labels.to_vec(), classes)
}

/// An IDX file of these pictures.
pub fn write_images(images: &Images) -> Vec<u8> {
    // `Images::new` saw to it that they fit.
    let [count, height, width] = [images.count, images.height, images.width].map(|n| n as u32);
    write(&[IMAGES_MAGIC, count, height, width], &images.pixels)
}

/// An IDX file of these labels, fewer than 2^32.
pub fn write_labels(labels: &[u8]) -> Vec<u8> {
    write(&[LABELS_MAGIC, labels.len() as u32], labels)
}

fn write(header: &[u32], values: &[u8]) -> Vec<u8> {
    header.iter().flat_map(|n| n.to_be_bytes()).chain(values.iter().copied()).collect()
}

/// Checks that pixels, which `header` bytes went before, are as many as the sizes say.
fn expect_pixels(pixels: &[u8], sizes: [u32; 3], header: usize) -> Result<(), IdxError> {
    let [count, height, width] = sizes;
    // Three 32-bit numbers always fit into 128 bits.
    let expected = header as u128 + u128::from(count) * u128::from(height) * u128::from(width);
    let found = header + pixels.len();
    if found as u128 == expected {
        return Ok(());
    }
    Err(IdxError::ImagesLength { found, expected, count, height, width })
}

/// `N` big-endian numbers, and the bytes behind them.
fn split_header<const N: usize>(bytes: &[u8]) -> Result<([u32; N], &[u8]), IdxError> {
    let Some((header, rest)) = bytes.split_at_checked(4 * N) else {
        return Err(IdxError::Header { found: bytes.len(), expected: 4 * N });
    };
    let mut numbers = [0; N];
    for (number, bytes) in numbers.iter_mut().zip(header.as_chunks::<4>().0) {
        *number = u32::from_be_bytes(*bytes);
    }
    Ok((numbers, rest))
}

fn expect_magic(found: u32, expected: u32, what: &'static str) -> Result<(), IdxError> {
    if found == expected { Ok(()) } else { Err(IdxError::Magic { found, expected, what }) }
}

#[cfg(test)]
mod tests {
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn images() -> Vec<u8> {
        write_images(&Images::new(2, 2, 3, (1..=12).collect()).unwrap())
    }

    #[test]
    fn what_is_written_is_read() {
        let read = parse_images(&images()).unwrap();
        assert_eq!((read.count(), read.height(), read.width()), (2, 2, 3));
        assert_eq!(read.image(1), [7, 8, 9, 10, 11, 12]);
        assert_eq!(parse_labels(&write_labels(&[0, 9, 4]), 10).unwrap().as_slice(), [0, 9, 4]);
    }

    #[test]
    fn every_truncation_and_every_extra_byte_is_refused() {
        let labels = write_labels(&[0, 9, 4]);
        for length in 0..images().len() {
            assert!(parse_images(&images()[..length]).is_err(), "{length}");
        }
        for length in 0..labels.len() {
            assert!(parse_labels(&labels[..length], 10).is_err(), "{length}");
        }
        assert!(parse_images(&[images(), vec![0]].concat()).is_err());
        assert!(parse_labels(&[labels, vec![0]].concat(), 10).is_err());
    }

    #[test]
    fn every_flipped_bit_of_the_header_is_refused() {
        for bit in 0..16 * 8 {
            let mut bytes = images();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(parse_images(&bytes).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn swapped_files_are_refused_by_their_magic_number() {
        let error = parse_images(&write_labels(&[0; 20])).unwrap_err();
        assert!(matches!(error, IdxError::Magic { found: LABELS_MAGIC, expected: IMAGES_MAGIC, .. }));
        assert!(matches!(parse_labels(&images(), 10), Err(IdxError::Magic { .. })));
    }

    #[test]
    fn sizes_that_overflow_are_refused_without_allocating() {
        let bytes = write(&[IMAGES_MAGIC, u32::MAX, u32::MAX, u32::MAX], &[0; 4]);
        assert!(matches!(parse_images(&bytes), Err(IdxError::ImagesLength { found: 20, .. })));
        let empty = write(&[IMAGES_MAGIC, 5, 0, 3], &[]);
        assert!(matches!(parse_images(&empty), Err(IdxError::Empty { .. })));
        let labels = write(&[LABELS_MAGIC, u32::MAX], &[0; 4]);
        assert!(matches!(parse_labels(&labels, 10), Err(IdxError::LabelsLength { found: 12, .. })));
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn pictures_that_no_header_could_count_are_refused() {
        let error = Images::new(1 << 32, 1, 1, Vec::new()).unwrap_err();
        assert!(matches!(error, IdxError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn no_bytes_make_the_parser_panic() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..20_000 {
            let length = rng.random_range(0..40_usize);
            let mut bytes: Vec<u8> = (0..length).map(|_| rng.random_range(0..4)).collect();
            // Half of them start as a file should, so that the sizes are reached.
            if rng.random() {
                let magic = if rng.random() { IMAGES_MAGIC } else { LABELS_MAGIC };
                bytes.splice(..length.min(4), magic.to_be_bytes());
            }
            let (images, labels) = (parse_images(&bytes), parse_labels(&bytes, 3));
            assert!(images.is_err() || write_images(&images.unwrap()) == bytes);
            assert!(labels.is_err() || write_labels(labels.unwrap().as_slice()) == bytes);
        }
    }

    #[test]
    fn a_label_that_is_no_class_is_named() {
        let error = parse_labels(&write_labels(&[0, 10, 4]), 10).unwrap_err();
        assert_eq!(error, IdxError::Label { found: 10, position: 1, classes: 10 });
    }
}
