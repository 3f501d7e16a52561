//! Tests data sets of one's own: trained on, tested, shown, listed, removed, and refused where they do not fit.

use std::fs;
use std::path::Path;

use dataset::catalog::{DataFile, Role};
use dataset::idx::{Images, write_images, write_labels};
use dataset::{Description, Split};

use crate::program::Sandbox;

const CLASSES: [&str; 3] =
    ["lying bar", "standing bar", "a diagonal with a name that is much longer than a table is wide"];
const SIZE: [usize; 2] = [20, 24];
const SMALL: [&str; 4] = [
    "model.units=[{filters=4, kernel_size=3}, {filters=8, kernel_size=3}]",
    "train.epochs=2",
    "train.batch_size=16",
    "train.learning_rate=0.01",
];

/// An image of a class: a bar or a diagonal, at a place that `i` decides.
fn image(class: usize, i: usize, [height, width]: [usize; 2]) -> Vec<u8> {
    let at = 3 + i % (height.min(width) - 6);
    let is_ink = |row: usize, column: usize| match class % 3 {
        0 => row == at,
        1 => column == at,
        _ => row == column,
    };
    let pixel = |p: usize| if is_ink(p / width, p % width) { 255 } else { (p * i % 23) as u8 };
    (0..height * width).map(pixel).collect()
}

/// Writes a data set into a data directory: IDX files and their description.
fn write(data: &Path, name: &str, classes: &[&str], size: [usize; 2], per_class: [usize; 2]) {
    let folder = data.join(name);
    fs::create_dir_all(&folder).unwrap();
    let mut files = Vec::new();
    for (split, per_class) in [(Split::Train, per_class[0]), (Split::Test, per_class[1])] {
        let labels: Vec<u8> = (0..per_class * classes.len()).map(|i| (i % classes.len()) as u8).collect();
        let pixels =
            labels.iter().enumerate().flat_map(|(i, label)| image(usize::from(*label), i, size)).collect();
        let images = Images::new(labels.len(), size[0], size[1], pixels).unwrap();
        for (role, kind, content) in
            [(Role::Images, "images", write_images(&images)), (Role::Labels, "labels", write_labels(&labels))]
        {
            let file = format!("{split}-{kind}");
            fs::write(folder.join(&file), &content).unwrap();
            files.push(DataFile::of_content(split, role, file, &content, size.map(|side| side as u32)));
        }
    }
    let description = Description {
        title: "Bars & \"diagonals\"".to_owned(),
        classes: classes.iter().map(ToString::to_string).collect(),
        height: size[0],
        width: size[1],
        preparation: None,
        licence: Some("CC0".to_owned()),
        sources: vec!["drawn by a test".to_owned()],
        train_images: per_class[0] * classes.len(),
        test_images: per_class[1] * classes.len(),
        files,
    };
    description.write(&folder).unwrap();
}

/// A folder with the data set `mine` in `d`.
fn with_mine() -> Sandbox {
    let sandbox = Sandbox::new();
    write(&sandbox.path().join("d"), "mine", &CLASSES, SIZE, [60, 10]);
    sandbox
}

/// The words of a command with assignments for the data set `name` and a small network.
fn words<'a>(command: &[&'a str], dataset: &'a str) -> Vec<&'a str> {
    let sets = SMALL.iter().flat_map(|set| ["--set", set]);
    command.iter().copied().chain(["--data-dir", "d", "--set", dataset]).chain(sets).collect()
}

fn is_narrow(text: &str) -> bool {
    text.lines().all(|line| line.chars().count() <= 80)
}

#[test]
fn a_data_set_of_ones_own_is_trained_tested_resumed_inspected_shown_and_reported() {
    let sandbox = with_mine();
    let trained = sandbox.run(&words(&["train", "-p", "tmp"], "data.dataset=mine")).done();
    assert!(
        trained.stderr.contains("Bars & \"diagonals\": 165 images to train on, 15 to validate"),
        "{}",
        trained.stderr
    );
    let kept = Description::read(&sandbox.path().join("tmp/dataset.toml")).unwrap();
    assert_eq!((kept.height, kept.width, kept.classes.len()), (20, 24, 3));
    let info = sandbox.json("tmp/run.json");
    assert_eq!((&info["dataset"], info["data_sha256"].as_array().unwrap().len()), (&"mine".into(), 4));

    let tested = sandbox.run(&["test", "-p", "tmp"]).done().stdout;
    assert!(is_narrow(&tested) && tested.starts_with("Bars & \"diagonals\" test set, 30 images"), "{tested}");
    assert!(!tested.contains("the first 5"), "{tested}");
    let report = sandbox.json("tmp/test.json");
    assert!(report["evaluation"]["accuracy"].as_f64().unwrap() > 0.8, "{tested}");
    assert_eq!(report["evaluation"]["classes"][2]["name"], CLASSES[2]);
    assert_eq!(report["evaluation"]["top_k"].as_array().unwrap().len(), 3);

    sandbox.run(&["train", "--resume", "-p", "tmp"]).done();
    let printed = sandbox.run(&["train", "--resume", "-p", "tmp", "--print-config"]).done().stdout;
    assert!(printed.contains("dataset = \"mine\""), "{printed}");
    let inspected = sandbox.run(&["inspect", "-p", "tmp", "--split", "test", "-i", "4"]).done().stdout;
    let (headline, figures) = inspected.split_once('\n').unwrap();
    assert!(is_narrow(figures) && headline.contains("image #4: standing bar, predicted as "), "{inspected}");
    sandbox.run(&["inspect", "-p", "tmp", "-o", "sheet.png"]).done();
    sandbox.run(&["report", "-p", "tmp", "--figures", "figures"]).done();
    let page = fs::read_to_string(sandbox.path().join("tmp/report.html")).unwrap();
    assert!(page.contains("lying bar") && page.contains("20x24"), "classes and size are missing on the page");
    sandbox.run(&["show", "--wrong", "-p", "tmp"]).done();
    sandbox.run(&["test", "-p", "tmp", "--corruptions"]).done();
}

