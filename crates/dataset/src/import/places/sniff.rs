//! Tells by a file's first bytes what it is, whatever its name says.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::import::error::ImportError;
use crate::import::tables::idx::{self, Header};
use crate::import::tables::npz;
use crate::verify::kind::{HEAD, describe};

const GZIP: [u8; 2] = [0x1f, 0x8b];
/// How files of images begin.
const IMAGES: [&[u8]; 8] = [b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"P5", b"P6"];

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    IdxImages,
    IdxLabels,
    Csv,
    Npz,
    /// EMNIST's list of the character that each label stands for.
    Mapping,
    Image,
}

/// A file's content as a stream, its length on the disk, and whether it is packed.
pub(crate) struct Opened {
    pub(crate) content: Box<dyn Read>,
    pub(crate) bytes: u64,
    pub(crate) packed: bool,
}

/// Opens a file, and unpacks it on the way if it is packed with gzip.
pub(crate) fn open(path: &Path) -> Result<Opened, ImportError> {
    let io = |reason| ImportError::Io { path: path.to_owned(), reason };
    let metadata = std::fs::metadata(path).map_err(io)?;
    if !metadata.is_file() {
        return Err(ImportError::source(path, "it is neither a file nor a folder"));
    }
    let bytes = metadata.len();
    let mut begin = Vec::new();
    File::open(path).map_err(io)?.take(2).read_to_end(&mut begin).map_err(io)?;
    let file = File::open(path).map_err(io)?;
    let packed = begin == GZIP;
    let content: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(Opened { content, bytes, packed })
}

/// Tells what a file is.
///
/// # Errors
/// If it is none that is imported, with its name and what to do.
pub(crate) fn kind(path: &Path) -> Result<Kind, ImportError> {
    let opened = open(path)?;
    let mut head = Vec::new();
    let read = opened.content.take(HEAD as u64).read_to_end(&mut head);
    read.map_err(|error| ImportError::source(path, format!("it cannot be unpacked: {error}")))?;
    if idx::is_idx(&head) {
        return match idx::read_header(&mut head.as_slice()) {
            Ok(Header::Images { .. }) => Ok(Kind::IdxImages),
            Ok(Header::Labels { .. }) => Ok(Kind::IdxLabels),
            Err(fault) => Err(ImportError::of_fault(path, fault)),
        };
    }
    if IMAGES.iter().any(|begin| head.starts_with(begin)) || head.get(8..12) == Some(b"WEBP") {
        return Ok(Kind::Image);
    }
    if head.starts_with(b"PK\x03\x04") && is_npz(path)? {
        return Ok(Kind::Npz);
    }
    match told(&head, path) {
        Some(words) => Err(ImportError::source(path, format!("it is {words}"))),
        None if is_mapping(&head) => Ok(Kind::Mapping),
        None if is_lines_of_values(&head) => Ok(Kind::Csv),
        None => {
            // Only of a whole content can it be said that it is a file of the catalog, and this is a beginning.
            let seen =
                if head.is_empty() { "empty".to_owned() } else { describe(&head, u64::MAX).to_string() };
            Err(ImportError::source(
                path,
                format!("it is {seen}; expected a folder of class folders, IDX, CSV, or Keras's mnist.npz"),
            ))
        }
    }
}

fn is_npz(path: &Path) -> Result<bool, ImportError> {
    let file: io::Result<File> = File::open(path);
    Ok(npz::is_npz(BufReader::new(file.map_err(ImportError::io(path))?)))
}

