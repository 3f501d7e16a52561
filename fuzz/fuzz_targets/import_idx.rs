//! Pairs of IDX files of any size: refused, or as many pixels as the labels and sizes say.
#![no_main]

use dataset::import::memory::Memory;
use dataset::import::tables::idx::{Stream, read_pair};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The first half is a file of images, the second one of labels.
    let (mut images, mut labels) = bytes.split_at(bytes.len() / 2);
    let lengths = [images.len() as u64, labels.len() as u64];
    let images = Stream { content: &mut images, bytes: lengths[0], packed: false };
    let labels = Stream { content: &mut labels, bytes: lengths[1], packed: false };
    if let Ok(table) = read_pair(images, labels, &Memory::new(Some(1 << 28))) {
        assert_eq!(table.pixels.len(), table.labels.len() * table.height * table.width);
    }
});
