//! The name of a data set, which is also its folder's name in a data directory.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// The greatest number of characters of a name.
const LONGEST: usize = 64;

/// Names of devices, which cannot be folders on Windows.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The name of a data set: one of the [catalog](crate::catalog::Entry)'s, or a data set of one's own.
///
/// It has 1 to 64 lowercase letters, digits, `-` and `_`, begins with a letter, a digit or `_`, and can be a folder on
/// every system. It is so short that it is kept in place and copied like a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name([u8; LONGEST]);

/// Why a text is not the name of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "expected the name of a data set: 1 to {LONGEST} lowercase letters, digits, `-` and `_`, without `-` at the \
     beginning{reason}"
)]
pub struct NameError {
    /// The end of the sentence where those words would not say it all.
    reason: &'static str,
}

impl Name {
    /// 70,000 handwritten digits (LeCun, Cortes and Burges 1998).
    pub const MNIST: Self = Self::padded("mnist");
    /// 70,000 images of clothes (Xiao, Rasul and Vollgraf 2017).
    pub const FASHION_MNIST: Self = Self::padded("fashion-mnist");
    /// 1,200 of MNIST's digits, which are part of the program.
    pub const SAMPLE: Self = Self::padded("sample");

    /// The text with zeros behind it, which no name contains. What does not fit is cut off.
    const fn padded(text: &str) -> Self {
        let (text, mut bytes, mut i) = (text.as_bytes(), [0; LONGEST], 0);
        while i < text.len() && i < LONGEST {
            bytes[i] = text[i];
            i += 1;
        }
        Self(bytes)
    }

    /// The name in configurations and on the command line.
    pub fn key(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(LONGEST);
        str::from_utf8(&self.0[..end]).unwrap_or_default()
    }

    /// The data set's folder below a data directory.
    pub fn folder(self, data_dir: &Path) -> PathBuf {
        data_dir.join(self.key())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.key(), f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_taken = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        let is_name =
            (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_taken) && !text.starts_with('-');
        if !is_name {
            return Err(NameError { reason: "" });
        }
        let is_port =
            matches!(text.as_bytes(), [b'c', b'o', b'm', b'0'..=b'9'] | [b'l', b'p', b't', b'0'..=b'9']);
        if is_port || DEVICES.contains(&text) {
            return Err(NameError {
                reason: "; this one is a device on Windows, where no folder can have it",
            });
        }
        Ok(Self::padded(text))
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_and_written_as_the_same_text() {
        let longest = "a".repeat(LONGEST);
        for text in ["mnist", "fashion-mnist", "my_digits-2", "_", "0", "com", "com10", &longest] {
            let name: Name = text.parse().unwrap();
            assert_eq!((name.key(), name.to_string().as_str()), (text, text));
            assert_eq!(name.folder(Path::new("data")), Path::new("data").join(text));
        }
        assert_eq!("mnist".parse(), Ok(Name::MNIST));
        assert_eq!(format!("{:>7}|{:?}", Name::SAMPLE, Name::SAMPLE), " sample|\"sample\"");
    }

    #[test]
    fn what_cannot_be_a_folder_everywhere_is_refused() {
        let too_long = "a".repeat(LONGEST + 1);
        for text in
            ["", "-a", "--data", "Mine", "a b", "a/b", "..", ".", "a.b", "a\\b", "c:", "ä", "a\0", &too_long]
        {
            let message = text.parse::<Name>().unwrap_err().to_string();
            assert!(message.ends_with("without `-` at the beginning"), "{text}: {message}");
        }
        for text in ["con", "nul", "com1", "lpt9"] {
            assert!(text.parse::<Name>().unwrap_err().to_string().contains("Windows"), "{text}");
        }
    }
}
