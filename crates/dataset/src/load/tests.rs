//! A file that is not the catalog's is refused, with its path, what was found and expected.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::idx::{write_images, write_labels};

/// A data directory with MNIST's test files, of these contents.
fn data(images: &[u8], labels: &[u8]) -> TempDir {
    let dir = TempDir::new().unwrap();
    let folder = dir.path().join("mnist");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("t10k-images-idx3-ubyte"), images).unwrap();
    fs::write(folder.join("t10k-labels-idx1-ubyte"), labels).unwrap();
    dir
}

fn refusal(images: &[u8], labels: &[u8]) -> String {
    let dir = data(images, labels);
    load_test(Name::Mnist, dir.path()).unwrap_err().to_string()
}

fn images() -> Vec<u8> {
    write_images(&Images::new(10_000, 28, 28, vec![0; 7_840_000]).unwrap())
}

#[test]
fn truncated_oversized_changed_and_swapped_files_are_refused() {
    let labels = write_labels(&[0; 10_000]);
    for (images, found) in [
        (&images()[..7_840_015], "found 7840015 bytes, expected 7840016"),
        (&[images(), vec![0]].concat(), "found 7840017 bytes, expected 7840016"),
        (&labels, "found 10008 bytes, expected 7840016"),
        (&images(), "expected 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    ] {
        let message = refusal(images, &labels);
        assert!(message.contains("mnist/t10k-images-idx3-ubyte") && message.contains(found), "{message}");
        assert!(message.contains("data download --dataset mnist --data-dir"), "{message}");
        assert!(message.ends_with(" --force"), "{message}");
    }
}

#[test]
fn a_missing_file_says_how_to_get_it() {
    let message = load_train(Name::Mnist, Path::new("/nowhere")).unwrap_err().to_string();
    assert!(message.starts_with("/nowhere/mnist/train-images-idx3-ubyte: "), "{message}");
    assert!(message.ends_with("data download --dataset mnist --data-dir /nowhere"), "{message}");
}

#[test]
fn pictures_and_labels_must_be_as_many() {
    let images = Images::new(2, 1, 1, vec![0, 0]).unwrap();
    let labels = Labels::new(vec![1], 10).unwrap();
    let error = TestSet::from_images(images, labels, 10).unwrap_err();
    assert_eq!(error.to_string(), "found 2 pictures and 1 labels, expected as many labels as pictures");
}

#[test]
fn labels_must_be_classes_of_the_set_that_they_come_into() {
    let images = Images::new(2, 1, 1, vec![0, 0]).unwrap();
    let labels = Labels::new(vec![1, 7], 10).unwrap();
    let error = TrainSet::from_images(images, labels, 5).unwrap_err();
    assert_eq!(error.to_string(), "found label 7 at position 1, expected one below 5");
}
