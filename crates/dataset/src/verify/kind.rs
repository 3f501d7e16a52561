//! What bytes seem to be, so that an error about a wrong file can say what was found instead.

use std::fmt;

use crate::catalog::{DataFile, Entry, Role};
use crate::verify::digest::sha256_of;

/// So many bytes from the beginning of a file are enough to tell its kind. The first line of a CSV file with
/// a name for each of 784 pixels fits into them.
pub(crate) const HEAD: usize = 8192;

/// How formats that people have MNIST in begin, and what to say about them.
const BEGINNINGS: [(&[u8], &str); 14] = [
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (b"Rar!", "a rar archive: unpack it first"),
    (b"\xfd7zXZ\0", "packed with xz: unpack it first"),
    (b"BZh", "packed with bzip2: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd: unpack it first"),
    (b"PAR1", "a parquet file, which is another format than IDX"),
    (b"\x93NUMPY", "a NumPy array, which is another format than IDX"),
    (b"\x89HDF", "an HDF5 file, which is another format than IDX"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"%PDF", "a PDF document"),
    (b"version https://git-lfs.github.com/spec/", "a Git LFS pointer, which only names the file"),
    (b"<?xml", "an XML document, perhaps a server's error message"),
];

/// What bytes seem to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Empty,
    /// A file of a data set in the catalog, told by its SHA-256.
    Known {
        entry: Entry,
        file: &'static str,
    },
    /// An IDX file with values of this type and with these sizes.
    Idx {
        values: u8,
        sizes: Vec<u32>,
    },
    /// The header of an IDX file with the bytes of each number in the wrong order.
    LittleEndian {
        values: u8,
        dimensions: u8,
    },
    Gzip,
    /// Lines of values with commas between them. The columns are counted if the first line is short enough.
    Csv {
        columns: Option<usize>,
    },
    WebPage,
    /// Another format, in words.
    Other(&'static str),
    Unknown,
}

impl Kind {
    /// What a data set's file is, judged by its header.
    pub(crate) fn of(file: &DataFile) -> Self {
        // The headers of the two kinds of file have 16 and 8 bytes.
        let sizes = match file.role {
            Role::Images => {
                let [height, width] = file.image_size;
                let image = (u64::from(height) * u64::from(width)).max(1);
                vec![(file.bytes.saturating_sub(16) / image) as u32, height, width]
            }
            Role::Labels => vec![file.bytes.saturating_sub(8) as u32],
        };
        Self::Idx { values: 8, sizes }
    }
}

/// Tells what `bytes` are, which are the beginning of a content of `length` bytes, or all of it. Only of a
/// whole content can it be said that it is a file of the catalog.
pub(crate) fn describe(bytes: &[u8], length: u64) -> Kind {
    if length == 0 {
        return Kind::Empty;
    }
    let known = if bytes.len() as u64 == length { known(bytes) } else { None };
    known.or_else(|| idx(bytes)).or_else(|| marked(bytes)).or_else(|| text(bytes)).unwrap_or(Kind::Unknown)
}

/// The file of the catalog with exactly these bytes.
fn known(bytes: &[u8]) -> Option<Kind> {
    let mut sha256 = None;
    for entry in Entry::ALL {
        for file in entry.files().iter().filter(|file| file.bytes == bytes.len() as u64) {
            if *sha256.get_or_insert_with(|| sha256_of(bytes)) == file.sha256 {
                return Some(Kind::Known { entry, file: &file.name });
            }
        }
    }
    None
}

/// An IDX file by its magic number, in either order of bytes.
fn idx(bytes: &[u8]) -> Option<Kind> {
    let (magic, rest) = bytes.split_first_chunk::<4>()?;
    match *magic {
        [0, 0, values @ 8..=14, dimensions @ 1..=8] => {
            let sizes = rest.as_chunks::<4>().0.get(..usize::from(dimensions))?;
            let sizes = sizes.iter().map(|size| u32::from_be_bytes(*size)).collect();
            Some(Kind::Idx { values, sizes })
        }
        [dimensions @ 1..=8, values @ 8..=14, 0, 0] => Some(Kind::LittleEndian { values, dimensions }),
        _ => None,
    }
}

/// A format with a mark of its own.
fn marked(bytes: &[u8]) -> Option<Kind> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Some(Kind::Gzip);
    }
    if bytes.get(257..262) == Some(b"ustar".as_slice()) {
        return Some(Kind::Other("a tar archive: unpack it first"));
    }
    let (_, words) = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning))?;
    Some(Kind::Other(words))
}

