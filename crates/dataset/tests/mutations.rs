//! Hostile bytes cause no panic and need no great memory, and only bytes that are exactly a file are
//! accepted.
//!
//! Valid files are mutated with a seeded generator. `MNIST_CNN_MUTATIONS` says how many mutated files
//! there are; without it there are 20,000. Inputs that caused trouble, or might have, are kept in
//! `tests/regressions`.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that goes wrong")]

use std::fs;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use dataset::fetch::{self, FetchError};
use dataset::idx::{Images, parse_images, parse_labels, write_images, write_labels};
use dataset::{Description, Name, Split};
use flate2::Compression;
use flate2::write::GzEncoder;
use peak_alloc::PeakAlloc;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Lets one test run at a time, because the allocator counts for the whole process.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `read`, which must neither panic nor hold more than twice its input and 16 MiB.
fn within_bounds<T>(what: &str, input: &[u8], read: impl FnOnce(&[u8]) -> T) -> T {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = catch_unwind(AssertUnwindSafe(|| read(input)));
    let extra = ALLOCATOR.peak_usage().saturating_sub(before);
    let begin = &input[..input.len().min(32)];
    assert!(
        extra < 2 * input.len() + (16 << 20),
        "{what}: {extra} bytes of memory for {} bytes, {begin:02x?}...",
        input.len()
    );
    result.unwrap_or_else(|_| panic!("{what}: a panic at {} bytes, {begin:02x?}...", input.len()))
}

/// Whether the bytes are a file of images. If so, writing the images must give the same bytes.
fn are_images(what: &str, bytes: &[u8]) -> bool {
    let Ok(images) = within_bounds(what, bytes, parse_images) else { return false };
    assert!(write_images(&images) == bytes, "{what}: {images:?}");
    let sizes = [images.count(), images.height(), images.width()];
    let pixels: u128 = sizes.iter().map(|size| *size as u128).product();
    assert!(images.pixels().len() as u128 == pixels, "{what}: {sizes:?}");
    true
}

/// Whether the bytes are a file of labels of ten classes. If so, writing the labels must give the same
/// bytes.
fn are_labels(what: &str, bytes: &[u8]) -> bool {
    let Ok(labels) = within_bounds(what, bytes, |bytes| parse_labels(bytes, 10)) else { return false };
    assert!(write_labels(labels.as_slice()) == bytes, "{what}: {labels:?}");
    assert!(labels.as_slice().iter().all(|label| *label < 10), "{what}: {labels:?}");
    true
}

/// A folder that offers one compressed file, as a person might hand it over.
struct Offer {
    from: TempDir,
    data: TempDir,
}

impl Offer {
    fn new() -> Self {
        Self { from: TempDir::new().unwrap(), data: TempDir::new().unwrap() }
    }

    /// Fetches the file as a person's file is fetched. No bytes here are MNIST's, so all are refused.
    fn refuses(&self, what: &str, packed: &[u8]) {
        let offered = self.from.path().join("t10k-images-idx3-ubyte.gz");
        // Some disks write a file that replaces another at once, and a new file only later. So a new file
        // is faster.
        drop(fs::remove_file(&offered));
        fs::write(offered, packed).unwrap();
        let (from, data) = (self.from.path(), self.data.path());
        let result = within_bounds(what, packed, |_| {
            fetch::download(Name::MNIST, &[Split::Test], data, Some(from), false, &mut |_| ())
        });
        assert!(matches!(result, Err(FetchError::NoSource { .. })), "{what}: {result:?}");
        assert_eq!(fs::read_dir(data).unwrap().count(), 0, "{what}");
    }
}

fn images(count: usize, height: usize, width: usize) -> Vec<u8> {
    let pixels = (0..count * height * width).map(|i| (i * 37 % 256) as u8).collect();
    write_images(&Images::new(count, height, width, pixels).unwrap())
}

