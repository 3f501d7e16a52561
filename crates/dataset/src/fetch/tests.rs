//! Files arrive verified and whole, or not at all, and errors say which sources were tried, and why each
//! of them failed.

use std::borrow::Cow;
use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::source::Source;
use super::*;
use crate::catalog::{Origin, Role};
use crate::idx::write_labels;
use crate::verify::Difference;

pub(crate) mod fault_server;
mod faults;
mod processes;
mod search;
#[cfg(unix)]
mod target;
mod tls;

fn quiet(_: FetchEvent) {}

/// A folder that claims to hold MNIST's test labels.
fn folder_with(content: &[u8]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("t10k-labels-idx1-ubyte"), content).unwrap();
    folder
}

/// Port 9 of this machine, where no server listens. A request to it stays on this machine.
fn nowhere() -> Origin {
    Origin::Mirror("http://127.0.0.1:9/")
}

fn test_labels() -> &'static DataFile {
    Entry::Mnist.files().iter().find(|f| f.split == Split::Test && f.role == Role::Labels).unwrap()
}

/// Fetches test labels with this content from a folder, which is refused. Returns the error's text, and
/// the names in the data directory.
fn refused_labels(content: &[u8]) -> (String, Vec<String>) {
    let (from, data) = (folder_with(content), TempDir::new().unwrap());
    let places = [Place::Folder(from.path())];
    let result = fetch(Entry::Mnist, vec![test_labels()], data.path(), &places, &mut quiet);
    let left = fs::read_dir(data.path().join("mnist")).into_iter().flatten().flatten();
    (result.unwrap_err().to_string(), left.map(|e| e.file_name().to_string_lossy().into_owned()).collect())
}

#[test]
fn wrong_files_are_refused_and_leave_nothing() {
    let right_length = write_labels(&[0; 10_000]);
    let cases: [(&[u8], &str); 4] = [
        (b"", "found 0 bytes, expected 10008"),
        (&right_length[..10_007], "found 10007 bytes, expected 10008"),
        (&[right_length.clone(), vec![0; 5]].concat(), "found 10013 bytes, expected 10008"),
        (&right_length, "expected ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ];
    for (content, expected) in cases {
        let (message, left) = refused_labels(content);
        assert!(message.contains(expected), "{message}");
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn an_error_lists_every_place_and_why_it_failed() {
    let data = TempDir::new().unwrap();
    let nothing = TempDir::new().unwrap();
    let (mirror, package) = (nowhere(), Origin::Debian { package: "no/such", folder: "" });
    let places = [Place::Origin(&mirror), Place::Origin(&package), Place::Folder(nothing.path())];
    let mut failures = Vec::new();
    let mut events = |event| {
        if let FetchEvent::SourceFailed { source, .. } = event {
            failures.push(source);
        }
    };
    let wanted = Entry::Mnist.files_of(&Split::ALL).collect();
    let error = fetch(Entry::Mnist, wanted, data.path(), &places, &mut events).unwrap_err();
    let message = error.to_string();
    let folder = nothing.path().display();
    assert_eq!(failures, ["http://127.0.0.1:9/", "the Debian package no/such", &folder.to_string()]);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), 4, "{message}");
    assert!(lines[1].starts_with("  http://127.0.0.1:9/: train-images-idx3-ubyte.gz: "));
    assert!(lines[2].starts_with("  the Debian package no/such: apt-get "), "{message}");
    assert_eq!(lines[3], format!("  {folder}: 4 files are not there, by name or by content"));
    let FetchError::NoSource { entry, dir, attempts } = error else { panic!("{message}") };
    assert_eq!((entry, dir.as_path(), attempts.len()), (Entry::Mnist, data.path(), 3));
}

#[test]
fn a_mirror_that_is_not_reachable_fails_in_words_and_in_time() {
    let source = Source::open(&nowhere()).unwrap();
    let began = std::time::Instant::now();
    let absent = source.take(test_labels(), &mut |_, _| ()).err().unwrap();
    assert!(source.explain(&[absent]).starts_with("t10k-labels-idx1-ubyte.gz: "));
    assert!(began.elapsed().as_secs() < 20);
}

#[test]
fn a_wrong_file_in_place_is_kept_unless_forced() {
    let data = TempDir::new().unwrap();
    let path = Entry::Mnist.path(test_labels(), data.path());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, b"mine").unwrap();
    let from = TempDir::new().unwrap();
    let fetched =
        |force| download(Name::MNIST, &[Split::Test], data.path(), Some(from.path()), force, &mut quiet);
    assert!(matches!(
        ensure(Name::MNIST, &[Split::Test], data.path(), &mut quiet),
        Err(FetchError::Wrong { .. })
    ));
    let message = fetched(false).unwrap_err().to_string();
    assert_eq!(message, format!("{}: found 4 bytes, expected 10008", path.display()));
    assert!(matches!(fetched(true), Err(FetchError::NoSource { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}

#[test]
fn the_sample_needs_nothing() {
    ensure(Name::SAMPLE, &Split::ALL, Path::new("/nowhere"), &mut quiet).unwrap();
}

/// A file small enough to be right in a test.
static SMALL: DataFile = DataFile {
    split: Split::Test,
    role: Role::Labels,
    name: Cow::Borrowed("small"),
    bytes: 5,
    sha256: Cow::Borrowed("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
    image_size: [28, 28],
    packed_bytes: 0,
};

#[test]
fn a_file_comes_from_the_first_place_that_has_it_raw_or_compressed() {
    let (empty, raw, packed) = (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::write(raw.path().join("small"), b"hello").unwrap();
    let mut gzip =
        GzEncoder::new(fs::File::create(packed.path().join("small.gz")).unwrap(), Compression::fast());
    gzip.write_all(b"hello").unwrap();
    gzip.finish().unwrap();
    for good in [&raw, &packed] {
        let data = TempDir::new().unwrap();
        let places = [Place::Folder(empty.path()), Place::Folder(good.path()), Place::Folder(empty.path())];
        let mut seen = Vec::new();
        fetch(Entry::Mnist, vec![&SMALL], data.path(), &places, &mut |event| seen.push(event)).unwrap();
        let path = data.path().join("mnist/small");
        assert_eq!(fs::read(&path).unwrap(), b"hello");
        assert_eq!(seen.last(), Some(&FetchEvent::Stored { path, bytes: 5 }));
        let tried = seen.iter().filter(|event| matches!(event, FetchEvent::Source { .. })).count();
        assert_eq!(tried, 2, "the place behind the good one is not asked");
    }
}

#[test]
fn only_the_files_asked_for_are_looked_at() {
    let data = TempDir::new().unwrap();
    let folder = data.path().join("mnist");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("train-images-idx3-ubyte"), b"broken").unwrap();
    let nothing = TempDir::new().unwrap();
    let error = download(Name::MNIST, &[Split::Test], data.path(), Some(nothing.path()), false, &mut quiet);
    assert!(matches!(error, Err(FetchError::NoSource { .. })));
    let reports = verify::verify(Name::MNIST, &[Split::Train], data.path()).unwrap();
    let Status::Wrong(broken) = &reports[0].status else { panic!("{reports:?}") };
    assert_eq!(broken.difference, Difference::Length { found: 6, expected: 47_040_016 });
    assert_eq!(reports[1].status, Status::Missing);
}
