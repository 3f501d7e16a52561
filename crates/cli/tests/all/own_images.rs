//! Tests the way from image files of one's own to a tested model.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use crate::program::Sandbox;

/// Writes a grey PNG file of 24x24 pixels: a standing bar, or a lying one, at a place that `i` decides.
fn write_png(path: &Path, stands: bool, i: usize) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let (at, length) = (4 + i % 16, 10 + i / 16);
    let is_ink = |y: usize, x: usize| if stands { x == at && y < length } else { y == at && x < length };
    let pixels: Vec<u8> = (0..24 * 24).map(|p| if is_ink(p / 24, p % 24) { 255 } else { 0 }).collect();
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path).unwrap()), 24, 24);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
}

/// A sandbox with class folders of forty images each.
fn images() -> Sandbox {
    let sandbox = Sandbox::new();
    for i in 0..40 {
        write_png(&sandbox.path().join(format!("photos/standing/{i}.png")), true, i);
        write_png(&sandbox.path().join(format!("photos/lying/{i}.png")), false, i);
    }
    sandbox
}

const SMALL: [&str; 10] = [
    "--set",
    "data.dataset=bars",
    "--set",
    "model.units=[{filters=4, kernel_size=3}]",
    "--set",
    "train.epochs=1",
    "--set",
    "train.batch_size=16",
    "-p",
    "run",
];

#[test]
fn class_folders_become_a_tested_model_with_their_names() {
    let sandbox = images();
    let import =
        ["data", "import", "--name", "bars", "--from", "photos", "--size", "20x24", "--data-dir", "own"];
    let imported = sandbox.run(&[&import[..], &["--licence", "CC0", "--title", "Bars"]].concat()).done();
    let expected = "bars is in own/bars: 64 training and 16 test images of 20x24 in 2 classes, prepared by resize\n\n\
                    label  class     training    test\n    0  lying           32       8\n    1  standing        32       8\n";
    assert_eq!(imported.stdout, expected);
    assert!(imported.stderr.contains("train --set data.dataset=bars"), "{}", imported.stderr);
    sandbox.run(&[&["train", "--data-dir", "own"], &SMALL[..]].concat()).done();
    let tested = sandbox.run(&["test", "-p", "run", "--data-dir", "own"]).done();
    assert!(tested.stdout.contains("standing") && tested.stdout.contains("lying"), "{}", tested.stdout);
    // The name is taken, and those of the catalog are.
    sandbox.run(&import).fails(2, &["own/bars is there already", "--replace"]);
    let catalog = ["data", "import", "--name", "mnist", "--from", "photos", "--data-dir", "own"];
    sandbox.run(&catalog).fails(2, &["mnist is a data set that the program knows"]);
}

#[test]
fn a_broken_image_is_named_and_the_others_are_there() {
    let sandbox = images();
    fs::write(sandbox.path().join("photos/lying/broken.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    fs::write(sandbox.path().join("photos/lying/notes.txt"), b"dear all").unwrap();
    let import = ["data", "import", "--name", "bars", "--from", "photos", "--data-dir", "own", "--json"];
    let imported = sandbox.run(&import);
    let json: serde_json::Value = serde_json::from_str(&imported.stdout).unwrap();
    assert_eq!((&json["train_images"], &json["test_images"]), (&64.into(), &16.into()));
    assert_eq!(json["unreadable"][0]["file"], "photos/lying/broken.png");
    assert_eq!(json["passed_over"][0]["file"], "photos/lying/notes.txt");
    assert_eq!(json["classes"][1]["name"], "standing");
    assert_eq!(imported.code, 3, "{}", imported.stderr);
    for words in ["cannot be read: photos/lying/broken.png: ", "1 of 81 image files could not be read"] {
        assert!(imported.stderr.contains(words), "{words}: {}", imported.stderr);
    }
    assert!(sandbox.has("own/bars/dataset.toml"));
}

#[test]
fn images_in_both_parts_are_named() {
    let sandbox = images();
    fs::create_dir(sandbox.path().join("all")).unwrap();
    fs::rename(sandbox.path().join("photos"), sandbox.path().join("all/train")).unwrap();
    write_png(&sandbox.path().join("all/test/lying/again.png"), false, 7);
    write_png(&sandbox.path().join("all/test/standing/new.png"), true, 100);
    let import = ["data", "import", "--name", "bars", "--from", "all", "--data-dir", "own"];
    let imported = sandbox.run(&import).done();
    assert!(imported.stdout.contains("80 training and 2 test images"), "{}", imported.stdout);
    let words = "1 test images are training images as well";
    assert!(imported.stderr.contains(words), "{}", imported.stderr);
    assert!(
        imported.stderr.contains("all/test/lying/again.png is all/train/lying/7.png"),
        "{}",
        imported.stderr
    );
}

#[test]
fn tables_that_are_no_training_data_are_named_for_what_they_are() {
    let sandbox = Sandbox::new();
    let row = vec!["0"; 784].join(",");
    fs::write(sandbox.path().join("test.csv"), format!("{row}\n{row}\n")).unwrap();
    fs::write(sandbox.path().join("train.parquet"), b"PAR1").unwrap();
    for (file, words) in
        [("test.csv", "784 columns, which are the pixels"), ("train.parquet", "it is a Parquet file")]
    {
        let import = ["data", "import", "--name", "mine", "--from", file, "--data-dir", "own"];
        sandbox.run(&import).fails(3, &[file, words]);
    }
    assert!(!sandbox.has("own/mine"));
}
