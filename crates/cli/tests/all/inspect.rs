//! Tests `inspect`, which looks inside a trained network.

use std::fs::File;
use std::io::BufReader;

use crate::program::Sandbox;

/// Name and probability in percent of each class, from the lines beside the image.
fn probabilities(text: &str) -> Vec<(String, f64)> {
    let rows = text.lines().skip_while(|line| !line.contains("probability")).skip(1).take(10);
    rows.map(|row| {
        let words: Vec<&str> = row.split_whitespace().collect();
        let percent = words.iter().position(|word| *word == "%").unwrap();
        (words[percent - 3].to_owned(), words[percent - 1].parse().unwrap())
    })
    .collect()
}

#[test]
fn an_image_is_drawn_with_probabilities_feature_maps_evidence_and_tables() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "tmp"]).done();
    let text = sandbox.run(&["inspect", "-p", "tmp", "--index", "7", "--split", "test"]).done().stdout;
    let found = probabilities(&text);
    assert_eq!(found.len(), 10);
    assert!((found.iter().map(|(_, percent)| percent).sum::<f64>() - 100.0).abs() < 0.1, "{text}");
    let best = found.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    let headline = format!("MNIST sample, test image #7: 7, predicted as {} with {:.2} %\n", best.0, best.1);
    assert!(text.starts_with(&headline), "{headline}: {text}");
    for words in [
        "units.0: 8 feature maps of 14x14, the 5 that vary most",
        "units.1: 16 feature maps of 7x7, the 5 that vary most",
        "the 5x5 pixels around are covered",
        "predicted)",
        "runner-up)",
        "2 pixels       1 position",
        // The dense layer has 8*14*14 * 16*14*14 + 16*14*14 parameters, the convolution 16*8*3*3 + 16.
        "4,920,384",
        "1,168",
    ] {
        assert!(text.contains(words), "«{words}» in: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.contains('█') && text.contains('░') && !text.contains('\x1b'), "{text}");

    let other = sandbox.run(&["inspect", "-p", "tmp", "--index", "8"]).done().stdout;
    assert!(other.starts_with("MNIST sample, training image #8: 8, predicted as"), "{other}");
    sandbox
        .run(&["inspect", "-p", "tmp", "--split", "test", "--index", "200"])
        .fails(2, &["--index 200: there are 200 images, from 0 to 199"]);
    sandbox
        .run(&["inspect", "-p", "tmp", "-o", "no/such/folder.png"])
        .fails(1, &["no/such/folder.png cannot be written"]);
}

#[test]
fn a_sheet_of_all_feature_maps_and_all_classes_is_a_png_file() {
    let sandbox = Sandbox::new();
    sandbox.train(&["--set", "train.epochs=1"]).done();
    let ended = sandbox.run(&["inspect", "-o", "sheet.png"]).done();
    assert!(ended.stderr.contains("looking into the latest run, runs/"), "{}", ended.stderr);
    assert!(ended.stdout.contains("in sheet.png") && ended.stdout.contains("Sparse"), "{}", ended.stdout);
    let file = BufReader::new(File::open(sandbox.path().join("sheet.png")).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.color_type, info.width), (png::ColorType::Rgb, 672));
    let count = |is: fn(i32, i32) -> bool| {
        let pixels = pixels.chunks_exact(3).map(|rgb| [i32::from(rgb[0]), i32::from(rgb[2])]);
        pixels.filter(|[red, blue]| is(*red, *blue)).count()
    };
    // Evidence for is red and evidence against is blue; nothing else in the file has a hue.
    assert!(count(|red, blue| red > blue + 60) > 1_000);
    assert!(count(|red, blue| blue > red + 60) > 1_000);
    // White stands for no evidence, in ten images of 112x112 pixels; nothing else has so much white.
    assert!(count(|red, blue| red == 0xf7 && blue == 0xf7) > 10 * 112 * 112 / 3);
}

#[test]
fn a_network_without_convolution_says_so() {
    let sandbox = Sandbox::new();
    let dense = ["--set", "model.units=[]", "--set", "model.dense=[20]", "-p", "tmp"];
    sandbox.train(&dense).done();
    let text = sandbox.run(&["inspect", "-p", "tmp"]).done().stdout;
    assert!(text.contains("No convolution units") && text.contains("Evidence"), "{text}");
    assert!(!text.contains("units.0") && !text.contains("Equivariance"), "{text}");
    sandbox.run(&["inspect", "-p", "tmp", "-o", "sheet.png"]).done();
}

#[test]
fn without_a_model_there_is_nothing_to_inspect() {
    let sandbox = Sandbox::new();
    sandbox.run(&["inspect"]).fails(3, &["holds no finished epoch"]);
    sandbox.run(&["inspect", "-p", "tmp"]).fails(3, &["tmp holds no run"]);
}
