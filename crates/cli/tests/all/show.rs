//! Tests `show`, `summary` and `completions`.

use std::fs;

use crate::program::Sandbox;

#[test]
fn images_are_drawn_with_their_labels() {
    let shown = Sandbox::new().run(&["show", "--dataset", "sample", "--count", "3"]).done().stdout;
    for caption in ["#0: 0", "#1: 1", "#2: 2"] {
        assert!(shown.contains(caption), "{shown}");
    }
    // Two rows of images at 80 columns, each of a caption and 14 lines.
    assert_eq!(shown.lines().count(), 30, "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    assert!(shown.contains('█') && shown.contains('▀') && shown.contains('▄'), "{shown}");
}

#[test]
fn a_grid_is_a_png_file() {
    let sandbox = Sandbox::new();
    sandbox.run(&["show", "--dataset", "sample", "--split", "test", "--output", "grid.png"]).done();
    let decoder =
        png::Decoder::new(std::io::BufReader::new(fs::File::open(sandbox.path().join("grid.png")).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (10 * 118 + 6, 10 * 132 + 6));
    assert!(pixels.contains(&255) && pixels.contains(&0));
    sandbox
        .run(&["show", "--dataset", "sample", "-o", "no/such/folder.png"])
        .fails(1, &["no/such/folder.png"]);
    sandbox
        .run(&["show", "--dataset", "sample", "--start", "1000"])
        .fails(2, &["there are 1000 images, from 0 to 999"]);
}

#[test]
fn the_summary_is_the_lectures_table() {
    let table = Sandbox::new().run(&["summary"]).done().stdout;
    for number in ["832", "51,264", "31,370", "83,466", "10,693,760", "64x7x7"] {
        assert!(table.contains(number), "{table}");
    }
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Sandbox::new().run(&["completions", shell]).done().stdout;
        assert!(script.contains("summary") && script.contains("mnist-cnn"), "{shell}");
    }
}

#[test]
fn images_are_chosen_by_class_or_position() {
    let sandbox = Sandbox::new();
    let captions = |arguments: &[&str]| -> Vec<String> {
        let shown = sandbox.run(&[&["show", "--dataset", "sample"], arguments].concat()).done().stdout;
        let words: Vec<&str> = shown.split_whitespace().collect();
        words.windows(2).filter(|pair| pair[0].starts_with('#')).map(|pair| pair.join(" ")).collect()
    };
    let sevens = captions(&["--label", "7", "-n", "5", "--start", "20"]);
    assert!(sevens.len() == 5 && sevens.iter().all(|caption| caption.ends_with(": 7")), "{sevens:?}");
    assert_eq!(captions(&["--index", "12,3"]), ["#12: 2", "#3: 3"]);
    sandbox
        .run(&["show", "--dataset", "sample", "--index", "5,1000"])
        .fails(2, &["--index 1000", "there are 1000 images"]);
    sandbox.run(&["show", "--dataset", "sample", "--label", "x"]).fails(2, &["--label x", "0, 1, 2"]);
}

#[test]
fn a_corruption_changes_what_is_shown_in_the_same_way_each_time() {
    let sandbox = Sandbox::new();
    let shown = |more: &[&str]| {
        sandbox.run(&[&["show", "--dataset", "sample", "--index", "4"], more].concat()).done().stdout
    };
    let noisy = shown(&["--corruption", "impulse-noise"]);
    assert_eq!(noisy, shown(&["--corruption", "impulse-noise"]));
    assert_ne!(noisy, shown(&[]));
    let unknown = sandbox.run(&["show", "--dataset", "sample", "--corruption", "rain"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("canny-edges"), "{}", unknown.stderr);
}

#[test]
fn an_image_stands_beside_what_training_makes_of_it() {
    let sandbox = Sandbox::new();
    let sample = ["show", "--augmented", "--set", "data.dataset=sample", "--index", "4"];
    let shown = |more: &[&str]| sandbox.run(&[&sample, more].concat()).done().stdout;
    let turned = ["--set", "augment.rotation=30"];
    let first = shown(&turned);
    // Two tiles fit side by side into 80 columns, and four versions are shown.
    for caption in ["#4: 4", "epoch 1", "epoch 2", "epoch 3"] {
        assert!(first.contains(caption), "{first}");
    }
    assert_eq!(first.lines().count(), 30, "{first}");
    assert_eq!(first, shown(&turned));
    assert_ne!(first, shown(&[&turned[..], &["--set", "train.seed=2"]].concat()));
    sandbox.run(&sample).fails(2, &["this configuration changes no image", "--set augment.rotation=15"]);
    sandbox.run(&["show", "--dataset", "sample", "--set", "train.seed=2"]).fails(2, &["are for --augmented"]);
    sandbox.run(&["show", "--augmented", "--wrong"]).fails(2, &["cannot be used with"]);
    sandbox.run(&[&sample[..], &turned, &["-o", "grid.png"]].concat()).done();
    let file = fs::read(sandbox.path().join("grid.png")).unwrap();
    // Ten tiles of 112 pixels and their margins, as a PNG file's header says.
    assert_eq!(file[16..20], (10 * 118_u32 + 6).to_be_bytes());
}

#[test]
fn classes_have_a_mean_and_a_spread() {
    let sandbox = Sandbox::new();
    let shown = sandbox.run(&["show", "--dataset", "sample", "--mean"]).done().stdout;
    assert_eq!(shown.matches("mean of 100").count(), 10, "{shown}");
    assert_eq!(shown.matches("spread").count(), 10, "{shown}");
    let one = sandbox.run(&["show", "--dataset", "sample", "--mean", "--label", "3"]).done().stdout;
    assert!(one.contains("3: mean of 100") && one.lines().count() == 15, "{one}");
}

#[test]
fn the_mistakes_of_a_tested_run_are_shown_the_worst_first() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "tmp", "--set", "train.epochs=1"]).done();
    sandbox
        .run(&["show", "--wrong", "-p", "tmp"])
        .fails(3, &["predictions.csv", "write it again with", "test -p tmp"]);
    sandbox.run(&["test", "-p", "tmp"]).done();
    let shown = sandbox.run(&["show", "--wrong", "-p", "tmp", "-n", "3"]).done().stdout;
    let report = sandbox.json("tmp/test.json");
    let wrong = 200 - report["evaluation"]["correct"].as_u64().unwrap();
    assert!(shown.starts_with(&format!("{wrong} images were taken for another class")), "{shown}");
    for mistake in &report["worst"].as_array().unwrap()[..3] {
        let caption = format!("#{}: {} as {}", mistake["index"], mistake["label"], mistake["prediction"]);
        assert!(shown.contains(&caption), "{caption}: {shown}");
    }
    let file = sandbox.path().join("tmp/predictions.csv");
    let csv = fs::read_to_string(&file).unwrap();
    fs::write(&file, csv.lines().take(51).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    sandbox.run(&["show", "--wrong", "-p", "tmp"]).fails(3, &["found 50 images, expected the 200"]);
    sandbox
        .run(&["show", "--dataset", "sample", "--label", "0", "--start", "999"])
        .fails(2, &["no image is left"]);
    fs::write(sandbox.path().join("tmp/predictions.csv"), "index,label,prediction\n1,2\n").unwrap();
    sandbox.run(&["show", "--wrong", "-p", "tmp"]).fails(3, &["predictions.csv", "line 2"]);
}
