//! Tests `predict` on images that are made here, from the sample's digits or by a few strokes.

use std::fs::{self, File};
use std::path::Path;

use dataset::Name;
use serde_json::Value;

use crate::program::Sandbox;

/// The side of a digit of the sample.
const SIDE: usize = 28;

/// Pixels and label of the sample's first test images.
fn digits(count: usize) -> Vec<(Vec<u8>, u8)> {
    let images = dataset::load::load_test(Name::SAMPLE, Path::new(".")).unwrap();
    let images = images.subset();
    (0..count).map(|i| (images.image(i).to_vec(), images.label(i))).collect()
}

/// Writes a PNG of `[height, width]` pixels of this kind.
fn write(path: &Path, [height, width]: [usize; 2], kind: png::ColorType, pixels: &[u8]) {
    let mut encoder = png::Encoder::new(File::create(path).unwrap(), width as u32, height as u32);
    encoder.set_color(kind);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
}

fn write_grey(path: &Path, [height, width]: [usize; 2], pixels: &[u8]) {
    write(path, [height, width], png::ColorType::Grayscale, pixels);
}

/// A digit three times as large, dark on a light canvas, at its left.
fn drawn(digit: &[u8]) -> Vec<u8> {
    let [height, width] = CANVAS;
    let mut canvas = vec![240; height * width];
    for y in 0..3 * SIDE {
        for x in 0..3 * SIDE {
            let ink = u16::from(digit[y / 3 * SIDE + x / 3]) * 200 / 255;
            canvas[(y + 20) * width + x + 20] = 240 - ink as u8;
        }
    }
    canvas
}

const CANVAS: [usize; 2] = [130, 200];

fn lines(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_image_as_the_training_images_is_answered_as_test_answers_it() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "run"]).done();
    sandbox.run(&["test", "-p", "run"]).done();
    fs::create_dir(sandbox.path().join("digits")).unwrap();
    for (i, (pixels, _label)) in digits(50).iter().enumerate() {
        write_grey(&sandbox.path().join(format!("digits/{i}.png")), [SIDE; 2], pixels);
    }
    // Without the temperature that validation chose, the probabilities are those of `test`.
    drop(fs::remove_file(sandbox.path().join("run/thresholds.json")));
    let answers = lines(&sandbox.run(&["predict", "-p", "run", "--json", "digits"]).done().stdout);
    let csv = fs::read_to_string(sandbox.path().join("run/predictions.csv")).unwrap();
    assert_eq!(answers.len(), 50);
    for (i, (answer, row)) in answers.iter().zip(csv.lines().skip(1)).enumerate() {
        let row: Vec<&str> = row.split(',').collect();
        let item = &answer["items"][0];
        assert_eq!(
            (answer["file"].as_str(), item["label"].as_str()),
            (Some(&*format!("digits/{i}.png")), Some(row[2]))
        );
        let class = item["class"].as_u64().unwrap() as usize;
        // JSON's reader takes the number as an f64; the program wrote an f32.
        let probability = item["probability"].as_f64().unwrap() as f32;
        assert_eq!(probability, row[3 + class].parse::<f32>().unwrap(), "{i}");
        assert_eq!(item["box"], serde_json::json!([0, 0, SIDE, SIDE]));
    }
}

