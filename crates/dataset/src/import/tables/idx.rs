//! Pairs of IDX files of any size and number of classes.
//!
//! The headers say what a file is: the magic number has the type of its values and the number of its dimensions.

use std::io::Read;

use crate::import::memory::Memory;
use crate::import::tables::table::{Fault, MOST_IN_A_PACKED_BYTE, Table, Unit, expect_sizes};

const IMAGES: &str = "an IDX file of images (magic number 0x00000803)";
const LABELS: &str = "an IDX file of labels (magic number 0x00000801)";

/// The header of an IDX file with bytes for values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    Images { count: u32, height: u32, width: u32 },
    Labels { count: u32 },
}

impl Header {
    /// Bytes that follow the header.
    fn content(self) -> u64 {
        match self {
            Self::Images { count, height, width } => {
                u64::from(count).saturating_mul(u64::from(height)).saturating_mul(u64::from(width))
            }
            Self::Labels { count } => u64::from(count),
        }
    }
}

/// Whether a file that begins so is an IDX file, in either order of bytes.
pub fn is_idx(head: &[u8]) -> bool {
    matches!(head, [0, 0, 8..=14, 1..=8, ..] | [1..=8, 8..=14, 0, 0, ..])
}

/// Reads the header.
///
/// # Errors
/// If it is not one of images or labels that are bytes, with what it is.
pub fn read_header(file: &mut impl Read) -> Result<Header, Fault> {
    let mut magic = [0; 4];
    file.read_exact(&mut magic)?;
    let [values, dimensions] = match magic {
        [0, 0, values @ 8..=14, dimensions @ 1..=8] => [values, dimensions],
        [dimensions @ 1..=8, values @ 8..=14, 0, 0] => {
            return Err(Fault::content(format!(
                "its header is little-endian (first bytes {dimensions:02x} {values:02x} 00 00), expected the \
                 numbers of an IDX file with their most significant byte first (00 00 08 03 for images, 00 00 08 01 \
                 for labels)"
            )));
        }
        [a, b, c, d] => {
            return Err(Fault::content(format!(
                "it begins with {a:02x} {b:02x} {c:02x} {d:02x}, expected {IMAGES} or {LABELS}"
            )));
        }
    };
    let mut sizes = Vec::new();
    for _ in 0..dimensions {
        let mut size = [0; 4];
        file.read_exact(&mut size)?;
        sizes.push(u32::from_be_bytes(size));
    }
    match (values, sizes.as_slice()) {
        (8, &[count]) => Ok(Header::Labels { count }),
        (8, &[count, height, width]) => Ok(Header::Images { count, height, width }),
        _ => {
            let sizes = sizes.iter().map(u32::to_string).collect::<Vec<_>>().join(" x ");
            Err(Fault::content(format!(
                "it is an IDX file of {sizes} values, each {} (magic number 0x0000{values:02x}{dimensions:02x}), \
                 expected {IMAGES} or {LABELS}",
                words(values)
            )))
        }
    }
}

/// A type of values, in words.
fn words(values: u8) -> &'static str {
    match values {
        8 => "a byte",
        9 => "a signed byte",
        11 => "a number of 16 bits",
        12 => "a number of 32 bits",
        13 => "a float of 32 bits",
        14 => "a double of 64 bits",
        _ => "of an unknown type",
    }
}

/// A file on its way: its content, how long the file is, and whether it is packed with gzip.
pub struct Stream<'a> {
    pub content: &'a mut dyn Read,
    pub bytes: u64,
    pub packed: bool,
}

/// Reads a pair of files: one of images and one of labels.
///
/// # Errors
/// If one of them is something else or does not hold what its header says, or if they do not fit each other.
/// Each error says which of the two files it is about.
pub fn read_pair(images: Stream<'_>, labels: Stream<'_>, memory: &Memory) -> Result<Table, (Role, Fault)> {
    let (height, width, pixels) = read_images(images, memory).map_err(|fault| (Role::Images, fault))?;
    let labels = read_labels(labels).map_err(|fault| (Role::Labels, fault))?;
    let count = pixels.len() / (height * width);
    if labels.len() != count {
        let reason =
            format!("found {} labels for {count} images, expected as many labels as images", labels.len());
        return Err((Role::Labels, Fault::Content(reason)));
    }
    let labels = labels.into_iter().map(u32::from).collect();
    Ok(Table { height, width, pixels, labels, unit: Unit::Image })
}

/// Which file of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Images,
    Labels,
}

/// The height, the width and the pixels.
fn read_images(mut file: Stream<'_>, memory: &Memory) -> Result<(usize, usize, Vec<u8>), Fault> {
    let header = read_header(&mut file.content)?;
    let Header::Images { count, height, width } = header else {
        return Err(Fault::content(format!("it is {LABELS}, expected {IMAGES}")));
    };
    let [h, w] = expect_sizes(count.into(), height.into(), width.into())?;
    memory.expect(count.into(), h, w)?;
    let what = format!("{count} images of {height}x{width}");
    Ok((h, w, read_content(&mut file, header.content(), 16, &what)?))
}

