//! Bytes of an image file, decoded to a grey image.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(decoded) = dataset::decode::decode(bytes) {
        assert!(decoded.notes.frames > 0);
    }
});
