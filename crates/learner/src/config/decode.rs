//! The text in the bytes of a configuration file.
//!
//! Editors and shells write UTF-8, with or without a byte-order mark. PowerShell's `>` writes UTF-16.

use std::str;

use thiserror::Error;

/// Why the bytes of a file are not a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotText {
    #[error("found the byte 0x{byte:02x} at position {at}, expected a text in UTF-8 or UTF-16")]
    Byte { byte: u8, at: usize },
    #[error("found UTF-16 that is damaged at byte {at}, expected a text in UTF-8 or UTF-16")]
    Utf16 { at: usize },
}

/// The text of a configuration file.
///
/// A byte-order mark says in which encoding the text is, and is not part of the text. Without one, a text
/// with a zero in every second byte is UTF-16, and every other text is UTF-8.
///
/// # Errors
/// If the bytes are not a text. The positions in the error count from 0.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, NotText> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest, 3),
        [0xff, 0xfe, rest @ ..] => utf16(rest, 2, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, 2, u16::from_be_bytes),
        // A configuration begins with a letter, a bracket, a space or `#`, each of which is one byte.
        [first, 0, ..] if *first != 0 => utf16(bytes, 0, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(bytes, 0, u16::from_be_bytes),
        _ => utf8(bytes, 0),
    }
}

/// `offset` is the number of bytes before these in the file.
fn utf8(bytes: &[u8], offset: usize) -> Result<String, NotText> {
    let at = match str::from_utf8(bytes) {
        // A zero is valid UTF-8, but no text has one.
        Ok(text) => match text.find('\0') {
            None => return Ok(text.to_owned()),
            Some(at) => at,
        },
        Err(error) => error.valid_up_to(),
    };
    Err(NotText::Byte { byte: bytes[at], at: offset + at })
}

fn utf16(bytes: &[u8], offset: usize, unit: fn([u8; 2]) -> u16) -> Result<String, NotText> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    let mut at = offset;
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok('\0') | Err(_) => return Err(NotText::Utf16 { at }),
            Ok(character) => text.push(character),
        }
        at += 2 * decoded.map_or(1, char::len_utf16);
    }
    if rest.is_empty() { Ok(text) } else { Err(NotText::Utf16 { at }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[train]\r\nseed = 3 # größer als 𝟚\r\n";

    fn utf16_bytes(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn each_encoding_gives_the_same_text() {
        let marked = format!("\u{feff}{TEXT}");
        for bytes in [TEXT, &marked].map(|text| text.as_bytes().to_vec()) {
            assert_eq!(decode(&bytes).as_deref(), Ok(TEXT));
        }
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            for text in [TEXT, &marked] {
                assert_eq!(decode(&utf16_bytes(text, order)).as_deref(), Ok(TEXT));
            }
        }
        for empty in [&b""[..], b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"] {
            assert_eq!(decode(empty).as_deref(), Ok(""));
        }
    }

    #[test]
    fn what_is_no_text_is_named_with_its_first_byte() {
        assert_eq!(decode(b"# gr\xf6\xdfer"), Err(NotText::Byte { byte: 0xf6, at: 4 }));
        assert_eq!(decode(b"\xef\xbb\xbf#\xff"), Err(NotText::Byte { byte: 0xff, at: 4 }));
        assert_eq!(decode(b"PK\x03\x04\0\0"), Err(NotText::Byte { byte: 0, at: 4 }));
        assert_eq!(decode(b"\0\0\0"), Err(NotText::Byte { byte: 0, at: 0 }));
        let mut cut = utf16_bytes("\u{feff}[train]", u16::to_le_bytes);
        cut.pop();
        assert_eq!(decode(&cut), Err(NotText::Utf16 { at: 14 }));
        // A surrogate by itself, after a character of two units.
        let alone = [0xff, 0xfe, 0x35, 0xd8, 0xda, 0xdf, 0x00, 0xd8, 0x20, 0x00];
        assert_eq!(decode(&alone), Err(NotText::Utf16 { at: 6 }));
    }
}
