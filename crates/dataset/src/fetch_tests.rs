//! Files come verified and whole, or not at all, and errors say what to do.

use tempfile::TempDir;

use super::*;
use crate::catalog::Role;
use crate::idx::write_labels;

fn quiet(_: Event) {}

/// A folder that claims to hold MNIST's test labels.
fn folder_with(content: &[u8]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("t10k-labels-idx1-ubyte"), content).unwrap();
    folder
}

fn test_labels() -> &'static DataFile {
    Name::Mnist.files().iter().find(|f| f.part == Part::Test && f.role == Role::Labels).unwrap()
}

/// Brings the test labels from a folder; gives the error's text and what is then in the data directory.
fn bring_labels(content: &[u8]) -> (String, Vec<String>) {
    let (from, data) = (folder_with(content), TempDir::new().unwrap());
    let result = bring(Name::Mnist, vec![test_labels()], data.path(), Some(from.path()), &mut quiet);
    let left = fs::read_dir(data.path().join("mnist")).into_iter().flatten().flatten();
    (result.unwrap_err().to_string(), left.map(|e| e.file_name().to_string_lossy().into_owned()).collect())
}

#[test]
fn wrong_files_are_refused_and_leave_nothing() {
    let right_length = write_labels(10_000, &[0; 10_000]);
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
    let error = download(Name::Mnist, Which::All, data.path(), Some(nothing.path()), false, &mut quiet);
    let message = error.unwrap_err().to_string();
    assert!(message.contains(&format!("{}: ", nothing.path().display())), "{message}");
    assert!(message.contains("holds neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz"), "{message}");
    assert!(message.contains("data download --dataset mnist --from FOLDER"), "{message}");
}

#[test]
fn a_mirror_that_is_not_reachable_fails_in_words_and_in_time() {
    // Port 9 of this machine: nobody listens, and nothing leaves the machine.
    let source = Source::open(&Origin::Mirror("http://127.0.0.1:9/")).unwrap();
    let began = std::time::Instant::now();
    assert!(!source.take(test_labels(), &mut |_| ()).unwrap_err().is_empty());
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
    let message = fetch(false).unwrap_err().to_string();
    assert!(message.contains("found 4 bytes, expected 10008") && message.contains("--force"), "{message}");
    assert!(matches!(fetch(true), Err(FetchError::NoSource { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}

#[test]
fn the_sample_needs_nothing() {
    ensure(Name::Sample, Which::All, Path::new("/nowhere"), &mut quiet).unwrap();
}

#[test]
fn a_stored_file_is_whole_and_readable() {
    let data = TempDir::new().unwrap();
    let path = data.path().join("mnist/file");
    store(&path, b"content").unwrap();
    store(&path, b"new content").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new content");
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}