#[test]
fn images_of_ones_own_are_shown_listed_verified_and_removed() {
    let sandbox = with_mine();
    let show = ["show", "--dataset", "mine", "--data-dir", "d"];
    let shown = sandbox.run(&[&show[..], &["-n", "3", "--label", "lying bar"]].concat()).done().stdout;
    assert!(shown.contains("#0: lying bar") && shown.contains('▀'), "{shown}");
    sandbox.run(&[&show[..], &["--mean"]].concat()).done();
    sandbox.run(&[&show[..], &["--split", "test", "-o", "grid.png"]].concat()).done();
    let summary = sandbox.run(&words(&["summary"], "data.dataset=mine")).done().stdout;
    assert!(summary.contains("1x20x24"), "{summary}");

    let listed = sandbox.run(&["data", "list", "--data-dir", "d"]).done().stdout;
    assert!(is_narrow(&listed) && listed.contains("mine             20x24        3"), "{listed}");
    let json = sandbox.run(&["data", "list", "--json", "--data-dir", "d"]).done().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        [&json[2]["files"], &json[0]["files"], &json[3]["files"]],
        ["built-in", "missing", "complete"]
    );
    assert_eq!((&json[3]["name"], &json[3]["classes"][0]), (&"mine".into(), &"lying bar".into()));

    sandbox.run(&["data", "verify", "--dataset", "mine", "--data-dir", "d"]).done();
    fs::write(sandbox.path().join("d/mine/train-labels"), "x").unwrap();
    let verified = sandbox.run(&["data", "verify", "--dataset", "mine", "--data-dir", "d"]);
    assert_eq!(verified.code, 3);
    assert!(verified.stderr.contains("data import --replace --name mine"), "{}", verified.stderr);

    sandbox.run(&["data", "remove", "mnist", "--data-dir", "d"]).fails(2, &["one of the catalog's"]);
    fs::write(sandbox.path().join("d/mine/notes.txt"), "x").unwrap();
    let removed = sandbox.run(&["data", "remove", "mine", "--data-dir", "d"]).done().stdout;
    assert!(
        removed.starts_with("removed mine: 5 files") && removed.contains("one other thing stays"),
        "{removed}"
    );
    assert!(sandbox.has("d/mine/notes.txt") && !sandbox.has("d/mine/train-images"));
    let says = ["no data set `mine`", "catalog (mnist, fashion-mnist, sample)", "data list", "data import"];
    sandbox.run(&["data", "remove", "mine", "--data-dir", "d"]).fails(2, &says);
    sandbox.run(&words(&["train"], "data.dataset=mine")).fails(2, &says);
    sandbox.run(&words(&["train"], "data.dataset=mnits")).fails(2, &["did you mean `mnist`?"]);
}

