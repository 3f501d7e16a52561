//! Hostile images cause no panic and need no more memory than is allowed.
//!
//! The drawings of `tests/images` are mutated with a seeded generator. `MNIST_CNN_MUTATIONS` says how many mutated files
//! there are; without it there are 20,000.

#![cfg(feature = "import")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that goes wrong")]

use std::fs;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use dataset::decode::{DecodeError, MOST_MEMORY, MOST_PIXELS, decode};
use flate2::Crc;
use peak_alloc::PeakAlloc;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Sizes, and bytes that end or begin something in one of the formats.
const EDGES: [u32; 12] =
    [0, 1, 2, 0x7f, 0xff, 0xffff, 0x0001_0000, 0x7fff_ffff, 0xffff_ffff, 8000, 7_000_000, 0x0010_0000];

fn mutate(bytes: &mut Vec<u8>, other: &[u8], rng: &mut ChaCha8Rng) {
    let length = bytes.len();
    // Half of the times in the header, where sizes and kinds stand.
    let end = if rng.random() { length.min(64) } else { length };
    let at = rng.random_range(0..end.max(1)).min(length);
    match rng.random_range(0..8) {
        0 if at < length => bytes[at] ^= 1 << rng.random_range(0..8),
        1 if at < length => bytes[at] = rng.random(),
        2 => overwrite(bytes, at, &EDGES[rng.random_range(0..EDGES.len())].to_be_bytes()),
        3 => overwrite(bytes, at, &EDGES[rng.random_range(0..EDGES.len())].to_le_bytes()),
        4 => overwrite(bytes, at, &(EDGES[rng.random_range(0..EDGES.len())] as u16).to_be_bytes()),
        5 => bytes.truncate(at),
        6 => {
            let from = rng.random_range(0..=other.len());
            let until = rng.random_range(from..=other.len().min(from + 40));
            let to = (at + rng.random_range(0..40)).min(length);
            bytes.splice(at..to, other[from..until].iter().copied());
        }
        7 => drop(bytes.drain(at..(at + rng.random_range(0..4)).min(length))),
        _ => {}
    }
}

fn overwrite(bytes: &mut [u8], at: usize, new: &[u8]) {
    for (byte, new) in bytes.iter_mut().skip(at).zip(new) {
        *byte = *new;
    }
}

/// Writes right checksums into a PNG, or its decoder would look at nothing else.
fn repair(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(length) =
        bytes.get(at..at + 4).map(|four| u32::from_be_bytes(four.try_into().unwrap()) as usize)
    {
        let end = at.saturating_add(8).saturating_add(length);
        let Some(chunk) = bytes.get(at + 4..end) else { break };
        let mut checksum = Crc::new();
        checksum.update(chunk);
        overwrite(bytes, end, &checksum.sum().to_be_bytes());
        at = end + 4;
    }
}

/// The mutated file of this number, which is the same on every machine.
fn mutated(seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(number);
    let mut bytes = seeds[rng.random_range(0..seeds.len())].clone();
    for _ in 0..rng.random_range(1..4) {
        mutate(&mut bytes, &seeds[rng.random_range(0..seeds.len())], &mut rng);
    }
    if bytes.starts_with(b"\x89PNG") && rng.random_range(0..4) > 0 {
        repair(&mut bytes);
    }
    bytes
}

#[test]
fn mutated_images_are_refused_or_decoded_within_bounds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let seeds: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    let wanted = std::env::var("MNIST_CNN_MUTATIONS");
    let number: u64 = wanted.as_deref().unwrap_or("20000").parse().unwrap();
    let mut decoded = 0;
    for i in 0..number {
        let bytes = mutated(&seeds, i);
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        let result = catch_unwind(AssertUnwindSafe(|| decode(&bytes)));
        let extra = ALLOCATOR.peak_usage().saturating_sub(before) as u64;
        let begin = &bytes[..bytes.len().min(32)];
        assert!(extra < MOST_MEMORY + (32 << 20), "mutation {i}: {extra} bytes of memory, {begin:02x?}...");
        match result.unwrap_or_else(|_| panic!("mutation {i}: a panic, {begin:02x?}...")) {
            Ok(image) => {
                decoded += 1;
                assert!(
                    image.image.pixels().len() as u64 <= MOST_PIXELS && image.notes.frames > 0,
                    "mutation {i}"
                );
            }
            Err(error) => {
                assert!(!matches!(error, DecodeError::Panicked { .. }), "mutation {i}: {error}");
                let text = error.to_string();
                assert!(text.len() < 400 && !text.contains(char::is_control), "mutation {i}: {text}");
            }
        }
    }
    // If nearly all files were accepted, or nearly none, the test would say little.
    assert!((number / 20..number * 19 / 20).contains(&decoded), "{decoded} of {number}");
    if wanted.is_ok() {
        let line = format!("{number} mutated images: {decoded} are decoded, the others are refused\n");
        io::stderr().write_all(line.as_bytes()).unwrap();
    }
}
