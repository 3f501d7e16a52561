//! How large an image may be.

/// The most pixels of an image, after which it is refused: 64 megapixels.
pub const MOST_PIXELS: u64 = 64_000_000;
/// The most bytes that decoding an image may take, its file among them: 204 MiB. With the smaller image that is made of
/// it and the program itself, 52 MiB in all, a program that reads one image at a time stays below 256 MiB.
pub const MOST_MEMORY: u64 = 204 << 20;
/// The most bytes of a file: 204 MiB, since a larger one cannot be decoded within [`MOST_MEMORY`].
pub const MOST_FILE_BYTES: u64 = MOST_MEMORY;