fn read_labels(mut file: Stream<'_>) -> Result<Vec<u8>, Fault> {
    let header = read_header(&mut file.content)?;
    let Header::Labels { count } = header else {
        return Err(Fault::content(format!("it is {IMAGES}, expected {LABELS}")));
    };
    read_content(&mut file, header.content(), 8, &format!("{count} labels"))
}

/// The bytes behind the header, exactly as many as it says.
fn read_content(file: &mut Stream<'_>, expected: u64, header: u64, what: &str) -> Result<Vec<u8>, Fault> {
    let wrong = |found: String| {
        Fault::content(format!(
            "found {found} bytes, expected {} for {what}",
            expected.saturating_add(header)
        ))
    };
    if !file.packed && file.bytes != expected.saturating_add(header) {
        return Err(wrong(file.bytes.to_string()));
    }
    // A header can announce anything, and memory is taken for what is there.
    let most = if file.packed { file.bytes.saturating_mul(MOST_IN_A_PACKED_BYTE) } else { file.bytes };
    if expected > most {
        return Err(wrong(format!("at most {most}")));
    }
    let mut bytes = Vec::new();
    let room = usize::try_from(expected).map_err(|_| wrong(file.bytes.to_string()))?;
    bytes.try_reserve_exact(room).map_err(|error| Fault::content(error.to_string()))?;
    file.content.take(expected).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != expected {
        return Err(wrong((bytes.len() as u64 + header).to_string()));
    }
    match file.content.read(&mut [0]) {
        Ok(0) => Ok(bytes),
        Ok(_) => Err(wrong("more".to_owned())),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idx::{Images, write_images, write_labels};

    fn read(mut images: &[u8], mut labels: &[u8]) -> Result<Table, (Role, String)> {
        let (i, l) = (images.len() as u64, labels.len() as u64);
        read_pair(
            Stream { content: &mut images, bytes: i, packed: false },
            Stream { content: &mut labels, bytes: l, packed: false },
            &Memory::new(Some(1 << 30)),
        )
        .map_err(|(role, fault)| (role, fault.to_string()))
    }

    fn images() -> Vec<u8> {
        write_images(&Images::new(2, 2, 3, (1..=12).collect()).unwrap())
    }

    #[test]
    fn a_pair_of_any_size_is_read() {
        let table = read(&images(), &write_labels(&[61, 0])).unwrap();
        assert_eq!((table.height, table.width), (2, 3));
        assert_eq!((table.pixels, table.labels), ((1..=12).collect(), vec![61, 0]));
    }

    #[test]
    fn every_wrong_file_is_named_for_what_it_is() {
        let labels = write_labels(&[0, 1]);
        let with = |magic: [u8; 4], sizes: &[u32], values: usize| {
            let sizes = sizes.iter().flat_map(|size| size.to_be_bytes());
            magic.into_iter().chain(sizes).chain(vec![0; values]).collect::<Vec<u8>>()
        };
        for (file, words) in [
            (
                labels.clone(),
                "it is an IDX file of labels (magic number 0x00000801), expected an IDX file of images",
            ),
            (with([3, 8, 0, 0], &[2, 2, 3], 12), "its header is little-endian (first bytes 03 08 00 00)"),
            (
                with([0, 0, 14, 3], &[2, 2, 3], 96),
                "2 x 2 x 3 values, each a double of 64 bits (magic number 0x00000e03)",
            ),
            (
                with([0, 0, 8, 4], &[2, 3, 2, 3], 36),
                "2 x 3 x 2 x 3 values, each a byte (magic number 0x00000804)",
            ),
            (with([0, 0, 8, 3], &[0, 28, 28], 0), "found 0 images of 28x28, expected at least 1"),
            (with([0, 0, 8, 3], &[2, 300, 3], 1800), "images of 300x3, expected from 1x1 to 256x256"),
            (with([0, 0, 8, 3], &[2, 2, 3], 11), "found 27 bytes, expected 28 for 2 images of 2x3"),
            (with([0, 0, 8, 3], &[u32::MAX, 256, 256], 11), "MB of memory"),
            (b"<html>404".to_vec(), "it begins with 3c 68 74 6d"),
            (vec![0, 0, 8], "the file is cut short"),
        ] {
            let (role, message) = read(&file, &labels).unwrap_err();
            assert!(role == Role::Images && message.contains(words), "{words}: {message}");
        }
        let (role, message) = read(&images(), &images()).unwrap_err();
        assert!(role == Role::Labels && message.starts_with("it is an IDX file of images"), "{message}");
        let (role, message) = read(&images(), &write_labels(&[0])).unwrap_err();
        assert_eq!(
            (role, message.as_str()),
            (Role::Labels, "found 1 labels for 2 images, expected as many labels as images")
        );
    }

    #[test]
    fn a_packed_file_cannot_announce_more_than_it_could_hold() {
        let header = [0, 0, 8, 3, 255, 255, 255, 255, 0, 0, 0, 28, 0, 0, 0, 28];
        let mut labels = write_labels(&[0]);
        labels.truncate(8);
        let (_, fault) = read_pair(
            Stream { content: &mut header.as_slice(), bytes: 30, packed: true },
            Stream { content: &mut labels.as_slice(), bytes: 8, packed: true },
            &Memory::new(None),
        )
        .unwrap_err();
        assert!(fault.to_string().starts_with("found at most 30960 bytes, expected "), "{fault}");
    }
}
