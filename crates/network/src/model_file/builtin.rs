//! The model that comes with the program: handwritten digits from the world.
//!
//! `cargo xtask builtin` trains it anew from `configs/real.toml` and compares the bytes.

use crate::model_file::{ModelFile, ModelFileError};

/// The file's bytes. They are in a program only if it uses them.
pub const DIGITS: &[u8] = include_bytes!("../../models/digits.safetensors");

/// Reads the model.
///
/// # Errors
/// If the file that was compiled in is not a model, which a test excludes.
pub fn digits() -> Result<ModelFile, ModelFileError> {
    ModelFile::from_bytes(DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_small_canonical_and_tells_ten_digits_apart() {
        let model = digits().unwrap();
        assert!(DIGITS.len() < 340_000, "{} bytes", DIGITS.len());
        assert!(model.to_bytes().unwrap() == DIGITS);
        assert_eq!(model.classes, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
        assert_eq!((model.preparation.as_str(), model.architecture.input().height), ("ink", 28));
    }
}
