//! Whether bytes are what the catalog says: length first, then SHA-256.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;
use thiserror::Error;

use crate::catalog::{DataFile, Entry};
use crate::verify::digest::sha256_of;
use crate::verify::kind::{HEAD, Kind, describe};

/// How every stream of gzip begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How bytes differ from what they should be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Difference {
    #[error("found {found} bytes, expected {expected}")]
    Length { found: u64, expected: u64 },
    #[error("found SHA-256 {found}, expected {expected}")]
    Sha256 { found: String, expected: String },
    #[error("not a gzip file that unpacks to {expected} bytes: {reason}")]
    Gzip { expected: u64, reason: String },
}

/// How a file differs from the one that it should be, and what it seems to be instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Mismatch {
    pub difference: Difference,
    pub seen: Kind,
    pub expected: Box<DataFile>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { difference, seen, expected } = self;
        match seen {
            // Two checksums would say less than the two names.
            Kind::Known { entry, .. } => {
                let owner = Entry::ALL
                    .into_iter()
                    .find(|owner| owner.files().iter().any(|file| file.sha256 == expected.sha256));
                match owner {
                    Some(owner) if owner != *entry => write!(f, "it is {seen}, not {}'s", owner.title()),
                    _ => write!(f, "it is {seen}, not {}", expected.name),
                }
            }
            Kind::Unknown => write!(f, "{difference}"),
            seen if *seen == Kind::of(expected) => {
                write!(f, "{difference}; its header is right, so it is damaged or has other values")
            }
            Kind::Idx { .. } | Kind::LittleEndian { .. } => {
                write!(f, "{difference}; it is {seen}, expected {}", Kind::of(expected))
            }
            seen => write!(f, "{difference}; it is {seen}"),
        }
    }
}

/// Reads the file at `path`, which should be `expected`, and checks it. Of a file of another length, no more
/// is read than it takes to tell what it is.
///
/// # Errors
/// The outer error says that the file cannot be read, the inner one that it is another file.
pub(crate) fn read(path: &Path, expected: &DataFile) -> io::Result<Result<Vec<u8>, Mismatch>> {
    let length = file_length(path)?;
    if length == expected.bytes {
        return Ok(check(read_bounded(path, length)?, expected));
    }
    let difference = Difference::Length { found: length, expected: expected.bytes };
    Ok(Err(Mismatch { difference, seen: look(path, length)?, expected: Box::new(expected.clone()) }))
}

/// Reads a file that a person or a package offers for `expected`: as it is kept, or packed with gzip.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_offered(path: &Path, expected: &DataFile) -> io::Result<Result<Vec<u8>, Mismatch>> {
    let length = file_length(path)?;
    if length > most_packed(expected) {
        return read(path, expected);
    }
    Ok(unpack(read_bounded(path, length)?, expected))
}

/// The largest file that may hold this content, packed or not. Gzip never doubles the length of its input,
/// apart from its header with a file name.
pub(crate) fn most_packed(file: &DataFile) -> u64 {
    2 * file.bytes + 1024
}

fn file_length(path: &Path) -> io::Result<u64> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::Error::other("it is a folder, expected a file"));
    }
    if !metadata.is_file() {
        return Err(io::Error::other("it is neither a file nor a folder, expected a file"));
    }
    Ok(metadata.len())
}

/// Tells what the file is. It is read to its end if it could be a file of the catalog.
fn look(path: &Path, length: u64) -> io::Result<Kind> {
    let known = Entry::ALL.into_iter().flat_map(Entry::files).any(|file| file.bytes == length);
    let bytes = read_bounded(path, if known { length } else { HEAD as u64 })?;
    Ok(describe(&bytes, length))
}