/// A web page, or lines of values with commas between them.
fn text(bytes: &[u8]) -> Option<Kind> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let tag = text[..text.len().min(14)].to_ascii_lowercase();
    if [b"<!doctype html".as_slice(), b"<html", b"<head", b"<body"].iter().any(|page| tag.starts_with(page)) {
        return Some(Kind::WebPage);
    }
    let line = text.split(|byte| *byte == b'\n').next()?;
    let commas = line.iter().filter(|byte| **byte == b',').count();
    let values = |byte: &u8| byte.is_ascii_alphanumeric() || b",.-_\"\r".contains(byte);
    if commas < 2 || !line.iter().all(values) {
        return None;
    }
    Some(Kind::Csv { columns: (line.len() < text.len()).then_some(commas + 1) })
}

/// The kind as a noun with its article, or as a participle: "a web page", "packed with xz".
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an empty file"),
            Self::Known { entry, file } => write!(f, "{}'s {file}", entry.title()),
            Self::Idx { values: 8, sizes } if sizes.len() == 1 => {
                write!(f, "an IDX file of {} labels (magic number 0x00000801)", sizes[0])
            }
            Self::Idx { values: 8, sizes } if sizes.len() == 3 => {
                let (count, height, width) = (sizes[0], sizes[1], sizes[2]);
                write!(f, "an IDX file of {count} images of {height}x{width} (magic number 0x00000803)")
            }
            Self::Idx { values, sizes } => {
                let magic = u32::from(*values) << 8 | sizes.len() as u32;
                let sizes = sizes.iter().map(u32::to_string).collect::<Vec<_>>().join(" x ");
                write!(f, "an IDX file of {sizes} values (magic number {magic:#010x})")
            }
            Self::LittleEndian { values, dimensions } => write!(
                f,
                "an IDX file with a little-endian header (first bytes {dimensions:02x} {values:02x} 00 00)"
            ),
            Self::Gzip => f.write_str("packed with gzip"),
            Self::Csv { columns: Some(columns) } => {
                write!(f, "CSV text of {columns} columns, which is another format than IDX")
            }
            Self::Csv { columns: None } => f.write_str("CSV text, which is another format than IDX"),
            Self::WebPage => f.write_str("a web page"),
            Self::Other(words) => f.write_str(words),
            Self::Unknown => f.write_str("of an unknown format"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idx::{Images, write_images, write_labels};

    fn told(bytes: &[u8]) -> String {
        describe(bytes, bytes.len() as u64).to_string()
    }

    #[test]
    fn formats_that_people_have_are_told_by_how_they_begin() {
        let mut tar = vec![b'x'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        for (bytes, words) in [
            (b"".as_slice(), "an empty file"),
            (b"PK\x03\x04...", "a zip archive: unpack it first"),
            (b"PAR1\x15\x04", "a parquet file"),
            (b"\x1f\x8b\x08\0", "packed with gzip"),
            (b"\x93NUMPY\x01\0", "a NumPy array"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer"),
            (b"\xef\xbb\xbf\r\n <!DOCTYPE HTML><title>", "a web page"),
            (b"<html>404</html>", "a web page"),
            (b"<?xml version='1.0'?><Error>", "an XML document"),
            (b"label,pixel0,pixel1\n5,0,0\n", "CSV text of 3 columns"),
            (b"5,0,0,12", "CSV text, which"),
            (&tar, "a tar archive: unpack it first"),
            (b"mine", "of an unknown format"),
            (b"Dear all, as agreed, here are the files.", "of an unknown format"),
        ] {
            let found = told(bytes);
            assert!(found.starts_with(words), "{words}: {found}");
        }
    }

    #[test]
    fn idx_files_are_told_by_their_magic_number_and_sizes() {
        let images = write_images(&Images::new(3, 32, 30, vec![0; 3 * 32 * 30]).unwrap());
        let labels = write_labels(&[0; 20]);
        let colors = [[0, 0, 8, 4], [0, 0, 0, 2], [0, 0, 0, 3], [0, 0, 0, 28], [0, 0, 0, 28]].concat();
        for (bytes, words) in [
            (images.as_slice(), "an IDX file of 3 images of 32x30 (magic number 0x00000803)"),
            (&labels, "an IDX file of 20 labels (magic number 0x00000801)"),
            (&colors, "an IDX file of 2 x 3 x 28 x 28 values (magic number 0x00000804)"),
            (
                &[3, 8, 0, 0, 96, 234, 0, 0],
                "an IDX file with a little-endian header (first bytes 03 08 00 00)",
            ),
            (&images[..9], "of an unknown format"),
        ] {
            assert_eq!(told(bytes), words);
        }
        for file in Entry::Mnist.files() {
            let Kind::Idx { values: 8, sizes } = Kind::of(file) else { panic!("{file:?}") };
            let count = if file.bytes > 1_000_000 { file.bytes / 784 } else { file.bytes - 8 };
            assert_eq!(u64::from(sizes[0]), count, "{}", file.name);
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        for length in 0..300 {
            for byte in 0..=255 {
                describe(&vec![byte; length], 300);
            }
        }
    }
}