/// A known format that is not imported, and what to do.
fn told(head: &[u8], path: &Path) -> Option<String> {
    let unpack = "unpack it and import the folder";
    let words = match head {
        [b'P', b'A', b'R', b'1', ..] => {
            return Some(format!(
                "a Parquet file, as the Hugging Face hub has them. This line makes class folders of it, which can be \
                 imported; it needs pandas and pyarrow:\n  python -c \"import pandas, pathlib; \
                 [(d := pathlib.Path('images', str(r.label))).mkdir(parents=True, exist_ok=True) or (d / \
                 f'{{i}}.png').write_bytes(r.image['bytes']) for i, r in \
                 enumerate(pandas.read_parquet('{}').itertuples())]\"",
                path.display()
            ));
        }
        [0x89, b'H', b'D', b'F', ..] => {
            "an HDF5 file; save its arrays with numpy.savez('mine.npz', x_train=..., y_train=..., x_test=..., \
             y_test=...) and import that"
                .to_owned()
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => {
            "one NumPy array, and images need labels; save both with numpy.savez('mine.npz', x_train=..., \
             y_train=...) and import that"
                .to_owned()
        }
        [0x80, 2..=5, ..] => {
            "a pickle of Python, which could run any program; load it in Python, save its arrays with \
             numpy.savez('mine.npz', x_train=..., y_train=...) and import that"
                .to_owned()
        }
        _ if head.starts_with(b"MATLAB 5.0") => {
            "a MATLAB file; load it with scipy.io.loadmat, save its arrays with numpy.savez('mine.npz', x_train=..., \
             y_train=...) and import that"
                .to_owned()
        }
        [b'P', b'K', 3, 4, ..] => format!("a zip archive without NumPy's arrays; {unpack}"),
        _ if head.get(257..262) == Some(b"ustar") => format!("a tar archive; {unpack}"),
        [b'7', b'z', 0xbc, 0xaf, ..] => format!("a 7z archive; {unpack}"),
        [b'R', b'a', b'r', b'!', ..] => format!("a rar archive; {unpack}"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => format!("packed with xz; {unpack}"),
        [b'B', b'Z', b'h', ..] => format!("packed with bzip2; {unpack}"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => format!("packed with zstd; {unpack}"),
        _ => return None,
    };
    Some(words)
}

/// Whether the first line has two or three whole numbers with spaces between them, and nothing else.
fn is_mapping(head: &[u8]) -> bool {
    let Some(line) = head.split(|byte| *byte == b'\n').next() else { return false };
    let mut words = line.trim_ascii().split(|byte| *byte == b' ');
    let is_number = |word: &[u8]| !word.is_empty() && word.len() <= 6 && word.iter().all(u8::is_ascii_digit);
    (2..=3).contains(&words.clone().count()) && words.all(is_number)
}

/// Whether the file begins as a line of a few values does: printable, with a separator.
fn is_lines_of_values(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_text = |byte: &u8| byte.is_ascii_graphic() || b" \t\r".contains(byte);
    let is_markup = [b"<", b"{", b"%"].iter().any(|mark| line.starts_with(*mark));
    let times = |separators: &[u8]| line.iter().filter(|byte| separators.contains(byte)).count();
    !is_markup && line.iter().all(is_text) && (times(b",") > 0 || times(b";\t ") >= 3)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::idx::{Images, write_images, write_labels};

    fn told_of(bytes: &[u8]) -> Result<Kind, String> {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("photo.jpg");
        fs::write(&path, bytes).unwrap();
        kind(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn content_decides_and_not_the_name() {
        let images = write_images(&Images::new(1, 2, 2, vec![0; 4]).unwrap());
        assert_eq!(told_of(&images), Ok(Kind::IdxImages));
        assert_eq!(told_of(&write_labels(&[0])), Ok(Kind::IdxLabels));
        assert_eq!(told_of(b"label,pixel0,pixel1,pixel2,pixel3\n"), Ok(Kind::Csv));
        assert_eq!(told_of(b"ImageId,Label\n"), Ok(Kind::Csv));
        assert_eq!(told_of(b"5 0 0 12 3\n"), Ok(Kind::Csv));
        assert_eq!(told_of(b"1 65 97\n2 66 98\n"), Ok(Kind::Mapping));
        assert_eq!(told_of(b"\x89PNG\r\n"), Ok(Kind::Image));
    }

    #[test]
    fn other_formats_are_named_with_what_to_do() {
        let mut tar = vec![b'x'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        for (bytes, words) in [
            (b"PAR1\x15\x04".as_slice(), "it is a Parquet file"),
            (b"PAR1\x15\x04", "python -c \"import pandas"),
            (b"\x89HDF\r\n", "it is an HDF5 file; save its arrays"),
            (b"\x93NUMPY\x01\0", "one NumPy array, and images need labels"),
            (b"\x80\x04\x95", "a pickle of Python"),
            (b"MATLAB 5.0 MAT-file", "a MATLAB file"),
            (b"PK\x03\x04....", "a zip archive without NumPy's arrays; unpack it"),
            (&tar, "a tar archive; unpack it"),
            (b"\x1f\x8b\x08\0", "it cannot be unpacked"),
            (b"", "it is empty; expected a folder of class folders"),
            (b"<html>404, not found</html>", "it is a web page; expected"),
            (b"\x01\x02\x03", "it is of an unknown format"),
            (&[3, 8, 0, 0, 96, 234, 0, 0], "its header is little-endian"),
        ] {
            let error = told_of(bytes).unwrap_err();
            assert!(error.contains("photo.jpg: ") && error.contains(words), "{words}: {error}");
        }
    }
}
