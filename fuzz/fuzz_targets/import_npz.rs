//! Archives of NumPy: refused, or as many pixels as the labels and sizes say.
#![no_main]

use dataset::import::memory::Memory;
use dataset::import::tables::npz;
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(parts) = npz::read(Cursor::new(bytes), &mut Memory::new(Some(1 << 28))) {
        let table = parts.train;
        assert_eq!(table.pixels.len(), table.labels.len() * table.height * table.width);
    }
});