#[test]
fn files_folders_and_standard_input_are_read_without_a_run() {
    let sandbox = Sandbox::new();
    let at = |name: &str| sandbox.path().join(name);
    fs::create_dir(at("photos")).unwrap();
    let digits = digits(2);
    let labels: Vec<String> = digits.iter().map(|(_, label)| label.to_string()).collect();
    write_grey(&at("photos/10.png"), CANVAS, &drawn(&digits[0].0));
    write_grey(&at("photos/9.png"), CANVAS, &drawn(&digits[1].0));
    for name in ["photos/.hidden.png", "photos/notes.txt", "photos/._9.png"] {
        fs::write(at(name), "no image").unwrap();
    }
    let read = sandbox.run(&["predict", "--json", "photos"]).done();
    let found =
        lines(&read.stdout).iter().map(|line| line["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(found, [&*labels[1], &*labels[0]], "{}", read.stdout);
    assert!(
        read.stderr.contains("built-in model") && read.stderr.contains("passed over 1 file"),
        "{}",
        read.stderr
    );

    let piped =
        sandbox.command(&["predict", "-"]).write_stdin(fs::read(at("photos/10.png")).unwrap()).output();
    let said = String::from_utf8(piped.unwrap().stdout).unwrap();
    assert!(said.starts_with(&format!("-  {} ", labels[0])) && said.contains('%'), "{said}");
}

#[test]
fn what_cannot_be_read_is_named_and_does_not_stop_the_rest() {
    let sandbox = Sandbox::new();
    let at = |name: &str| sandbox.path().join(name);
    write_grey(&at("blank.png"), [280, 280], &vec![255; 280 * 280]);
    write(&at("clear.png"), [9, 9], png::ColorType::Rgba, &[0; 9 * 9 * 4]);
    fs::write(at("empty.png"), "").unwrap();
    fs::write(at("notes.txt"), "no image").unwrap();
    fs::create_dir(at("none")).unwrap();
    let names = ["missing.png", "blank.png", "empty.png", "clear.png", "notes.txt", "x/*.png"];
    let arguments = [&["predict", "--json"], &names[..]].concat();
    let read = sandbox.run(&arguments);
    let answers = lines(&read.stdout);
    let statuses: Vec<&str> = answers.iter().map(|line| line["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["unreadable", "no-digit", "unreadable", "no-digit", "unreadable", "unreadable"]);
    let error = |i: usize| answers[i]["error"].as_str().unwrap_or("none").to_owned();
    for (i, words) in [(0, "No such file"), (1, "none"), (2, "empty"), (4, "a text"), (5, "pattern")] {
        assert!(error(i).contains(words), "{}", error(i));
    }
    assert_eq!(read.code, 3);
    assert!(read.stderr.contains("4 of 6 images could not be read"), "{}", read.stderr);
    // Nothing to read is an answer, and not a failure.
    assert!(sandbox.run(&["predict", "blank.png"]).done().stdout.contains("nothing to read"));
    sandbox.run(&["predict", "none"]).fails(3, &["none has no images"]);
    sandbox.run(&["predict", "-", "-"]).fails(2, &["given twice"]);
}

#[test]
fn answers_are_ranked_shown_and_drawn() {
    let sandbox = Sandbox::new();
    let (pixels, label) = &digits(1)[0];
    write_grey(&sandbox.path().join("d.png"), CANVAS, &drawn(pixels));
    let shown =
        sandbox.run(&["predict", "d.png", "--single", "--top", "3", "--show", "-o", "sheet.png"]).done();
    let ranking = shown.stdout.lines().nth(1).unwrap();
    assert!(ranking.trim_start().starts_with(&format!("{label} ")), "{ranking}");
    assert_eq!(ranking.matches('%').count(), 3, "{ranking}");
    assert!(
        shown.stdout.contains('█') && shown.stdout.lines().count() == 2 + 1 + SIDE / 2,
        "{}",
        shown.stdout
    );
    let sheet =
        png::Decoder::new(std::io::BufReader::new(File::open(sandbox.path().join("sheet.png")).unwrap()));
    assert!(sheet.read_info().unwrap().info().width >= 224);
}

#[test]
fn a_page_upside_down_is_read_and_dark_ink_is_said() {
    let sandbox = Sandbox::new();
    let digits = digits(5);
    let width = 5 * 4 * SIDE;
    let mut page = vec![235; 5 * SIDE * width];
    for (at, (digit, _)) in digits.iter().enumerate() {
        for (y, x) in (0..3 * SIDE).flat_map(|y| (0..3 * SIDE).map(move |x| (y, x))) {
            let ink = u16::from(digit[y / 3 * SIDE + x / 3]) * 200 / 255;
            page[(y + SIDE) * width + x + at * 4 * SIDE + SIDE / 2] = 235 - ink as u8;
        }
    }
    let text: String = digits.iter().map(|(_, label)| label.to_string()).collect();
    let upside_down: Vec<u8> = page.iter().rev().copied().collect();
    for (name, pixels, notes) in [("up.png", &page, 0), ("down.png", &upside_down, 1)] {
        write_grey(&sandbox.path().join(name), [5 * SIDE, width], pixels);
        let answer = &lines(&sandbox.run(&["predict", "--json", name]).done().stdout)[0];
        assert_eq!(
            (answer["text"].as_str(), &answer["inverted"]),
            (Some(&*text), &Value::Bool(true)),
            "{answer}"
        );
        assert_eq!(answer["notes"].as_array().unwrap().len(), notes, "{answer}");
        let first = answer["items"][0]["box"][0].as_u64().unwrap() as usize;
        assert_eq!(first > width / 2, notes == 1, "{answer}");
    }
    // The same ink, light on dark before it is read.
    let turned = lines(&sandbox.run(&["predict", "--json", "--invert", "up.png"]).done().stdout);
    assert_eq!((turned[0]["text"].as_str(), &turned[0]["inverted"]), (Some(&*text), &Value::Bool(true)));
    let shown = sandbox.run(&["predict", "--show", "down.png"]).done().stdout;
    assert!(shown.contains("(read upside down, dark ink, which the network sees light on dark)"), "{shown}");
}

#[test]
fn what_no_validation_image_was_answered_like_is_not_known() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "run"]).done();
    let file = sandbox.path().join("run/thresholds.json");
    let mut thresholds = sandbox.json("run/thresholds.json");
    let known = thresholds["least_known"].as_f64().unwrap();
    assert!(known > 0.0 && known <= thresholds["least_probability"].as_f64().unwrap() / 2.0, "{thresholds}");
    // No answer is that certain.
    (thresholds["least_probability"], thresholds["least_known"]) = (1.0.into(), 1.0.into());
    fs::write(file, thresholds.to_string()).unwrap();
    write_grey(&sandbox.path().join("d.png"), CANVAS, &drawn(&digits(1)[0].0));
    let answer = &lines(&sandbox.run(&["predict", "-p", "run", "--json", "d.png"]).done().stdout)[0];
    assert_eq!((answer["status"].as_str(), answer["text"].as_str()), (Some("no-digit"), Some("")));
    assert_eq!(answer["items"], serde_json::json!([]));
    let said = sandbox.run(&["predict", "-p", "run", "d.png", "--top", "2"]).done().stdout;
    assert!(said.contains("nothing known") && said.lines().nth(1).unwrap().contains('%'), "{said}");
}

#[test]
fn wrong_arguments_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.run(&["predict", "-p", "nothing", "x.png"]).fails(3, &["nothing"]);
    sandbox.run(&["predict"]).fails(2, &["IMAGE"]);
    sandbox.run(&["predict", "--prepare", "zoom", "x.png"]).fails(2, &["ink", "resize"]);
}
