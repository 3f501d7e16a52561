//! Whether bytes and files are what the catalog says: length first, then SHA-256.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::catalog::{DataFile, Name};
use crate::fetch::Which;

/// What bytes turned out to be, against what they should be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Mismatch {
    #[error("found {found} bytes, expected {expected}")]
    Length { found: u64, expected: u64 },
    #[error("found SHA-256 {found}, expected {expected}")]
    Sha256 { found: String, expected: String },
    #[error("not a gzip file that unpacks to {expected} bytes: {reason}")]
    Gzip { expected: u64, reason: String },
}

/// The state of a file on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    Ok,
    Missing,
    Unreadable(String),
    Wrong(Mismatch),
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Missing => f.write_str("missing"),
            Self::Unreadable(reason) => write!(f, "cannot be read: {reason}"),
            Self::Wrong(mismatch) => write!(f, "{mismatch}"),
        }
    }
}

/// A file's state, for `data verify`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    pub path: PathBuf,
    pub status: Status,
}

/// Checks the files of a data set below `dir`.
pub fn verify(name: Name, which: Which, dir: &Path) -> Vec<FileReport> {
    which.files(name).map(|file| report(&path(name, file, dir), file)).collect()
}

/// Where a file of a data set is kept.
pub(crate) fn path(name: Name, file: &DataFile, dir: &Path) -> PathBuf {
    dir.join(name.key()).join(file.name)
}

/// The command that brings the file kept at `path`, the inverse of [`path`].
///
/// It names data set and folder, so that it does the right thing when it is copied from an error.
pub(crate) fn download_command(path: &Path) -> String {
    let folder = path.parent();
    let name = folder.and_then(Path::file_name).unwrap_or_default().display();
    let dir = folder.and_then(Path::parent).unwrap_or(Path::new(""));
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    format!("cargo run -p cli -- data download --dataset {name} --data-dir {}", quoted(dir))
}

/// A path as a shell wants it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if text.contains(char::is_whitespace) { format!("\"{text}\"") } else { text }
}

pub(crate) fn report(path: &Path, file: &DataFile) -> FileReport {
    let status = match read_bounded(path, file.bytes) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Status::Missing,
        Err(error) => Status::Unreadable(error.to_string()),
        Ok(bytes) => check(&bytes, file.bytes, file.sha256).map_or_else(Status::Wrong, |()| Status::Ok),
    };
    FileReport { path: path.to_owned(), status }
}

/// Reads a file, but at most one byte more than expected: enough to see that it is too long.
pub(crate) fn read_bounded(path: &Path, expected: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(expected + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Checks length and SHA-256.
///
/// # Errors
/// What was found and what was expected.
pub(crate) fn check(bytes: &[u8], length: u64, sha256: &str) -> Result<(), Mismatch> {
    let found = bytes.len() as u64;
    if found != length {
        return Err(Mismatch::Length { found, expected: length });
    }
    let found = sha256_of(bytes);
    if found != sha256 {
        return Err(Mismatch::Sha256 { found, expected: sha256.to_owned() });
    }
    Ok(())
}

/// SHA-256 in hexadecimal, as the catalog has it.
pub(crate) fn sha256_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Unpacks gzip to exactly `expected` bytes; a longer stream is never unpacked to its end.
///
/// # Errors
/// If the stream is damaged, or shorter or longer.
pub(crate) fn gunzip(bytes: &[u8], expected: u64) -> Result<Vec<u8>, Mismatch> {
    // One byte less, and the byte that is too many would make it grow to twice the size.
    let mut unpacked = Vec::with_capacity(usize::try_from(expected + 1).unwrap_or(0));
    GzDecoder::new(bytes)
        .take(expected + 1)
        .read_to_end(&mut unpacked)
        .map_err(|error| Mismatch::Gzip { expected, reason: error.to_string() })?;
    let found = unpacked.len() as u64;
    if found == expected { Ok(unpacked) } else { Err(Mismatch::Length { found, expected }) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn one_flipped_bit_and_one_byte_more_or_less_are_found() {
        assert_eq!(check(b"hello", 5, HELLO), Ok(()));
        assert!(matches!(check(b"hellp", 5, HELLO), Err(Mismatch::Sha256 { .. })));
        assert_eq!(check(b"hell", 5, HELLO), Err(Mismatch::Length { found: 4, expected: 5 }));
        assert_eq!(check(b"hello!", 5, HELLO), Err(Mismatch::Length { found: 6, expected: 5 }));
    }

    #[test]
    fn the_command_in_an_error_names_data_set_and_folder() {
        for (dir, written) in [("/a/b", "/a/b"), ("my data", "\"my data\""), ("", ".")] {
            let path = path(Name::FashionMnist, &Name::FashionMnist.files()[0], Path::new(dir));
            let command = download_command(&path);
            assert!(
                command.ends_with(&format!(" --dataset fashion-mnist --data-dir {written}")),
                "{command}"
            );
        }
    }

    #[test]
    fn a_gzip_bomb_stops_at_the_expected_size() {
        let bomb = gzip(&vec![0; 50_000_000]);
        assert!(bomb.len() < 100_000);
        assert_eq!(gunzip(&bomb, 1000), Err(Mismatch::Length { found: 1001, expected: 1000 }));
    }

    #[test]
    fn a_damaged_stream_is_refused() {
        let packed = gzip(b"hello");
        assert_eq!(gunzip(&packed, 5), Ok(b"hello".to_vec()));
        assert!(matches!(gunzip(b"<html>not found</html>", 5), Err(Mismatch::Gzip { .. })));
        for length in 0..packed.len() {
            assert!(gunzip(&packed[..length], 5).is_err(), "{length}");
        }
    }
}
