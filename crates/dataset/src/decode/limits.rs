//! How large an image may be.

/// The most pixels of an image, after which it is refused: 64 megapixels.
pub const MOST_PIXELS: u64 = 64_000_000;
/// The most bytes that decoding an image may take besides the file: 256 MiB.
pub const MOST_MEMORY: u64 = 256 << 20;
/// The most bytes of a file: 256 MiB.
pub const MOST_FILE_BYTES: u64 = 256 << 20;