#[test]
fn data_that_has_changed_or_does_not_fit_is_refused_with_both_named() {
    let sandbox = with_mine();
    let data = sandbox.path().join("d");
    let quick = words(&["train", "-p", "tmp", "--set", "train.schedule=constant"], "data.dataset=mine");
    sandbox.run(&quick).done();
    write(&data, "wide", &CLASSES, [20, 32], [10, 2]);
    write(&data, "other", &["a", "standing bar", CLASSES[2]], SIZE, [10, 2]);
    write(&data, "like", &CLASSES, SIZE, [10, 2]);
    let test = |name: &str| sandbox.run(&["test", "-p", "tmp", "--data", name, "--data-dir", "d"]);
    test("wide").fails(2, &["found images of 20x32 pixels, expected 20x24"]);
    test("other")
        .fails(2, &["those of Bars & \"diagonals\" are a, standing bar", "and \"a\" is none of them"]);
    test("sample").fails(2, &["those of MNIST sample are 0, 1, 2"]);
    test("like").done();
    assert_eq!(sandbox.json("tmp/test-like.json")["trained_on"], "mine");
    assert!(sandbox.has("tmp/predictions-like.csv"));

    // Classes are told by their names: those of the model in another order, and one of them is not there.
    write(&data, "few", &[CLASSES[1], CLASSES[0]], SIZE, [10, 2]);
    test("few").done();
    let classes = &sandbox.json("tmp/test-few.json")["evaluation"]["classes"];
    assert_eq!([&classes[0]["support"], &classes[2]["support"]], [2, 0]);
    assert!(classes[2]["recall"].is_null() && classes[1]["name"] == CLASSES[1], "{classes}");

    // Another data set of the same name: a resume is refused, and a test is done with a warning.
    write(&data, "mine", &CLASSES, SIZE, [60, 20]);
    let more = ["train", "--resume", "-p", "tmp", "--set", "train.epochs=3"];
    let says = ["is not the data set that the run was begun on", "the SHA-256 of test-images was "];
    sandbox.run(&more).fails(3, &says);
    let tested = sandbox.run(&["test", "-p", "tmp"]).done();
    assert!(tested.stderr.contains("warning: mine has changed since tmp was trained"), "{}", tested.stderr);
    write(&data, "mine", &["a", "b", "c"], SIZE, [60, 10]);
    sandbox.run(&more).fails(3, &["its class 0 was \"lying bar\" and is \"a\" now"]);
    sandbox.run(&["inspect", "-p", "tmp"]).fails(3, &["its class 0 was \"lying bar\" and is \"a\" now"]);
    sandbox.run(&["test", "-p", "tmp"]).fails(2, &["and \"a\" is none of them"]);
    // The run keeps its own description, so it can still be read.
    sandbox.run(&["report", "-p", "tmp"]).done();
    write(&data, "mine", &CLASSES, SIZE, [60, 10]);
    sandbox.run(&more).done();
    fs::remove_file(data.join("mine/train-images")).unwrap();
    fs::write(data.join("mine/dataset.toml"), "format = 1\nclasses = 3\n").unwrap();
    sandbox.run(&words(&["train"], "data.dataset=mine")).fails(3, &["d/mine/dataset.toml:2:11: "]);
}

#[test]
fn images_of_256x256_pixels_are_trained_on_and_looked_at() {
    let sandbox = Sandbox::new();
    write(&sandbox.path().join("d"), "large", &CLASSES[..2], [256, 256], [6, 2]);
    let strided = "model.units=[{filters=4, kernel_size=8, stride=8}]";
    let mut train = words(&["train", "-p", "tmp"], "data.dataset=large");
    train.extend(["--set", strided, "--set", "train.epochs=1", "--set", "train.batch_size=4"]);
    sandbox.run(&train).done();
    sandbox.run(&["test", "-p", "tmp", "--corruptions"]).done();
    sandbox.run(&["inspect", "-p", "tmp"]).fails(2, &["images of 256 columns do not fit", "--output FILE"]);
    sandbox.run(&["inspect", "-p", "tmp", "-o", "sheet.png"]).done();
    let shown = sandbox.run(&["show", "--dataset", "large", "--data-dir", "d", "-n", "2"]).done().stdout;
    assert!(is_narrow(&shown) && shown.lines().count() > 60, "{shown}");
}

#[test]
fn one_class_is_refused_and_two_and_256_classes_are_trained_on() {
    let sandbox = Sandbox::new();
    let data = sandbox.path().join("d");
    write(&data, "one", &["only"], [8, 8], [20, 4]);
    sandbox
        .run(&words(&["train"], "data.dataset=one"))
        .fails(2, &["the single class \"only\"", "two classes"]);
    let all: Vec<String> = (0..256).map(|class| format!("class {class}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    for (name, classes, largest_k) in [("two", &all[..2], 2), ("all", &all[..], 5)] {
        write(&data, name, classes, [10, 8], [3 + 400 / classes.len(), 1]);
        let dataset = format!("data.dataset={name}");
        sandbox.run(&words(&["train", "-p", name], &dataset)).done();
        let tested = sandbox.run(&["test", "-p", name]).done().stdout;
        assert!(is_narrow(&tested), "{tested}");
        let evaluation = &sandbox.json(&format!("{name}/test.json"))["evaluation"];
        assert_eq!(evaluation["top_k"].as_array().unwrap().len(), largest_k);
        assert_eq!(evaluation["classes"].as_array().unwrap().len(), classes.len());
        sandbox.run(&["inspect", "-p", name]).done();
        sandbox.run(&["inspect", "-p", name, "-o", "sheet.png"]).done();
        sandbox.run(&["report", "-p", name]).done();
    }
}
