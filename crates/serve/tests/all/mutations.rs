//! Uploads that were damaged on purpose are refused or read: never a fault, never a dead server, never more memory.
//!
//! `MNIST_CNN_MUTATIONS` says how many there are; without it there are 2,000.

use std::fs;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use peak_alloc::PeakAlloc;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::client::Running;
use crate::samples::{SIDE, digit_png, digits, form, json};

/// What is put into a body: ends and beginnings of something, in JSON, in forms and in images.
const PIECES: [&[u8]; 18] = [
    b"\0",
    b"\xff",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"null",
    b"\\u0000",
    b"\r\n",
    b"--x",
    b"--x--",
    b"content-disposition",
    b"=",
];
/// Clients at one time.
const CLIENTS: u64 = 4;
/// By how many bytes more may be in use at the end than after a tenth of all. Each thread keeps room for the largest image
/// that it has met: that was 32 MB after a million uploads, and the same uploads again and again added nothing. A leak of
/// 70 bytes for each of a million would be more.
const GROWTH: usize = 64 << 20;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

fn mutate(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    let length = bytes.len();
    // Half of the times near the beginning, where kinds and sizes stand.
    let end = if rng.random() { length.min(80) } else { length };
    let at = rng.random_range(0..end.max(1)).min(length);
    match rng.random_range(0..6) {
        0 if at < length => bytes[at] ^= 1 << rng.random_range(0..8),
        1 if at < length => bytes[at] = rng.random(),
        2 => bytes.truncate(at),
        3 => drop(bytes.splice(at..at, PIECES[rng.random_range(0..PIECES.len())].iter().copied())),
        4 => drop(bytes.drain(at..(at + rng.random_range(0..9)).min(length))),
        _ => {
            let from = rng.random_range(0..=length);
            let copied = bytes[from..length.min(from + 30)].to_vec();
            drop(bytes.splice(at..at, copied));
        }
    }
}

/// Types and bodies that are read as they are.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let digit = &digits(1)[0];
    let small = json(4, 2, &[0, 9, 200, 255, 0, 1, 2, 3]);
    let list = br#"{"width": 3, "height": 2, "pixels": [0, 255, 7, 9, 100, 2]}"#.to_vec();
    let file = digit_png(digit);
    let mut seeds = vec![
        ("application/json", json(SIDE, SIDE, digit)),
        ("application/json", small),
        ("application/json", list),
        ("multipart/form-data; boundary=x", form("x", "name=\"image\"; filename=\"a.png\"", &file)),
        ("image/png", file),
    ];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../dataset/tests/images");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    seeds.extend(paths.iter().map(|path| ("application/octet-stream", fs::read(path).unwrap())));
    seeds
}

/// How many bytes are in use. What the allocator keeps of the largest images for later does not count.
fn memory() -> usize {
    // A connection that a client has left is gone a moment later.
    thread::sleep(Duration::from_millis(500));
    ALLOCATOR.current_usage()
}

#[test]
fn damaged_uploads_are_refused_or_read() {
    let wanted = std::env::var("MNIST_CNN_MUTATIONS");
    let number: u64 = wanted.as_deref().unwrap_or("2000").parse().unwrap();
    let server = Running::new();
    let seeds = seeds();
    let send = |numbers: std::ops::Range<u64>| -> (u64, u64) {
        let of_client = |client| {
            let mut connection = server.connect();
            let mut counts = (0, 0);
            for i in numbers.clone().filter(|i| i % CLIENTS == client) {
                let mut rng = ChaCha8Rng::seed_from_u64(i);
                let (kind, body) = &seeds[rng.random_range(0..seeds.len())];
                let mut body = body.clone();
                for _ in 0..rng.random_range(1..4) {
                    mutate(&mut body, &mut rng);
                }
                connection.send(&server.request("POST", "/api/predict", &[("content-type", kind)], &body));
                let answer = connection.response();
                match answer.status {
                    200 => counts.0 += 1,
                    400 | 413 | 415 => counts.1 += u64::from(answer.failure().0 > 0),
                    status => panic!("mutation {i}, {kind}: {status} {}", answer.text()),
                }
                if answer.header("connection") == Some("close") {
                    connection = server.connect();
                }
            }
            counts
        };
        thread::scope(|scope| {
            let clients = [0, 1, 2, 3].map(|client| scope.spawn(move || of_client(client)));
            let counts = clients.map(|client| client.join().unwrap());
            (counts.iter().map(|count| count.0).sum(), counts.iter().map(|count| count.1).sum())
        })
    };
    let warm = send(0..number / 10);
    let before = memory();
    let rest = send(number / 10..number);
    let (read, refused) = (warm.0 + rest.0, warm.1 + rest.1);
    assert_eq!(read + refused, number);
    assert!(read > number / 50 && refused > number / 50, "{read} read, {refused} refused");
    let growth = memory().saturating_sub(before);
    if wanted.is_ok() {
        // Otherwise other tests run beside this one, in the same memory.
        assert!(growth < GROWTH, "{growth} bytes more are in use");
        let line = format!(
            "{number} damaged uploads: {read} are read, {refused} are refused, {growth} bytes more in use\n"
        );
        io::stderr().write_all(line.as_bytes()).unwrap();
    }
    assert_eq!(server.get("/healthz").status, 200);
}
