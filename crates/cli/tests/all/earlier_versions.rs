//! Runs that earlier versions of the program wrote can still be used: see `tests/fixtures/README.md`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::{Desk, Ended};

/// The bits of the fixtures come from this backend, the portable vector level and glibc's functions.
const HAS_THE_SAME_BITS: bool =
    cfg!(all(feature = "ndarray", target_arch = "x86_64", target_os = "linux", target_env = "gnu"));

/// A CPU backend that is compiled in: `auto` could take a GPU.
const BACKEND: [&str; 2] = ["--backend", if cfg!(feature = "ndarray") { "ndarray" } else { "flex" }];

impl Desk {
    /// An empty folder with a copy of a run of version 0.1.0.
    fn with_earlier(name: &str) -> Self {
        let desk = Self::new();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run-0.1.0");
        copy(&fixtures.join(name), &desk.path().join(name));
        desk
    }

    /// Runs the program with the vector level that the fixtures were made with.
    fn portable(&self, arguments: &[&str]) -> Ended {
        let words: Vec<&str> = arguments.iter().copied().chain(BACKEND).collect();
        Ended::new(self.command(&words).env("MNIST_CNN_SIMD", "portable").output().unwrap())
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The fields of a line of `predictions.csv`: index, label and prediction, then the probabilities.
fn prediction(line: &str) -> (Vec<usize>, Vec<f64>) {
    let fields: Vec<&str> = line.split(',').collect();
    let (whole, probabilities) = fields.split_at(3);
    let whole = whole.iter().map(|field| field.parse().unwrap()).collect();
    (whole, probabilities.iter().map(|field| field.parse().unwrap()).collect())
}

#[test]
fn a_tested_run_tests_as_it_did() {
    let desk = Desk::with_earlier("finished");
    let (recorded, predictions) = (desk.json("finished/test.json"), desk.text("finished/predictions.csv"));
    desk.portable(&["test", "-p", "finished"]).done();
    let report = desk.json("finished/test.json");
    for key in ["run", "epoch", "weights_sha256", "dataset", "data_sha256", "corruptions"] {
        assert_eq!(report[key], recorded[key], "{key}");
    }
    assert_eq!(report["evaluation"]["accuracy"], recorded["evaluation"]["accuracy"]);
    assert_eq!(report["evaluation"]["confusion"], recorded["evaluation"]["confusion"]);
    assert_eq!(report["times_tested"], 3);
    assert_eq!(desk.text("finished/tests.jsonl").lines().count(), 3);
    let again = desk.text("finished/predictions.csv");
    if HAS_THE_SAME_BITS {
        assert_eq!(again, predictions);
        assert_eq!(report["evaluation"], recorded["evaluation"]);
    }
    assert_eq!(again.lines().next(), predictions.lines().next());
    assert_eq!(again.lines().count(), predictions.lines().count());
    for (line, expected) in again.lines().zip(predictions.lines()).skip(1) {
        let ((whole, probabilities), (expected_whole, expected)) = (prediction(line), prediction(expected));
        assert_eq!(whole, expected_whole);
        for (probability, expected) in probabilities.iter().zip(&expected) {
            assert!((probability - expected).abs() < 1e-4, "{line}");
        }
    }
}

#[test]
fn a_tested_run_can_be_shown() {
    let desk = Desk::with_earlier("finished");
    desk.run(&["report", "-p", "finished", "--figures", "figures"]).done();
    // The accuracy on the test set, as it was found then.
    assert!(desk.text("finished/report.html").contains("92.50"));
    assert!(fs::read_dir(desk.path().join("figures")).unwrap().count() > 1);
    let wrong = desk.run(&["show", "--wrong", "-p", "finished"]).done().stdout;
    let worst = &desk.json("finished/test.json")["worst"];
    assert_eq!(worst.as_array().unwrap().len(), 15);
    for mistake in &worst.as_array().unwrap()[..3] {
        assert!(wrong.contains(&format!("#{}", mistake["index"])), "{mistake} {wrong}");
    }
    let words = ["inspect", "-p", "finished", "--split", "test", "--index", "7"];
    let inspected = desk.portable(&words).done().stdout;
    assert!(inspected.contains("epoch 6"), "{inspected}");
    desk.run(&["train", "--config", "finished/config.toml", "--print-config"]).done();
}

#[test]
fn a_folder_of_seeds_is_tested_and_gone_on_with() {
    let desk = Desk::with_earlier("seeds");
    let best = ["seeds/seed-1", "seeds/seed-2"].map(|run| desk.best(run).join("weights.safetensors"));
    let weights = best.clone().map(|path| fs::read(path).unwrap());
    desk.portable(&["train", "--resume", "-p", "seeds"]).done();
    assert!(best.map(|path| fs::read(path).unwrap()) == weights, "finished runs have other weights now");
    desk.portable(&["test", "-p", "seeds"]).done();
    let report = desk.json("seeds/test.json");
    let seeds: Vec<&Value> = report["runs"].as_array().unwrap().iter().map(|run| &run["seed"]).collect();
    assert_eq!(seeds, [1, 2]);
    assert_eq!(report["ensemble"]["pictures"], 200);
    desk.run(&["report", "-p", "seeds"]).done();
}

#[test]
fn an_interrupted_run_ends_in_the_bits_that_it_would_have_had() {
    let desk = Desk::with_earlier("interrupted");
    let ended = desk.portable(&["train", "--resume", "-p", "interrupted", "--json"]).done();
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(desk.json("interrupted/run.json")["resumed"][0]["step"], 46);
    let steps: Vec<u64> = desk
        .metrics("interrupted")
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(&(line.clone() + "}")).unwrap()["step"].as_u64())
        .collect();
    assert_eq!(steps.last(), Some(&150));
    assert!(steps.is_sorted(), "{steps:?}");
    if HAS_THE_SAME_BITS {
        let expected = include_str!("../fixtures/run-0.1.0/interrupted-weights.sha256").trim();
        assert_eq!(report["weights_sha256"], expected);
    }
}
