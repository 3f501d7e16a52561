//! A run's thresholds, and its model as one file: with it alone the forward pass on slices answers as `test` does.

use std::fs;

use network::forward::Predictor;
use network::{ModelFile, Thresholds};

use crate::program::Sandbox;

#[test]
fn a_model_file_and_the_slices_answer_as_the_run_does() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "tmp", "--set", "train.epochs=2"]).done();
    let decided = sandbox.json("tmp/thresholds.json");
    let images = decided["images"].as_u64().unwrap();
    assert!(images >= 50 && decided["unsure"].as_u64().unwrap() <= images, "{decided}");
    assert_eq!(decided["weights_sha256"], sandbox.json("tmp/validation.json")["weights_sha256"]);

    sandbox.run(&["export", "-p", "tmp", "--format", "model", "-o", "m.safetensors"]).done();
    let model = ModelFile::from_bytes(&fs::read(sandbox.path().join("m.safetensors")).unwrap()).unwrap();
    let thresholds = model.thresholds.unwrap();
    assert_eq!(thresholds.temperature, decided["temperature"].as_f64().unwrap() as f32);
    assert_eq!(thresholds.least_energy, decided["least_energy"].as_f64().unwrap() as f32);
    assert_eq!(thresholds.least_probability, decided["least_probability"].as_f64().unwrap() as f32);
    assert_eq!(thresholds.least_known, decided["least_known"].as_f64().unwrap() as f32);
    assert_eq!((model.source.run.as_str(), model.source.dataset.as_str()), ("tmp", "sample"));
    assert_eq!(model.source.weights_sha256, decided["weights_sha256"]);
    assert_eq!(model.classes.len(), 10);

    sandbox.run(&["test", "-p", "tmp"]).done();
    let csv = fs::read_to_string(sandbox.path().join("tmp/predictions.csv")).unwrap();
    let test = dataset::load::load_test(dataset::Name::SAMPLE, sandbox.path()).unwrap();
    let pixels: Vec<u8> = (0..test.subset().len()).flat_map(|i| test.subset().image(i).to_vec()).collect();
    let predictor = Predictor::new(model.architecture, &model.weights).unwrap();
    let logits = predictor.logits(&pixels, test.subset().len());
    assert_eq!(csv.lines().count(), 1 + test.subset().len());
    for (line, logits) in csv.lines().skip(1).zip(logits.chunks(10)) {
        let columns: Vec<f32> = line.split(',').map(|column| column.parse().unwrap()).collect();
        let (probabilities, _energy) = Thresholds::default().scores(logits);
        for (found, expected) in probabilities.iter().zip(&columns[columns.len() - 10..]) {
            assert!((found - expected).abs() < 1e-4, "{probabilities:?} instead of {line}");
        }
    }
}

#[test]
fn a_run_without_thresholds_gives_a_model_without_and_damaged_ones_are_named() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "tmp"]).done();
    let export = |name: &str| sandbox.run(&["export", "-p", "tmp", "--format", "model", "-o", name]);
    let path = sandbox.path().join("tmp/thresholds.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"temperature\": ", "\"temperature\": -")).unwrap();
    export("a.safetensors").fails(3, &["thresholds.json", "temperature = -", "expected a positive number"]);
    fs::remove_file(&path).unwrap();
    export("b.safetensors").done();
    let bytes = fs::read(sandbox.path().join("b.safetensors")).unwrap();
    assert_eq!(ModelFile::from_bytes(&bytes).unwrap().thresholds, None);
}
