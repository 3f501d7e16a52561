//! Whether bytes are what the catalog says: length first, then SHA-256.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// How bytes differ from what they should be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Mismatch {
    #[error("found {found} bytes, expected {expected}")]
    Length { found: u64, expected: u64 },
    #[error("found SHA-256 {found}, expected {expected}")]
    Sha256 { found: String, expected: String },
    #[error("not a gzip file that unpacks to {expected} bytes: {reason}")]
    Gzip { expected: u64, reason: String },
}

/// Reads a file, but at most one byte more than expected: that is enough to see that it is too long.
pub(crate) fn read_bounded(path: &Path, expected: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(expected + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Checks length and SHA-256.
///
/// # Errors
/// If one of them differs, with what was found and what was expected.
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

/// The SHA-256 in hexadecimal, as the catalog has it.
pub(crate) fn sha256_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Unpacks gzip to exactly `expected` bytes. Of a longer stream, only one byte more is unpacked.
///
/// # Errors
/// If the stream is damaged, or unpacks to fewer or more bytes.
pub(crate) fn gunzip(bytes: &[u8], expected: u64) -> Result<Vec<u8>, Mismatch> {
    // There is room for the byte that is too many. Without that room the vector would grow to twice
    // its size when the byte comes.
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
