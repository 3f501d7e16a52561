//! What the decoder of TIFF does not check: whether the values of an entry can be in the file at all.
//!
//! It takes 32 bytes for each value that an entry announces before it reads the first one, so an entry of 12 bytes could
//! ask for gigabytes (tiff 0.11.3; found by mutated files).

/// Where the parts of a directory are: in TIFF, and in BigTIFF with its longer numbers.
struct Layout {
    /// The place of the directory's offset.
    directory: usize,
    /// The bytes of an offset and of a number of values.
    long: usize,
    /// The bytes of the number of entries.
    entries: usize,
    /// The bytes of an entry.
    entry: usize,
}

const TIFF: Layout = Layout { directory: 4, long: 4, entries: 2, entry: 12 };
const BIG_TIFF: Layout = Layout { directory: 8, long: 8, entries: 8, entry: 20 };

/// Whether each entry of the first directory announces no more bytes than the file has. What cannot be found is left to
/// the decoder.
pub(super) fn entries_fit(bytes: &[u8]) -> bool {
    let is_little = bytes.starts_with(b"II");
    let number = |at: usize, length: usize| -> Option<u64> {
        let digits = bytes.get(at..at.checked_add(length)?)?;
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(if is_little { digits.iter().rev().fold(0, add) } else { digits.iter().fold(0, add) })
    };
    let layout = match number(2, 2) {
        Some(42) => TIFF,
        Some(43) => BIG_TIFF,
        _ => return true,
    };
    let Some(directory) = number(layout.directory, layout.long).and_then(|at| usize::try_from(at).ok())
    else {
        return true;
    };
    let entries = number(directory, layout.entries).unwrap_or(0);
    // No more entries than the file has room for.
    let first = directory.saturating_add(layout.entries);
    let room = (bytes.len().saturating_sub(first) / layout.entry) as u64;
    (0..entries.min(room) as usize).all(|i| {
        let entry = first + i * layout.entry;
        let size = number(entry + 2, 2).map_or(1, size_of_value);
        let values = number(entry + 4, layout.long).unwrap_or(0);
        values.saturating_mul(size) <= bytes.len() as u64
    })
}

/// The bytes of a value of this type.
fn size_of_value(kind: u64) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file whose directory has one entry with so many values of 16 bits.
    fn file(is_little: bool, is_big: bool, values: u64) -> Vec<u8> {
        let number = |value: u64, length: usize| {
            let bytes = value.to_le_bytes()[..length].to_vec();
            if is_little { bytes } else { bytes.into_iter().rev().collect() }
        };
        let mut file = if is_little { b"II".to_vec() } else { b"MM".to_vec() };
        let long = if is_big { 8 } else { 4 };
        if is_big {
            file.extend([number(43, 2), number(8, 2), number(0, 2), number(16, 8), number(1, 8)].concat());
        } else {
            file.extend([number(42, 2), number(8, 4), number(1, 2)].concat());
        }
        file.extend([number(259, 2), number(3, 2), number(values, long), number(1, long)].concat());
        file
    }

    #[test]
    fn an_entry_with_more_values_than_the_file_has_bytes_is_noticed() {
        for (is_little, is_big) in [(true, false), (false, false), (true, true), (false, true)] {
            assert!(entries_fit(&file(is_little, is_big, 1)));
            assert!(entries_fit(&file(is_little, is_big, 11)));
            assert!(!entries_fit(&file(is_little, is_big, 8_126_465)));
            assert!(!entries_fit(&file(is_little, is_big, 0xffff_ffff)));
        }
    }

    #[test]
    fn what_is_cut_short_is_left_to_the_decoder() {
        let whole = file(true, false, 1);
        assert!((0..whole.len()).all(|length| entries_fit(&whole[..length])));
    }
}
