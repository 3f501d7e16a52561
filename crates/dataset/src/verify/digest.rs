//! The SHA-256 of bytes, as the catalog writes it.

use sha2::{Digest, Sha256};

/// The SHA-256 in hexadecimal.
pub(crate) fn sha256_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
