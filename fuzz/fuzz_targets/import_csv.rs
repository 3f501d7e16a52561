//! Lines of numbers: refused, or as many pixels as the labels and sizes say.
#![no_main]

use dataset::import::memory::Memory;
use dataset::import::tables::csv;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(table) = csv::read(&mut &*bytes, &Memory::new(Some(1 << 28))) {
        assert_eq!(table.pixels.len(), table.labels.len() * table.height * table.width);
    }
});
