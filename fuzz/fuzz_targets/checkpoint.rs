//! Manifests and states of checkpoints: refused, or exactly what they say.
#![no_main]

use learner::run::store::manifest;
use learner::train::state::TrainingState;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(entries) = manifest::parse(bytes) {
        assert_eq!(manifest::print(&entries).as_bytes(), bytes);
    }
    // The fuzzer cannot guess a SHA-256, so its bytes get a seal as well.
    let sealed = manifest::print(&[manifest::Entry::new(&String::from_utf8_lossy(bytes), bytes)]);
    if let Ok(entries) = manifest::parse(sealed.as_bytes()) {
        assert_eq!(manifest::print(&entries), sealed);
    }
    drop(toml::from_slice::<TrainingState>(bytes));
});
