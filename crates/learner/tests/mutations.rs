//! Reads hostile configurations, manifests, training states and weights. No input may cause a panic or take
//! much memory, and a configuration or manifest that is accepted must print and read back as the same.
//!
//! The inputs are valid files that are mutated with a seeded generator. `MNIST_CNN_MUTATIONS` sets the number
//! of mutations (20,000 unless it is set). Inputs that caused trouble, or might have, are in
//! `tests/regressions`.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that goes wrong")]

use std::fs;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use learner::config::{parse, parse_bytes, to_toml};
use learner::random::{Stream, generator};
use learner::run::store::manifest::{self, Entry};
use learner::train::state::{Best, RunningMetrics, TrainingState};
use network::{Architecture, ModelConfig, NamedTensors};
use peak_alloc::PeakAlloc;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Lets one test run at a time, because the allocator counts the memory of the whole process.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `read` on an input. It must not panic, and it must not take more memory than 16 MiB and twice the
/// length of the input.
fn within_bounds<T>(what: &str, input: &[u8], read: impl FnOnce(&[u8]) -> T) -> T {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = catch_unwind(AssertUnwindSafe(|| read(input)));
    let extra = ALLOCATOR.peak_usage().saturating_sub(before);
    let text = String::from_utf8_lossy(input);
    assert!(extra < 2 * input.len() + (16 << 20), "{what}: {extra} bytes of memory for:\n{text}");
    result.unwrap_or_else(|_| panic!("{what}: a panic at:\n{text}"))
}

/// Words that mutations insert into a text: the limits of number types, values of other types, brackets,
/// keys.
const WORDS: [&str; 26] = [
    "0",
    "1",
    "-1",
    "1e400",
    "-0.0",
    "nan",
    "inf",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "4294967296",
    "true",
    "\"max\"",
    "[]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    "\n",
    ".",
    "model.units",
    "[[model.units]]\n",
    "filters = 1000000000\n",
    "\u{0}",
    "\u{1F9E0}",
];

/// Changes `bytes` in one random way. Some changes insert a part of `other`.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], rng: &mut ChaCha8Rng) {
    let place = |rng: &mut ChaCha8Rng| rng.random_range(0..bytes.len().max(1)).min(bytes.len());
    let (at, to) = (place(rng), place(rng));
    match rng.random_range(0..9) {
        0 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
        1 if at < bytes.len() => bytes[at] = rng.random(),
        2 => bytes.truncate(at),
        3 => drop(bytes.splice(at..at, WORDS[rng.random_range(0..WORDS.len())].bytes())),
        4 => replace_a_number(bytes, at, WORDS[rng.random_range(0..WORDS.len())]),
        5 => drop(bytes.splice(at.min(to)..at.max(to).min(at.min(to) + 40), [])),
        6 => {
            let from = rng.random_range(0..=other.len());
            let end = rng.random_range(from..=other.len().min(from + 60));
            bytes.splice(at..at, other[from..end].iter().copied());
        }
        7 if at < bytes.len() && to < bytes.len() => bytes.swap(at, to),
        // This repeats a line, once or several times.
        8 => {
            let end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |i| at + i + 1);
            let line = bytes[at..end].repeat(rng.random_range(1..4));
            bytes.splice(end..end, line);
        }
        _ => {}
    }
}

/// Replaces the next number after `at` by a word. The text is then often still valid, but a value is wrong.
fn replace_a_number(bytes: &mut Vec<u8>, at: usize, word: &str) {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let Some(begin) = bytes[at..].iter().position(is_digit).map(|i| at + i) else { return };
    let end = bytes[begin..].iter().position(|byte| !is_digit(byte)).map_or(bytes.len(), |i| begin + i);
    bytes.splice(begin..end, word.bytes());
}

/// The mutated file with this number. A number gives the same bytes on every machine.
fn mutated(seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(number);
    let mut bytes = seeds[rng.random_range(0..seeds.len())].clone();
    for _ in 0..rng.random_range(1..4) {
        let other = &seeds[rng.random_range(0..seeds.len())];
        mutate(&mut bytes, other, &mut rng);
    }
    bytes
}

