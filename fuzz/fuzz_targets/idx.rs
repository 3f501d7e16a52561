//! IDX files: refused, or read so that they are written back to the same bytes.
#![no_main]

use dataset::idx::{parse_images, parse_labels, write_images, write_labels};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(images) = parse_images(bytes) {
        assert_eq!(write_images(&images), bytes);
    }
    if let Ok(labels) = parse_labels(bytes, 10) {
        assert_eq!(write_labels(labels.as_slice()), bytes);
    }
});
