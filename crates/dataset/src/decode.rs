//! The bytes of an image file become a grey image: the format is told by content, and limits are checked on the header.
//!
//! PNG, JPEG, GIF, BMP, WebP, TIFF and PNM are read, by the decoders of the crate `image`. What is transparent is laid
//! over paper, and the image is turned as EXIF says. Other files are refused by the name of what they are.

mod decoded_image;
mod decoding;
mod error;
mod frames;
mod jpeg;
mod kind;
mod limits;
mod png;
mod raster;
mod refused;
mod source;
mod tiff;
mod webp;

pub use decoded_image::{DecodedImage, ImageNotes};
pub use decoding::decode;
pub use error::DecodeError;
pub use limits::{MOST_FILE_BYTES, MOST_MEMORY, MOST_PIXELS};
pub use refused::Refused;
pub use source::{ReadError, read, read_file};