/// Reads mutations of `seeds`. If `MNIST_CNN_MUTATIONS` is set, the number of accepted ones is printed.
fn read_mutations(what: &str, seeds: &[Vec<u8>], is_accepted: impl Fn(&str, &[u8]) -> bool) {
    let configured = std::env::var("MNIST_CNN_MUTATIONS").ok();
    let number = configured.as_ref().map_or(20_000, |text| text.parse().unwrap());
    let accepted = (0..number).filter(|i| is_accepted(&format!("mutation {i}"), &mutated(seeds, *i))).count();
    // Some mutations must be accepted and some refused. Otherwise one of the two cases would be untested.
    assert!((1..number as usize).contains(&accepted), "{what}: {accepted} of {number} are accepted");
    if configured.is_some() {
        let line = format!("{number} mutated {what}: {accepted} accepted");
        io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

/// Whether the bytes are a configuration. If they are, it must print and read back as the same.
fn is_config(what: &str, bytes: &[u8]) -> bool {
    let parsed = within_bounds(what, bytes, |bytes| parse_bytes("hostile.toml", bytes, &[]));
    let Ok(config) = parsed else { return false };
    // Printing cannot fail, because every value of this configuration was read from TOML.
    let printed = to_toml(&config).unwrap();
    assert_eq!(
        parse("printed", &printed, &[]).unwrap(),
        config,
        "{what}:\n{}",
        String::from_utf8_lossy(bytes)
    );
    true
}

/// Whether the bytes are a manifest. If they are, printing it must give the same bytes.
fn is_manifest(what: &str, bytes: &[u8]) -> bool {
    let Ok(entries) = within_bounds(what, bytes, manifest::parse) else { return false };
    assert_eq!(manifest::print(&entries).as_bytes(), bytes, "{what}");
    true
}

/// Whether the bytes are a training state.
fn is_state(what: &str, bytes: &[u8]) -> bool {
    within_bounds(what, bytes, |bytes| toml::from_slice::<TrainingState>(bytes).is_ok())
}

/// Whether the bytes are weights of the network: its names and shapes, with finite values.
fn are_weights(what: &str, bytes: &[u8]) -> bool {
    within_bounds(what, bytes, |bytes| {
        NamedTensors::from_bytes(bytes).is_ok_and(|weights| architecture().check(&weights).is_ok())
    })
}

fn architecture() -> Architecture {
    let config = ModelConfig { units: vec![], ..ModelConfig::default() };
    Architecture::new(&config, [1, 3, 3], 4).unwrap()
}

fn weights() -> Vec<u8> {
    architecture().initial_tensors(&mut generator(1, Stream::Weights, 0, 0)).to_bytes().unwrap()
}

fn configs() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    // A sweep names a configuration and is none itself.
    let files = files.filter(|file| file.file_name().unwrap() != "sweep.toml");
    let mut all: Vec<Vec<u8>> = files.map(|file| fs::read(file).unwrap()).collect();
    all.push(
        b"[model]\nunits = [{filters = 3, stride = 2, padding = \"valid\"}]\ndense = [20, 10]\n".to_vec(),
    );
    // As PowerShell writes a text into a file: UTF-16 with a byte-order mark.
    let text = "\u{feff}[train]\nepochs = 2\n";
    all.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    all
}

fn manifests() -> Vec<Vec<u8>> {
    let entries = [Entry::new("weights.safetensors", b"a"), Entry::new("state.toml", b"b")];
    vec![manifest::print(&entries).into_bytes(), manifest::print(&[]).into_bytes()]
}

fn states() -> Vec<Vec<u8>> {
    let window = RunningMetrics { losses: vec![0.1, 2.5e-300], hits: 3, images: 64 };
    let best = Some(Best { epoch: 2, step: 56, ..Best::default() });
    let state = TrainingState { epoch: 3, step: 77, window, best, ..TrainingState::default() };
    vec![toml::to_string(&state).unwrap().into_bytes()]
}

#[test]
fn mutated_configurations_are_refused_or_read_back_as_printed() {
    let _turn = turn();
    read_mutations("configurations", &configs(), is_config);
}

#[test]
fn mutated_manifests_are_refused_unless_they_are_another_valid_one() {
    let _turn = turn();
    read_mutations("manifests", &manifests(), is_manifest);
}

#[test]
fn mutated_states_are_refused_or_read() {
    let _turn = turn();
    read_mutations("training states", &states(), is_state);
}

#[test]
fn mutated_weights_are_refused_or_fit() {
    let _turn = turn();
    read_mutations("weights", &[weights(), weights()[..200].to_vec()], are_weights);
}

#[test]
fn valid_files_are_accepted() {
    let _turn = turn();
    assert!(configs().iter().all(|bytes| is_config("a configuration", bytes)));
    assert!(manifests().iter().all(|bytes| is_manifest("a manifest", bytes)));
    assert!(is_state("a state", &states()[0]) && are_weights("weights", &weights()));
}

#[test]
fn every_regression_is_refused_within_bounds() {
    let _turn = turn();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let (bytes, what) = (fs::read(&path).unwrap(), path.display().to_string());
        let is_accepted = match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => is_config(&what, &bytes),
            Some("manifest") => is_manifest(&what, &bytes),
            Some("state") => is_state(&what, &bytes),
            Some("safetensors") => are_weights(&what, &bytes),
            _ => panic!("{what}: expected .toml, .manifest, .state or .safetensors"),
        };
        assert!(!is_accepted, "{what} is accepted");
        count += 1;
    }
    assert!(count > 0, "{}", folder.display());
}
