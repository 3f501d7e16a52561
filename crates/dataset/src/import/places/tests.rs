//! Files are told by content and name, and what does not fit together is refused with the files.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::idx::{Images, write_images, write_labels};

fn idx() -> [Vec<u8>; 2] {
    [write_images(&Images::new(1, 2, 2, vec![0; 4]).unwrap()), write_labels(&[0])]
}

fn dir(files: &[(&str, &[u8])]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (name, content) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    dir
}

fn found(from: &[PathBuf], test: &[PathBuf]) -> Result<Tables, String> {
    match find(from, test) {
        Ok(Source::Tables(tables)) => Ok(tables),
        Ok(Source::Folders(_)) => Err("folders".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn four_idx_files_are_told_by_content_and_name() {
    let [images, labels] = idx();
    // The names of images and labels are swapped; only the content counts for that.
    let dir = dir(&[
        ("x/emnist-letters-train-images", &labels),
        ("x/emnist-letters-train-labels", &images),
        ("x/emnist-letters-test-images", &images),
        ("x/emnist-letters-test-labels", &labels),
        ("x/emnist-letters-mapping.txt", b"1 65 97\n"),
        ("x/README.txt", b"Hello"),
    ]);
    let at = |name: &str| dir.path().join("x").join(name);
    let tables = found(&[dir.path().to_owned()], &[]).unwrap();
    let pair = |images, labels| TableFile::Idx { images: at(images), labels: at(labels) };
    assert_eq!(tables.train, pair("emnist-letters-train-labels", "emnist-letters-train-images"));
    assert_eq!(tables.test, Some(pair("emnist-letters-test-images", "emnist-letters-test-labels")));
    assert_eq!(tables.mapping, Some(at("emnist-letters-mapping.txt")));
    assert!(tables.notes[0].contains("README.txt"), "{:?}", tables.notes);
    // A pair alone is for training, whatever it is called.
    let alone = found(&[at("emnist-letters-test-images"), at("emnist-letters-test-labels")], &[]).unwrap();
    assert!(alone.test.is_none());
}

#[test]
fn what_does_not_fit_together_is_refused_with_the_files() {
    let [images, labels] = idx();
    let csv = b"7,1,2,3,4\n".as_slice();
    let dir = dir(&[
        ("a/images", &images),
        ("a/images2", &images),
        ("a/labels", &labels),
        ("b/1.png", b"\x89PNG"),
        ("c/cat/1.png", b"\x89PNG"),
        ("c/dog/1.png", b"\x89PNG"),
        ("d/train.csv", csv),
        ("d/test.csv", csv),
        ("e/data.parquet", b"PAR1"),
        ("f/.hidden", b""),
    ]);
    let at = |name: &str| dir.path().join(name);
    for (from, test, words) in [
        (vec!["a"], vec![], "found 2 IDX files of images, 1 of labels"),
        (vec!["b"], vec![], "found 1 images that are in no class folder"),
        (vec!["b/1.png"], vec![], "name the folder that holds the class folders"),
        (vec!["c", "d/train.csv"], vec![], "found class folders, and"),
        (vec!["c"], vec!["d"], "found class folders for one part and a table for the other"),
        (vec!["d"], vec!["d/test.csv"], "has test images of its own, and --test names others"),
        (vec!["e"], vec![], "data.parquet: it is a Parquet file"),
        (vec!["f"], vec![], "the folder is empty"),
        (vec!["missing"], vec![], "missing: "),
    ] {
        let places = |names: &[&str]| names.iter().map(|name| at(name)).collect::<Vec<_>>();
        let error = found(&places(&from), &places(&test)).err().unwrap();
        assert!(error.contains(words), "{words}: {error}");
    }
    let tables = found(&[at("d")], &[]).unwrap();
    assert_eq!(
        (tables.train, tables.test),
        (TableFile::Csv(at("d/train.csv")), Some(TableFile::Csv(at("d/test.csv"))))
    );
}