fn labels(count: usize) -> Vec<u8> {
    write_labels(&(0..count).map(|i| (i % 10) as u8).collect::<Vec<u8>>())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Numbers at the limits of sizes, types and signs.
const EDGES: [u32; 16] = [
    0,
    1,
    2,
    10,
    28,
    0x0000_0801,
    0x0000_0803,
    0x0000_0b03,
    0x0000_ffff,
    0x0001_0000,
    0x0001_0001,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_fff0,
    0xffff_ffff,
];

/// Changes `bytes` in one way, half of the times in the header. Bytes that are spliced in come from
/// `other`.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], rng: &mut ChaCha8Rng) {
    let length = bytes.len();
    let place = |rng: &mut ChaCha8Rng| {
        let end = if rng.random() { length.min(16) } else { length };
        rng.random_range(0..end.max(1)).min(length)
    };
    let (at, to) = (place(rng), place(rng));
    match rng.random_range(0..10) {
        0 if at < length => bytes[at] ^= 1 << rng.random_range(0..8),
        1 if at < length => bytes[at] = [0, 1, 9, 10, 0x7f, 0x80, 0xff][rng.random_range(0..7)],
        2 => overwrite(bytes, at / 4 * 4, EDGES[rng.random_range(0..EDGES.len())]),
        // A number that is the length or slightly less, as a right size would be.
        3 => overwrite(bytes, at / 4 * 4, (length as u32).wrapping_sub(rng.random_range(0..20))),
        4 => bytes.truncate(at),
        5 => bytes.extend((0..rng.random_range(1..40)).map(|_| rng.random::<u8>())),
        6 => {
            let from = rng.random_range(0..=other.len());
            let end = rng.random_range(from..=other.len());
            bytes.splice(at.min(to)..at.max(to), other[from..end].iter().copied());
        }
        7 if at < length && to < length => bytes.swap(at, to),
        // Two numbers of the header change places. If both are sizes, the file may still be valid.
        8 if length >= 16 => {
            let (a, b) = (rng.random_range(0..4), rng.random_range(0..4));
            for i in 0..4 {
                bytes.swap(4 * a + i, 4 * b + i);
            }
        }
        // Sizes whose product may overflow to 0, without any pixels.
        9 if length >= 16 => {
            (1..4).for_each(|word| overwrite(bytes, 4 * word, EDGES[rng.random_range(0..EDGES.len())]));
            bytes.truncate(16);
        }
        _ => {}
    }
}

fn overwrite(bytes: &mut [u8], at: usize, number: u32) {
    for (byte, new) in bytes.iter_mut().skip(at).zip(number.to_be_bytes()) {
        *byte = new;
    }
}

/// The mutated file of this number, which is the same on every machine.
fn mutated(seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(number);
    let mut bytes = seeds[rng.random_range(0..seeds.len())].clone();
    for _ in 0..rng.random_range(1..5) {
        let other = &seeds[rng.random_range(0..seeds.len())];
        mutate(&mut bytes, other, &mut rng);
    }
    bytes
}

/// How many mutated files to try.
fn wanted() -> u64 {
    let Some(text) = std::env::var_os("MNIST_CNN_MUTATIONS") else { return 20_000 };
    let number = text.to_string_lossy().parse();
    number.unwrap_or_else(|_| panic!("MNIST_CNN_MUTATIONS: found {text:?}, expected a number as 1000000"))
}

