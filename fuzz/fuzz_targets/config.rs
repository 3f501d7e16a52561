//! Configurations and assignments: refused, or printed and read back as the same.
#![no_main]

use learner::config::{parse, to_toml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // The text after the first zero byte is an assignment.
    let (file, assignments) = match text.split_once('\0') {
        Some((file, assignment)) => (file, vec![assignment.to_owned()]),
        None => (text, Vec::new()),
    };
    if let Ok(config) = parse("fuzz.toml", file, &assignments) {
        let printed = to_toml(&config).expect("a configuration that was read can be written");
        assert_eq!(parse("printed", &printed, &[]), Ok(config));
    }
});