/// Reads a file, but at most one byte more than expected: that is enough to see that it is too long.
pub(crate) fn read_bounded(path: &Path, expected: u64) -> io::Result<Vec<u8>> {
    // A vector that grows while it is filled would take up to three times the file's length for a while.
    let mut bytes = Vec::with_capacity(usize::try_from(expected + 1).unwrap_or(0));
    File::open(path)?.take(expected + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Unpacks bytes that are packed with gzip, takes others as they are, and checks the content. What the bytes
/// were called does not matter.
///
/// # Errors
/// If the content is not the expected one, or cannot be unpacked.
pub(crate) fn unpack(bytes: Vec<u8>, expected: &DataFile) -> Result<Vec<u8>, Mismatch> {
    if !bytes.starts_with(&GZIP) {
        return check(bytes, expected);
    }
    match gunzip(&bytes, expected.bytes) {
        Ok(content) => check(content, expected),
        Err(difference) => {
            Err(Mismatch { difference, seen: Kind::Unknown, expected: Box::new(expected.clone()) })
        }
    }
}

/// Checks length and SHA-256, and returns the bytes that passed.
///
/// # Errors
/// If one of them differs, with what was found and what was expected.
pub(crate) fn check(bytes: Vec<u8>, expected: &DataFile) -> Result<Vec<u8>, Mismatch> {
    let found = bytes.len() as u64;
    let difference = if found != expected.bytes {
        Difference::Length { found, expected: expected.bytes }
    } else {
        let found = sha256_of(&bytes);
        if found == expected.sha256 {
            return Ok(bytes);
        }
        Difference::Sha256 { found, expected: expected.sha256.to_string() }
    };
    Err(Mismatch { difference, seen: describe(&bytes, found), expected: Box::new(expected.clone()) })
}

/// Unpacks gzip, but to at most one byte more than expected: that is enough to see that it is too long. A file
/// may have several members, one after the other; what follows them and is none is passed over.
///
/// # Errors
/// If a member is damaged.
pub(crate) fn gunzip(bytes: &[u8], expected: u64) -> Result<Vec<u8>, Difference> {
    let failed = |error: io::Error| Difference::Gzip { expected, reason: error.to_string() };
    // There is room for the byte that is too many. Without that room the vector would grow to twice
    // its size when the byte comes.
    let mut unpacked = Vec::with_capacity(usize::try_from(expected + 1).unwrap_or(0));
    let mut rest = bytes;
    loop {
        let room = expected + 1 - unpacked.len() as u64;
        let mut member = GzDecoder::new(&mut rest).take(room);
        member.read_to_end(&mut unpacked).map_err(failed)?;
        if unpacked.len() as u64 > expected || !rest.starts_with(&GZIP) {
            break;
        }
    }
    Ok(unpacked)
}

/// The beginning of what gzip unpacks to, as far as the packed `bytes` reach.
pub(crate) fn gunzip_head(bytes: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    // The packed bytes are cut off, so an error at their end says nothing.
    drop(GzDecoder::new(bytes).take(HEAD as u64).read_to_end(&mut head));
    head
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::catalog::Role;
    use crate::split::Split;

    static HELLO: DataFile = DataFile {
        split: Split::Test,
        role: Role::Labels,
        name: Cow::Borrowed("hello"),
        bytes: 5,
        sha256: Cow::Borrowed("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
        image_size: [28, 28],
        packed_bytes: 25,
    };

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn difference(bytes: &[u8]) -> Difference {
        check(bytes.to_vec(), &HELLO).unwrap_err().difference
    }

    #[test]
    fn one_flipped_bit_and_one_byte_more_or_less_are_found() {
        assert_eq!(check(b"hello".to_vec(), &HELLO), Ok(b"hello".to_vec()));
        assert!(matches!(difference(b"hellp"), Difference::Sha256 { .. }));
        assert_eq!(difference(b"hell"), Difference::Length { found: 4, expected: 5 });
        assert_eq!(difference(b"hello!"), Difference::Length { found: 6, expected: 5 });
    }

    #[test]
    fn a_gzip_bomb_stops_at_the_expected_size() {
        let bomb = gzip(&vec![0; 50_000_000]);
        assert!(bomb.len() < 100_000);
        let many = [bomb.as_slice(), &bomb].concat();
        for bomb in [bomb, many] {
            assert_eq!(gunzip(&bomb, 1000), Ok(vec![0; 1001]));
        }
    }

    #[test]
    fn a_damaged_stream_is_refused() {
        let packed = gzip(b"hello");
        assert_eq!(gunzip(&packed, 5), Ok(b"hello".to_vec()));
        assert!(matches!(gunzip(b"<html>not found</html>", 5), Err(Difference::Gzip { .. })));
        for length in 0..packed.len() {
            assert!(matches!(gunzip(&packed[..length], 5), Err(Difference::Gzip { .. })), "{length}");
        }
    }

    #[test]
    fn members_are_joined_and_what_is_behind_them_is_passed_over() {
        let (he, llo, all) = (gzip(b"he"), gzip(b"llo"), gzip(b"hello"));
        let nothing = gzip(b"");
        for packed in [
            [he.as_slice(), &llo].concat(),
            [&nothing, &he, &nothing, llo.as_slice(), &nothing].concat(),
            [all.as_slice(), &[0; 512]].concat(),
            [all.as_slice(), b"and more"].concat(),
        ] {
            assert_eq!(gunzip(&packed, 5), Ok(b"hello".to_vec()), "{packed:02x?}");
        }
        assert_eq!(gunzip(&[all.as_slice(), &he].concat(), 5), Ok(b"helloh".to_vec()));
        let cut = [he.as_slice(), &llo[..llo.len() - 1]].concat();
        assert!(matches!(gunzip(&cut, 5), Err(Difference::Gzip { .. })));
    }

    #[test]
    fn content_counts_and_not_whether_it_is_packed() {
        for bytes in [b"hello".to_vec(), gzip(b"hello")] {
            assert_eq!(unpack(bytes, &HELLO), Ok(b"hello".to_vec()));
        }
        let page = unpack(gzip(b"<html>Log in</html>"), &HELLO).unwrap_err();
        assert_eq!(page.difference, Difference::Length { found: 6, expected: 5 });
        assert!(page.to_string().ends_with("; it is a web page"), "{page}");
    }
}
