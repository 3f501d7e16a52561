//! Hostile tables of images, as people might import them: CSV, npz and IDX of any size. None causes a panic or needs
//! great memory, and what is accepted is a table.
//!
//! `MNIST_CNN_MUTATIONS` says how many mutated files there are; without it there are 20,000.

#![cfg(feature = "import")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that goes wrong")]

use std::io::{self, Cursor, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use dataset::idx::{Images, write_images, write_labels};
use dataset::import::memory::Memory;
use dataset::import::tables::idx::{Stream, read_pair};
use dataset::import::tables::{Table, csv, npz};
use peak_alloc::PeakAlloc;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What a reader may hold beside three times its input.
const ROOM: usize = 8 << 20;

#[derive(Clone, Copy, Debug)]
enum Format {
    Csv,
    Npz,
    IdxImages,
    IdxLabels,
}

fn npy(description: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{description}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    [b"\x93NUMPY\x01\0", (header.len() as u16).to_le_bytes().as_slice(), header.as_bytes(), values].concat()
}

fn zipped(method: CompressionMethod, arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, array) in arrays {
        zip.start_file(format!("{name}.npy"), SimpleFileOptions::default().compression_method(method))
            .unwrap();
        zip.write_all(array).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn arrays() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("x_train", npy("|u1", "3, 2, 2", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])),
        ("y_train", npy("<i4", "3,", &[0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0])),
        ("x_test", npy("<u2", "1, 2, 2", &[1, 0, 2, 0, 3, 0, 4, 0])),
        ("y_test", npy("|u1", "1, 1", &[2])),
    ]
}

fn images() -> Vec<u8> {
    write_images(&Images::new(3, 5, 4, (0..60).collect()).unwrap())
}

/// Texts with which a mutation can turn one valid file into another, or into one that is nearly valid.
const TOKENS: [&[u8]; 20] = [
    b",",
    b";",
    b"\t",
    b" ",
    b"\n",
    b"\r\n",
    b"\"",
    b"-1",
    b"256",
    b"0.5",
    b"99999999999",
    b"label",
    b"id",
    b"#",
    b"\xff",
    b"<f4",
    b">i8",
    b"(4, 4, 4)",
    b"True",
    b"99999999999999999999",
];

/// Changes bytes in one way. Half of the times it is near the beginning, where the headers are.
fn mutate(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    let end = if rng.random() { bytes.len().min(80) } else { bytes.len() };
    let at = rng.random_range(0..end.max(1)).min(bytes.len());
    match rng.random_range(0..7) {
        0 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
        1 if at < bytes.len() => bytes[at] = rng.random(),
        2 => bytes.truncate(at),
        3 => {
            let token = TOKENS[rng.random_range(0..TOKENS.len())];
            let to = (at + rng.random_range(0..4_usize)).min(bytes.len());
            bytes.splice(at..to, token.iter().copied());
        }
        4 => {
            let to = (at + rng.random_range(0..40_usize)).min(bytes.len());
            let piece = bytes[at..to].to_vec();
            bytes.splice(at..at, piece);
        }
        5 => {
            let to = (at + rng.random_range(0..8_usize)).min(bytes.len());
            bytes.drain(at..to);
        }
        6 => {
            let number = [0, 1, 255, 256, 257, u32::MAX, 1 << 31][rng.random_range(0..7)];
            for (byte, new) in bytes.iter_mut().skip(at / 4 * 4).zip(u32::to_be_bytes(number)) {
                *byte = new;
            }
        }
        _ => {}
    }
}

