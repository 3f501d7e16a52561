//! Files are found as people have them, and what is there in their place is told.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::super::*;
use crate::catalog::Role;
use crate::idx::{Images, write_images, write_labels};
use crate::load::sample;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Two files with the names of MNIST's test files, and small contents that the test knows.
struct Pair {
    files: [&'static DataFile; 2],
    images: Vec<u8>,
    labels: Vec<u8>,
}

impl Pair {
    fn new() -> Self {
        let pixels = (0..3 * 784_u32).map(|i| (i * i % 251) as u8).collect();
        let images = write_images(&Images::new(3, 28, 28, pixels).unwrap());
        let labels = write_labels(&[3, 1, 4]);
        let file = |role, name: &str, content: &[u8]| -> &'static DataFile {
            // A catalog's entries last as long as the program, hence the leak.
            let file = DataFile::of_content(Split::Test, role, String::from(name), content, [28, 28]);
            Box::leak(Box::new(DataFile { packed_bytes: content.len() as u64, ..file }))
        };
        let files = [
            file(Role::Images, "t10k-images-idx3-ubyte", &images),
            file(Role::Labels, "t10k-labels-idx1-ubyte", &labels),
        ];
        Self { files, images, labels }
    }

    fn fetch(&self, from: &Path) -> Result<(), String> {
        let data = TempDir::new().unwrap();
        let places = [Place::Folder(from)];
        fetch(Entry::Mnist, self.files.to_vec(), data.path(), &places, &mut |_| ())
            .map_err(|error| error.to_string())?;
        for (file, content) in self.files.iter().zip([&self.images, &self.labels]) {
            assert_eq!(&fs::read(Entry::Mnist.path(file, data.path())).unwrap(), content);
        }
        Ok(())
    }
}

/// A folder with these files, each in a folder of its own if its name has one.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

#[test]
fn files_are_found_as_people_have_them() {
    let pair = Pair::new();
    let (images, labels) = (pair.images.as_slice(), pair.labels.as_slice());
    let (packed_images, packed_labels) = (gzip(images), gzip(labels));
    let members = [gzip(&images[..1000]), gzip(&images[1000..])].concat();
    let padded = [packed_labels.as_slice(), &[0; 512]].concat();
    for (what, [first, second]) in [
        ("as in a data directory", [("t10k-images-idx3-ubyte", images), ("t10k-labels-idx1-ubyte", labels)]),
        (
            "as on a mirror",
            [
                ("t10k-images-idx3-ubyte.gz", packed_images.as_slice()),
                ("t10k-labels-idx1-ubyte.gz", &packed_labels),
            ],
        ),
        ("dotted names", [("t10k-images.idx3-ubyte", images), ("t10k-labels.idx1-ubyte", labels)]),
        (
            "folders of the file's name",
            [
                ("t10k-images-idx3-ubyte/t10k-images-idx3-ubyte", images),
                ("t10k-labels-idx1-ubyte/t10k-labels-idx1-ubyte", labels),
            ],
        ),
        (
            "packed without .gz",
            [("t10k-images-idx3-ubyte", &packed_images), ("t10k-labels-idx1-ubyte", &packed_labels)],
        ),
        ("raw with .gz", [("t10k-images-idx3-ubyte.gz", images), ("t10k-labels-idx1-ubyte.gz", labels)]),
        (
            "members, and zeros behind",
            [("t10k-images-idx3-ubyte.gz", &members), ("t10k-labels-idx1-ubyte.gz", &padded)],
        ),
        (
            "torchvision's root",
            [
                ("MNIST/raw/t10k-images-idx3-ubyte", images),
                ("MNIST/raw/t10k-labels-idx1-ubyte.gz", &packed_labels),
            ],
        ),
        ("other names", [("digits.bin", images), ("below/answers", &packed_labels)]),
        (
            "a browser's second copy",
            [("t10k-images-idx3-ubyte (1).gz", &packed_images), ("t10k-labels-idx1-ubyte(1)", labels)],
        ),
    ] {
        let from = folder(&[first, second, ("README.md", b"# Digits"), ("empty", b"")]);
        pair.fetch(from.path()).expect(what);
    }
    let from = folder(&[("a/b/c/t10k-images-idx3-ubyte", images), ("a/b/c/t10k-labels-idx1-ubyte", labels)]);
    assert!(pair.fetch(from.path()).unwrap_err().contains("no file is t10k-images-idx3-ubyte, t10k-labels"));
}

#[test]
fn a_wrong_file_with_the_right_name_does_not_hide_a_right_one() {
    let pair = Pair::new();
    let from = folder(&[
        ("t10k-images-idx3-ubyte", b"<html>404</html>"),
        ("t10k-images-idx3-ubyte.gz", &gzip(&pair.images)),
        ("t10k-labels-idx1-ubyte", &write_labels(&[3, 1, 5])),
        ("old/t10k-labels-idx1-ubyte", &pair.labels),
    ]);
    pair.fetch(from.path()).unwrap();
}

