//! Weights files: refused, or read so that writing and reading again changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use network::NamedTensors;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(weights) = NamedTensors::from_bytes(bytes) {
        let written = weights.to_bytes().expect("what was read can be written");
        let again = NamedTensors::from_bytes(&written).expect("what was written can be read");
        // Not by value: a tensor may hold NaN until it is checked against a network.
        assert_eq!(again.to_bytes().expect("as before"), written);
    }
});
