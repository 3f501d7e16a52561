//! Files come verified and whole, or not at all, and errors say what to do.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::*;
use crate::catalog::{Checksum, Role};
use crate::idx::write_labels;
use crate::verify::Mismatch;

fn quiet(_: Event) {}

/// A folder that claims to hold MNIST's test labels.
fn folder_with(content: &[u8]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("t10k-labels-idx1-ubyte"), content).unwrap();
    folder
}

/// Port 9 of this machine: nobody listens, and nothing leaves the machine.
fn nowhere() -> Origin {
    Origin::Mirror("http://127.0.0.1:9/")
}

fn test_labels() -> &'static DataFile {
    Name::Mnist.files().iter().find(|f| f.part == Part::Test && f.role == Role::Labels).unwrap()
}

/// Brings the test labels from a folder; gives the error's text and what is then in the data directory.
fn bring_labels(content: &[u8]) -> (String, Vec<String>) {
    let (from, data) = (folder_with(content), TempDir::new().unwrap());
    let places = [Place::Folder(from.path())];
    let result = bring(Name::Mnist, vec![test_labels()], data.path(), &places, &mut quiet);
    let left = fs::read_dir(data.path().join("mnist")).into_iter().flatten().flatten();
    (result.unwrap_err().to_string(), left.map(|e| e.file_name().to_string_lossy().into_owned()).collect())
}

#[test]
fn wrong_files_are_refused_and_leave_nothing() {
    let right_length = write_labels(&[0; 10_000]);
    let cases: [(&[u8], &str); 4] = [
        (b"", "found 0 bytes, expected 10008"),
        (&right_length[..10_007], "found 10007 bytes, expected 10008"),
        (&[right_length.clone(), vec![0; 5]].concat(), "found 10009 bytes, expected 10008"),
        (&right_length, "expected ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ];
    for (content, expected) in cases {
        let (message, left) = bring_labels(content);
        assert!(message.contains(expected), "{message}");
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn an_error_lists_every_place_and_how_to_bring_the_files_by_hand() {
    let data = TempDir::new().unwrap();
    let nothing = TempDir::new().unwrap();
    let (mirror, package) = (nowhere(), Origin::Debian { package: "no/such", folder: "" });
    let places = [Place::Origin(&mirror), Place::Origin(&package), Place::Folder(nothing.path())];
    let mut failures = Vec::new();
    let mut events = |event| {
        if let Event::SourceFailed { source, .. } = event {
            failures.push(source);
        }
    };
    let wanted = Which::All.files(Name::Mnist).collect();
    let error = bring(Name::Mnist, wanted, data.path(), &places, &mut events);
    let message = error.unwrap_err().to_string();
    let folder = nothing.path().display();
    assert_eq!(failures, ["http://127.0.0.1:9/", "the Debian package no/such", &folder.to_string()]);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), 5, "{message}");
    assert!(lines[1].starts_with("  http://127.0.0.1:9/: train-images-idx3-ubyte.gz: "));
    assert!(lines[2].starts_with("  the Debian package no/such: apt-get "), "{message}");
    let neither = "holds neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz";
    assert_eq!(lines[3], format!("  {folder}: {folder} {neither}"));
    for file in Name::Mnist.files() {
        assert!(lines[4].contains(file.name), "{message}");
    }
    let command = format!("data download --dataset mnist --data-dir {} --from FOLDER", data.path().display());
    assert!(message.ends_with(&command), "{message}");
}

#[test]
fn a_mirror_that_is_not_reachable_fails_in_words_and_in_time() {
    let source = Source::open(&nowhere()).unwrap();
    let began = std::time::Instant::now();
    assert!(!source.take(test_labels(), &mut |_, _| ()).unwrap_err().is_empty());
    assert!(began.elapsed().as_secs() < 20);
}

#[test]
fn a_wrong_file_in_place_is_kept_unless_forced() {
    let data = TempDir::new().unwrap();
    let path = verify::path(Name::Mnist, test_labels(), data.path());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, b"mine").unwrap();
    let from = TempDir::new().unwrap();
    let fetch = |force| download(Name::Mnist, Which::Test, data.path(), Some(from.path()), force, &mut quiet);
    assert!(matches!(
        ensure(Name::Mnist, Which::Test, data.path(), &mut quiet),
        Err(FetchError::Wrong { .. })
    ));
    let message = fetch(false).unwrap_err().to_string();
    assert!(message.contains("found 4 bytes, expected 10008") && message.contains("--force"), "{message}");
    assert!(matches!(fetch(true), Err(FetchError::NoSource { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}

#[test]
fn the_sample_needs_nothing() {
    ensure(Name::Sample, Which::All, Path::new("/nowhere"), &mut quiet).unwrap();
}

/// A file small enough to be right in a test.
static SMALL: DataFile = DataFile {
    part: Part::Test,
    role: Role::Labels,
    name: "small",
    bytes: 5,
    sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    mirrored: Checksum { bytes: 0, sha256: "" },
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
        bring(Name::Mnist, vec![&SMALL], data.path(), &places, &mut |event| seen.push(event)).unwrap();
        let path = data.path().join("mnist/small");
        assert_eq!(fs::read(&path).unwrap(), b"hello");
        assert_eq!(seen.last(), Some(&Event::Stored { path, bytes: 5 }));
        let tried = seen.iter().filter(|event| matches!(event, Event::Source { .. })).count();
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
    let error = download(Name::Mnist, Which::Test, data.path(), Some(nothing.path()), false, &mut quiet);
    assert!(matches!(error, Err(FetchError::NoSource { .. })));
    let reports = verify::verify(Name::Mnist, Which::Train, data.path());
    let broken = Mismatch::Length { found: 6, expected: 47_040_016 };
    assert_eq!(
        reports.iter().map(|r| r.status.clone()).collect::<Vec<_>>(),
        [Status::Wrong(broken), Status::Missing]
    );
}