/// The mutated file of this number, which is the same on every machine.
fn mutated(number: u64) -> (Format, Vec<u8>) {
    let mut rng = ChaCha8Rng::seed_from_u64(number);
    let times = rng.random_range(0..4);
    let format = [Format::Csv, Format::Npz, Format::IdxImages, Format::IdxLabels]
        [usize::try_from(number % 4).unwrap()];
    let mut bytes = match format {
        Format::Csv => [
            b"label,a,b,c,d\n7,1,2,3,4\n8,1,2,3,4\n".to_vec(),
            b"7;1;2;3;4\r\n8;1;2;3;4\r\n".to_vec(),
            b"# a\tb\tc\td\tclass\n1\t2\t3\t4\t0\n".to_vec(),
        ][rng.random_range(0..3)]
        .clone(),
        Format::Npz => {
            let mut arrays = arrays();
            // Inside of the archive, where its checksum does not tell.
            for _ in 0..times {
                let array = rng.random_range(0..arrays.len());
                mutate(&mut arrays[array].1, &mut rng);
            }
            let method = if rng.random() { CompressionMethod::Stored } else { CompressionMethod::Deflated };
            let bytes = zipped(method, &arrays);
            if rng.random() {
                return (format, bytes);
            }
            bytes
        }
        Format::IdxImages => images(),
        Format::IdxLabels => write_labels(&[0, 1, 2]),
    };
    for _ in 0..times {
        mutate(&mut bytes, &mut rng);
    }
    (format, bytes)
}

fn read(format: Format, bytes: &[u8]) -> Option<Vec<Table>> {
    let mut memory = Memory::new(Some((64 << 20) + ROOM as u64));
    let stream = |content| Stream { content, bytes: 0, packed: false };
    match format {
        Format::Csv => csv::read(&mut &*bytes, &memory).ok().map(|table| vec![table]),
        Format::Npz => npz::read(Cursor::new(bytes), &mut memory)
            .ok()
            .map(|parts| [Some(parts.train), parts.test].into_iter().flatten().collect()),
        Format::IdxImages | Format::IdxLabels => {
            let (good_images, good_labels) = (images(), write_labels(&[0, 1, 2]));
            let is_images = matches!(format, Format::IdxImages);
            let (mut images, mut labels) =
                if is_images { (bytes, good_labels.as_slice()) } else { (good_images.as_slice(), bytes) };
            let lengths = [images.len() as u64, labels.len() as u64];
            let images = Stream { bytes: lengths[0], ..stream(&mut images) };
            let labels = Stream { bytes: lengths[1], ..stream(&mut labels) };
            read_pair(images, labels, &memory).ok().map(|table| vec![table])
        }
    }
}

#[test]
fn mutated_tables_are_refused_or_are_tables() {
    let wanted: u64 = std::env::var("MNIST_CNN_MUTATIONS").map_or(20_000, |text| text.parse().unwrap());
    let mut accepted = [0_u64; 4];
    for number in 0..wanted {
        let (format, bytes) = mutated(number);
        let what = format!("mutation {number}, {format:?}: {}", bytes.escape_ascii());
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        let result = catch_unwind(AssertUnwindSafe(|| read(format, &bytes)));
        let extra = ALLOCATOR.peak_usage().saturating_sub(before);
        assert!(extra < 3 * bytes.len() + ROOM, "{extra} bytes of memory for {what}");
        let Some(tables) = result.unwrap_or_else(|_| panic!("a panic at {what}")) else { continue };
        accepted[format as usize] += 1;
        for table in tables {
            let pixels = table.labels.len() * table.height * table.width;
            assert!(pixels > 0 && pixels == table.pixels.len(), "{what}: {table:?}");
            assert!(table.height <= 256 && table.width <= 256, "{what}: {table:?}");
        }
    }
    if wanted >= 1000 {
        // If nearly all files were accepted, or nearly none, the test would say little.
        let each = wanted / 4;
        assert!(accepted.iter().all(|count| (each / 50..each * 4 / 5).contains(count)), "{accepted:?}");
    }
    if std::env::var_os("MNIST_CNN_MUTATIONS").is_some() {
        let line = format!(
            "{wanted} mutated CSV, npz and IDX files: {accepted:?} are tables, the others are refused\n"
        );
        io::stderr().write_all(line.as_bytes()).unwrap();
    }
}
