//! A file that differs from the catalog's is refused, with its path, what was found and what was expected.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::idx::{write_images, write_labels};

/// A data directory with test files for MNIST that have these contents.
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
    load_test(Name::MNIST, dir.path()).unwrap_err().to_string()
}

fn images() -> Vec<u8> {
    write_images(&Images::new(10_000, 28, 28, vec![0; 7_840_000]).unwrap())
}

#[test]
fn truncated_oversized_changed_and_swapped_files_are_refused() {
    let labels = write_labels(&[0; 10_000]);
    let damaged = "its header is right, so it is damaged or has other values";
    let swapped = "it is an IDX file of 10000 labels (magic number 0x00000801), expected an IDX file of 10000 \
                   images of 28x28 (magic number 0x00000803)";
    for (images, found, told) in [
        (&images()[..7_840_015], "found 7840015 bytes, expected 7840016", damaged),
        (&[images(), vec![0]].concat(), "found 7840017 bytes, expected 7840016", damaged),
        (&labels, "found 10008 bytes, expected 7840016", swapped),
        (&images(), "expected 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", damaged),
        (b"<html>404</html>", "found 16 bytes, expected 7840016", "it is a web page"),
        (b"mine", "found 4 bytes, expected 7840016", "the file is damaged, or it is another file"),
    ] {
        let message = refusal(images, &labels);
        assert!(message.contains("mnist/t10k-images-idx3-ubyte") && message.contains(found), "{message}");
        assert!(message.ends_with(&format!("; {told}")), "{message}");
    }
}

#[test]
fn a_missing_file_is_named_with_its_data_set_and_data_directory() {
    let error = load_train(Name::MNIST, Path::new("/nowhere")).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with("/nowhere/mnist/train-images-idx3-ubyte: "), "{message}");
    let LoadError::Io { name, dir, .. } = error else { panic!("{message}") };
    assert_eq!((name, dir.as_path()), (Name::MNIST, Path::new("/nowhere")));
}

#[test]
fn images_and_labels_must_be_as_many() {
    let images = Images::new(2, 1, 1, vec![0, 0]).unwrap();
    let labels = Labels::new(vec![1], 10).unwrap();
    let error = TestSet::from_images(images, labels, 10).unwrap_err();
    assert_eq!(error.to_string(), "found 2 images and 1 labels, expected as many labels as images");
}

#[test]
fn labels_must_be_classes_of_their_set() {
    let images = Images::new(2, 1, 1, vec![0, 0]).unwrap();
    let labels = Labels::new(vec![1, 7], 10).unwrap();
    let error = TrainSet::from_images(images, labels, 5).unwrap_err();
    assert_eq!(error.to_string(), "found label 7 at position 1, expected one below 5");
}

#[test]
fn labels_of_a_test_set_get_the_numbers_of_other_classes() {
    let images = Images::new(3, 1, 1, vec![7, 8, 9]).unwrap();
    let test = TestSet::from_images(images, Labels::new(vec![1, 0, 1], 2).unwrap(), 2).unwrap();
    let renumbered = test.clone().renumbered(&[4, 2], 5).unwrap();
    let labels: Vec<u8> = (0..3).map(|i| renumbered.subset().label(i)).collect();
    assert_eq!((labels, renumbered.subset().classes()), (vec![2, 4, 2], 5));
    assert_eq!(renumbered.subset().class_counts(), [0, 0, 2, 0, 1]);
    assert_eq!((renumbered.subset().image(2), test.subset().label(0)), (&[9_u8][..], 1));
    assert!(test.clone().renumbered(&[0, 5], 5).is_err() && test.renumbered(&[0], 5).is_err());
}

#[test]
fn the_sample_is_balanced_and_small() {
    let train = load_train(Name::SAMPLE, Path::new("nowhere")).unwrap();
    let test = load_test(Name::SAMPLE, Path::new("nowhere")).unwrap();
    assert_eq!(train.subset().class_counts(), [sample::TRAIN_PER_CLASS; 10]);
    assert_eq!(test.subset().class_counts(), [sample::TEST_PER_CLASS; 10]);
    assert_eq!((sample::TRAIN_PER_CLASS, sample::TEST_PER_CLASS), (100, 20));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
    let bytes: u64 = files.sum();
    assert!(bytes < 400_000, "{bytes}");
}

#[test]
fn the_sample_holds_images_of_ink() {
    let train = load_train(Name::SAMPLE, Path::new("nowhere")).unwrap();
    for i in 0..train.subset().len() {
        let ink = train.subset().image(i).iter().filter(|pixel| **pixel > 127).count();
        assert!((10..400).contains(&ink), "image {i}: {ink} pixels");
    }
}