#[test]
fn what_is_there_but_wrong_is_told_for_each_file() {
    let pair = Pair::new();
    let labels = [("t10k-labels-idx1-ubyte", pair.labels.as_slice())];
    let little_endian: Vec<u8> =
        pair.images[..16].chunks(4).flat_map(|number| number.iter().rev()).copied().collect();
    for (name, content, told) in [
        (
            "t10k-images-idx3-ubyte.gz",
            b"<html>404</html>".as_slice(),
            "found 16 bytes, expected 2368; it is a web page",
        ),
        ("t10k-images-idx3-ubyte.zip", b"PK\x03\x04", "it is a zip archive: unpack it first"),
        ("t10k-images-idx3-ubyte", b"", "it is an empty file"),
        ("train-00000-of-00001.parquet", b"PAR1", "it is a parquet file"),
        ("train.csv", b"label,pixel0,pixel1\n", "it is CSV text of 3 columns"),
        (
            "data/mnist.tar.gz",
            &gzip(&{
                let mut tar = vec![0; 512];
                tar[257..262].copy_from_slice(b"ustar");
                tar
            }),
            "it is a tar archive",
        ),
        (
            "t10k-images-idx3-ubyte",
            &little_endian,
            "little-endian header (first bytes 03 08 00 00), expected an IDX file of 3 images",
        ),
        (
            "t10k-images-idx3-ubyte",
            &pair.labels,
            "it is an IDX file of 3 labels (magic number 0x00000801), expected an IDX file of 3 images of 28x28",
        ),
        (
            "t10k-images-idx3-ubyte",
            &pair.images[..2367],
            "found 2367 bytes, expected 2368; its header is right",
        ),
        ("anything", &[&pair.images[..2367], &[9]].concat(), "its header is right"),
    ] {
        let from = folder(&[labels[0], (name, content)]);
        let error = pair.fetch(from.path()).unwrap_err();
        let lines: Vec<&str> = error.lines().collect();
        let summary =
            format!("  {}: no file is t10k-images-idx3-ubyte, by name or by content", from.path().display());
        assert_eq!(lines[..2], ["MNIST could not be fetched; tried:", &summary], "{error}");
        assert!(lines[2].starts_with(&format!("    {name}: ")) && lines[2].contains(told), "{error}");
        assert_eq!(lines.len(), 3, "{error}");
    }
}

#[test]
fn files_of_another_data_set_are_named() {
    let labels = &Entry::FashionMnist.files()[3];
    assert_eq!(labels.name, "t10k-labels-idx1-ubyte");
    let (mnist, fashion) = (&Entry::Mnist.files()[3], Entry::FashionMnist.files().last().unwrap());
    let difference = crate::verify::Difference::Sha256 {
        found: mnist.sha256.to_string(),
        expected: labels.sha256.to_string(),
    };
    let seen = crate::verify::Kind::Known { entry: Entry::Mnist, file: &mnist.name };
    let mismatch = crate::verify::Mismatch { difference, seen, expected: Box::new(fashion.clone()) };
    assert_eq!(mismatch.to_string(), "it is MNIST's t10k-labels-idx1-ubyte, not Fashion-MNIST's");
    let swapped = crate::verify::Mismatch { expected: Box::new(Entry::Mnist.files()[0].clone()), ..mismatch };
    assert_eq!(swapped.to_string(), "it is MNIST's t10k-labels-idx1-ubyte, not train-images-idx3-ubyte");
    // The sample's files are IDX files of other sizes.
    assert_eq!(sample::TEST_PER_CLASS, 20);
}

#[test]
fn many_things_are_told_in_few_lines() {
    let pair = Pair::new();
    let names: Vec<String> = (0..40).map(|i| format!("{}/{i}.png", i % 10)).collect();
    let mut files: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), b"\x89PNG".as_slice())).collect();
    let copies: Vec<String> = (0..10).map(|i| format!("t10k-images-idx3-ubyte ({i})")).collect();
    files.extend(copies.iter().map(|name| (name.as_str(), b"".as_slice())));
    let error = pair.fetch(folder(&files).path()).unwrap_err();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), 2 + 6 + 1, "{error}");
    assert_eq!(lines[8], "    and 5 more");
    let error = pair.fetch(folder(&files[..40]).path()).unwrap_err();
    assert!(error.ends_with("\n    0/0.png, and 39 more like it: it is a PNG image"), "{error}");
}

#[test]
fn no_folder_is_told_in_words() {
    let pair = Pair::new();
    let from = folder(&[("mnist.zip", b"PK\x03\x04"), ("notes", b"mine"), ("images", &pair.images)]);
    for (name, told) in [
        ("mnist.zip", "it is a zip archive: unpack it first; expected the folder that the files are in"),
        ("notes", "it is a file, expected the folder that the files are in"),
        ("images", "it is an IDX file of 3 images of 28x28"),
        ("nothing", "nothing: there is no such folder"),
        ("notes/below", "notes is a file, expected a folder"),
    ] {
        let error = pair.fetch(&from.path().join(name)).unwrap_err();
        assert!(error.contains(told), "{name}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_circles_end() {
    use std::os::unix::fs::symlink;

    let pair = Pair::new();
    let elsewhere = folder(&[("images", &pair.images)]);
    let from = folder(&[("labels", &pair.labels)]);
    symlink(elsewhere.path(), from.path().join("link")).unwrap();
    for circle in ["a", "b", "c", "d"] {
        symlink(from.path(), from.path().join(circle)).unwrap();
    }
    symlink("/no/such/file", from.path().join("t10k-images-idx3-ubyte")).unwrap();
    pair.fetch(from.path()).unwrap();
}

#[test]
fn only_so_many_files_are_looked_at() {
    let pair = Pair::new();
    let from = TempDir::new().unwrap();
    for i in 0..10_001 {
        fs::write(from.path().join(format!("{i:05}")), b"").unwrap();
    }
    fs::write(from.path().join("x"), &pair.images).unwrap();
    let error = pair.fetch(from.path()).unwrap_err();
    assert!(error.ends_with("\n    only the first 10000 files and folders were looked at"), "{error}");
}