#[test]
fn mutated_idx_files_are_refused_or_read_exactly() {
    let _turn = turn();
    let seeds = [images(7, 5, 4), images(2, 28, 28), images(0, 28, 28), labels(3), labels(60), labels(0)];
    let number = wanted();
    let mut accepted = [0_u64; 2];
    for i in 0..number {
        let bytes = mutated(&seeds, i);
        let what = format!("mutation {i}");
        accepted[0] += u64::from(are_images(&what, &bytes));
        accepted[1] += u64::from(are_labels(&what, &bytes));
    }
    if number >= 1000 {
        // If nearly all files were accepted, or nearly none, the test would say little.
        assert!(accepted.iter().all(|count| (number / 100..number / 2).contains(count)), "{accepted:?}");
    }
    if std::env::var_os("MNIST_CNN_MUTATIONS").is_some() {
        let [images, labels] = accepted;
        let line = format!(
            "{number} mutated IDX files: {images} hold images, {labels} hold labels, the others are refused"
        );
        io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

#[test]
fn mutated_descriptions_are_refused_or_read_exactly_and_name_no_file_elsewhere() {
    let _turn = turn();
    let describe = |name| Description::in_catalog(name).unwrap().to_toml().unwrap().into_bytes();
    let seeds = [Name::MNIST, Name::FASHION_MNIST, Name::SAMPLE].map(describe);
    let parse = |bytes: &[u8]| Description::parse(Path::new("d"), &String::from_utf8_lossy(bytes));
    let (number, mut accepted) = (wanted().div_ceil(10), 0);
    for i in 0..number {
        let (what, bytes) = (format!("mutation {i}"), mutated(&seeds, i));
        let Ok(description) = within_bounds(&what, &bytes, parse) else { continue };
        accepted += 1;
        let again = parse(description.to_toml().unwrap().as_bytes()).unwrap();
        assert!(again == description, "{what}: {description:?}");
        let mut names = description.files.iter().map(|file| Path::new(&*file.name));
        assert!(names.all(|name| name.file_name() == Some(name.as_os_str())), "{what}: {description:?}");
    }
    if number >= 1000 {
        assert!((number / 100..number / 2).contains(&accepted), "{accepted} of {number}");
    }
}

#[test]
fn mutated_gzip_files_are_unpacked_within_bounds() {
    let _turn = turn();
    let small = [gzip(&images(2, 28, 28)), gzip(&labels(60)), gzip(b""), b"<html></html>".to_vec()];
    // 48 MB that are not the file. They are slow to unpack, so they are mutated more rarely.
    let bomb = [gzip(&vec![0; 48_000_000])];
    let offer = Offer::new();
    for i in 0..wanted().div_ceil(100) {
        let seeds: &[Vec<u8>] = if i % 20 == 0 { &bomb } else { &small };
        offer.refuses(&format!("mutation {i}"), &mutated(seeds, i));
    }
    offer.refuses("the bomb itself", &bomb[0]);
}

#[test]
fn valid_files_are_accepted() {
    let _turn = turn();
    assert!(are_images("images", &images(7, 5, 4)));
    assert!(are_labels("labels", &labels(60)));
}

#[test]
fn too_much_memory_and_panics_are_found() {
    let _turn = turn();
    let found =
        |read: fn(&[u8]) -> usize| catch_unwind(|| within_bounds("made up", b"12345678", read)).is_err();
    assert!(!found(|bytes| bytes.len()));
    assert!(found(|_| Vec::<u8>::with_capacity(17 << 20).capacity()));
    assert!(found(|bytes| usize::from(bytes[bytes.len()])));
}

#[test]
fn every_regression_is_refused_within_bounds() {
    let _turn = turn();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let offer = Offer::new();
    let mut kinds = [0; 3];
    let paths = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    for path in paths.collect::<Vec<PathBuf>>() {
        let bytes = fs::read(&path).unwrap();
        let what = path.display().to_string();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("idx3") => {
                kinds[0] += 1;
                assert!(!are_images(&what, &bytes), "{what} is accepted");
            }
            Some("idx1") => {
                kinds[1] += 1;
                assert!(!are_labels(&what, &bytes), "{what} is accepted");
            }
            Some("gz") => {
                kinds[2] += 1;
                offer.refuses(&what, &bytes);
            }
            _ => panic!("{what}: expected a name that ends in .idx3, .idx1 or .gz"),
        }
    }
    assert!(kinds.iter().all(|count| *count > 0), "{}: {kinds:?}", folder.display());
}
