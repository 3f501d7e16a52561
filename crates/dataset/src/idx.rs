//! The IDX format of MNIST's files: pure functions on bytes, which may be anything.
//!
//! A file has a header of big-endian 32-bit numbers, first a magic number and then the dimensions.
//! After the header comes one byte for each value. Format: LeCun, Cortes and Burges, "The MNIST
//! database", 1998.

use images::expect_pixels;

pub use error::IdxError;
pub use images::Images;
pub use labels::Labels;

mod error;
mod images;
mod labels;

const IMAGES_MAGIC: u32 = 0x0000_0803;
const LABELS_MAGIC: u32 = 0x0000_0801;

/// Parses an IDX file of images.
///
/// # Errors
/// If the bytes are not exactly such a file.
pub fn parse_images(bytes: &[u8]) -> Result<Images, IdxError> {
    let (header, pixels) = split_header::<4>(bytes)?;
    let [magic, count, height, width] = header;
    expect_magic(magic, IMAGES_MAGIC, "images")?;
    // The sizes are checked before anything is allocated: they could ask for any amount of memory.
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

/// Writes an IDX file of these images.
pub fn write_images(images: &Images) -> Vec<u8> {
    // `Images::new` refuses numbers that do not fit into 32 bits.
    let [count, height, width] = [images.count(), images.height(), images.width()].map(|n| n as u32);
    write(&[IMAGES_MAGIC, count, height, width], images.pixels())
}

/// Writes an IDX file of these labels, of which there must be fewer than 2^32.
pub fn write_labels(labels: &[u8]) -> Vec<u8> {
    write(&[LABELS_MAGIC, labels.len() as u32], labels)
}

fn write(header: &[u32], values: &[u8]) -> Vec<u8> {
    header.iter().flat_map(|n| n.to_be_bytes()).chain(values.iter().copied()).collect()
}

/// Splits a file into the `N` big-endian numbers of its header, and the bytes after them.
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
    fn files_are_read_as_they_were_written() {
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
    fn no_bytes_make_the_parser_panic() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..20_000 {
            let length = rng.random_range(0..40_usize);
            let mut bytes: Vec<u8> = (0..length).map(|_| rng.random_range(0..4)).collect();
            // Half of them start with a right magic number, so that the sizes are parsed as well.
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
