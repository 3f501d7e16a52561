//! The manifest of a checkpoint: SHA-256, length and name of each of its files, and a seal.
//!
//! ```text
//! mnist-cnn checkpoint 1
//! 5891b5b522d5df08... 334124 weights.safetensors
//! 06e2f4d9a30c1b7f... 668712 optimizer.safetensors
//! 9f2d11c4ab51d03e... 411 state.toml
//! 3c7a0b9d20fe8a16... manifest
//! ```
//!
//! The last line is the seal, the SHA-256 of all lines before it. With the seal, a checksum covers every bit
//! of the folder.

use sha2::{Digest, Sha256};
use thiserror::Error;

/// What a manifest begins with, before the number of its format.
const FORMAT: &str = "mnist-cnn checkpoint ";
/// The number of the format that this version of the program writes and reads.
const NUMBER: u32 = 1;
const SEAL: &str = "manifest";
/// Largest length of a manifest in bytes, far more than its few lines need.
pub(crate) const LONGEST: u64 = 4096;

/// A file that a manifest lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    /// Length of the file in bytes.
    pub length: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl Entry {
    /// The entry for a file with this name and content.
    pub fn new(name: &str, content: &[u8]) -> Self {
        Self { name: name.to_owned(), length: content.len() as u64, sha256: sha256(content) }
    }

    fn line(&self) -> String {
        format!("{} {} {}", self.sha256, self.length, self.name)
    }
}

/// Why a manifest is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ManifestError {
    #[error("it does not begin with `{FORMAT}{NUMBER}`")]
    Format,
    /// The manifest is whole, and a newer version of the program wrote it.
    #[error("its format has the number {found}, expected {NUMBER}")]
    Version { found: u32 },
    #[error("its last line is not the SHA-256 of the lines before it")]
    Seal,
    #[error("line {line} is not `SHA-256 LENGTH NAME`")]
    Line { line: usize },
}

/// The text of a manifest.
pub fn print(entries: &[Entry]) -> String {
    let lines: String = entries.iter().map(|entry| entry.line() + "\n").collect();
    let sealed = format!("{FORMAT}{NUMBER}\n{lines}");
    let seal = sha256(sealed.as_bytes());
    format!("{sealed}{seal} {SEAL}\n")
}

/// Reads a manifest that [`print()`] wrote.
///
/// # Errors
/// If `print` cannot have written these bytes.
pub fn parse(bytes: &[u8]) -> Result<Vec<Entry>, ManifestError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ManifestError::Format)?;
    let rest = text.strip_prefix(FORMAT).and_then(|rest| rest.split_once('\n'));
    let (number, rest) = rest.ok_or(ManifestError::Format)?;
    let found: u32 = number.parse().map_err(|_| ManifestError::Format)?;
    if found.to_string() != number {
        return Err(ManifestError::Format);
    }
    // The last line is 64 digits, a space, the word `manifest` and a line feed.
    let sealed = text.len().checked_sub(64 + 1 + SEAL.len() + 1).ok_or(ManifestError::Seal)?;
    let (lines, seal) = text.split_at_checked(sealed).ok_or(ManifestError::Seal)?;
    if seal != format!("{} {SEAL}\n", sha256(lines.as_bytes())) {
        return Err(ManifestError::Seal);
    }
    // A flipped bit may change the number, so it counts only below a seal that is right.
    if found != NUMBER {
        return Err(ManifestError::Version { found });
    }
    let lines = rest.get(..rest.len() - seal.len()).ok_or(ManifestError::Seal)?;
    let entry = |(i, line)| entry(line).ok_or(ManifestError::Line { line: i + 2 });
    lines.split_terminator('\n').enumerate().map(entry).collect()
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.splitn(3, ' ');
    let sha256 = words.next().filter(|word| word.len() == 64)?;
    let length = words.next()?.parse().ok()?;
    // A path is refused, so that no file outside the checkpoint's folder is ever read.
    let name = words.next().filter(|name| !name.is_empty() && !name.contains(['/', '\\', '\r']))?;
    let entry = Entry { name: name.to_owned(), length, sha256: sha256.to_owned() };
    // An entry may be written in one way only. A length of `+5` or `05`, for example, is refused.
    (entry.line() == line).then_some(entry)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (Vec<Entry>, String) {
        let entries = vec![Entry::new("weights.safetensors", b"one"), Entry::new("state.toml", b"")];
        let text = print(&entries);
        (entries, text)
    }

    #[test]
    fn a_printed_manifest_reads_back() {
        let (entries, text) = sample();
        assert_eq!(parse(text.as_bytes()), Ok(entries));
        assert!(text.starts_with("mnist-cnn checkpoint 1\n7692c3ad3540bb80"), "{text}");
    }

    #[test]
    fn every_flipped_bit_every_truncation_and_every_extra_byte_is_refused() {
        let text = sample().1.into_bytes();
        for bit in 0..8 * text.len() {
            let mut changed = text.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(&changed).is_err(), "bit {bit}");
        }
        for length in 0..text.len() {
            assert!(parse(&text[..length]).is_err(), "{length} bytes");
        }
        assert!(parse(&[&text[..], b"\n"].concat()).is_err());
    }

    #[test]
    fn a_sealed_manifest_of_another_format_is_told_from_a_damaged_one() {
        let lines = format!("{FORMAT}2\nblake3 weights.safetensors\n");
        let text = format!("{lines}{} {SEAL}\n", sha256(lines.as_bytes()));
        assert_eq!(parse(text.as_bytes()), Err(ManifestError::Version { found: 2 }));
        let (_, text) = sample();
        assert_eq!(
            parse(text.replacen("checkpoint 1", "checkpoint 2", 1).as_bytes()),
            Err(ManifestError::Seal)
        );
        // The number is written in one way only.
        let lines = format!("{FORMAT}01\n");
        let text = format!("{lines}{} {SEAL}\n", sha256(lines.as_bytes()));
        assert_eq!(parse(text.as_bytes()), Err(ManifestError::Format));
    }

    #[test]
    fn a_sealed_manifest_cannot_name_a_path_and_is_written_in_one_way_only() {
        for name in ["../config.toml", "a\\b", "", "a\r"] {
            let entries = [Entry { name: name.into(), ..Entry::new("x", b"") }];
            assert_eq!(parse(print(&entries).as_bytes()), Err(ManifestError::Line { line: 2 }));
        }
        for length in ["+1", "01"] {
            let lines = format!("{FORMAT}{NUMBER}\n{} {length} x\n", "0".repeat(64));
            let text = format!("{lines}{} {SEAL}\n", sha256(lines.as_bytes()));
            assert_eq!(parse(text.as_bytes()), Err(ManifestError::Line { line: 2 }), "{length}");
        }
    }
}
