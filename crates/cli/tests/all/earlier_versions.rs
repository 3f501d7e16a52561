//! Tests that runs which earlier versions of the program wrote can still be used: see
//! `tests/fixtures/README.md`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::{ProgramOutput, Sandbox};

/// A CPU backend that is compiled in, because `auto` could take a GPU.
const BACKEND: [&str; 2] = ["--backend", if cfg!(feature = "ndarray") { "ndarray" } else { "flex" }];

impl Sandbox {
    /// An empty folder with a copy of a run of version 0.1.0.
    fn with_earlier(name: &str) -> Self {
        let sandbox = Self::new();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run-0.1.0");
        copy(&fixtures.join(name), &sandbox.path().join(name));
        sandbox
    }

    /// Runs the program with the vector level that the fixtures were made with.
    fn portable(&self, arguments: &[&str]) -> ProgramOutput {
        let words: Vec<&str> = arguments.iter().copied().chain(BACKEND).collect();
        ProgramOutput::new(self.command(&words).env("MNIST_CNN_SIMD", "portable").output().unwrap())
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
    let sandbox = Sandbox::with_earlier("finished");
    let (recorded, predictions) =
        (sandbox.json("finished/test.json"), sandbox.text("finished/predictions.csv"));
    sandbox.portable(&["test", "-p", "finished"]).done();
    let report = sandbox.json("finished/test.json");
    for key in ["run", "epoch", "weights_sha256", "dataset", "data_sha256", "corruptions"] {
        assert_eq!(report[key], recorded[key], "{key}");
    }
    assert_eq!(report["evaluation"]["accuracy"], recorded["evaluation"]["accuracy"]);
    assert_eq!(report["evaluation"]["confusion"], recorded["evaluation"]["confusion"]);
    assert_eq!(report["times_tested"], 3);
    assert_eq!(sandbox.text("finished/tests.jsonl").lines().count(), 3);
    let again = sandbox.text("finished/predictions.csv");
    assert_eq!(again.lines().next(), predictions.lines().next());
    assert_eq!(again.lines().count(), predictions.lines().count());
    for (line, expected) in again.lines().zip(predictions.lines()).skip(1) {
        let ((whole, probabilities), (expected_whole, expected)) = (prediction(line), prediction(expected));
        assert_eq!(whole, expected_whole);
        for (probability, expected) in probabilities.iter().zip(&expected) {
            // The kernels add up in another order than those of that version.
            assert!((probability - expected).abs() < 1e-4, "{line}");
        }
    }
}

#[test]
fn a_tested_run_can_be_shown() {
    let sandbox = Sandbox::with_earlier("finished");
    sandbox.run(&["report", "-p", "finished", "--figures", "figures"]).done();
    // The accuracy on the test set, as version 0.1.0 found it.
    assert!(sandbox.text("finished/report.html").contains("92.50"));
    assert!(fs::read_dir(sandbox.path().join("figures")).unwrap().count() > 1);
    let wrong = sandbox.run(&["show", "--wrong", "-p", "finished"]).done().stdout;
    let worst = &sandbox.json("finished/test.json")["worst"];
    assert_eq!(worst.as_array().unwrap().len(), 15);
    for mistake in &worst.as_array().unwrap()[..3] {
        assert!(wrong.contains(&format!("#{}", mistake["index"])), "{mistake} {wrong}");
    }
    let words = ["inspect", "-p", "finished", "--split", "test", "--index", "7"];
    let inspected = sandbox.portable(&words).done().stdout;
    assert!(inspected.contains("epoch 6"), "{inspected}");
    sandbox.run(&["train", "--config", "finished/config.toml", "--print-config"]).done();
}

#[test]
fn a_folder_of_seeds_is_tested_and_resumed() {
    let sandbox = Sandbox::with_earlier("seeds");
    let best = ["seeds/seed-1", "seeds/seed-2"].map(|run| sandbox.best(run).join("weights.safetensors"));
    let weights = best.clone().map(|path| fs::read(path).unwrap());
    sandbox.portable(&["train", "--resume", "-p", "seeds"]).done();
    assert!(best.map(|path| fs::read(path).unwrap()) == weights, "finished runs have other weights now");
    sandbox.portable(&["test", "-p", "seeds"]).done();
    let report = sandbox.json("seeds/test.json");
    let seeds: Vec<&Value> = report["runs"].as_array().unwrap().iter().map(|run| &run["seed"]).collect();
    assert_eq!(seeds, [1, 2]);
    assert_eq!(report["ensemble"]["pictures"], 200);
    sandbox.run(&["report", "-p", "seeds"]).done();
}

#[test]
fn an_interrupted_run_goes_on_if_other_bits_are_accepted() {
    let sandbox = Sandbox::with_earlier("interrupted");
    let before = sandbox.text("interrupted/run.json");
    sandbox.portable(&["train", "--resume", "-p", "interrupted"]).fails(
        2,
        &[
            "interrupted/run.json says that the run was computed with numerics version 1 until step 46",
            "it would go on with numerics version 2 on portable (no fused multiply-add)",
            "train --resume --accept-numerics -p interrupted",
        ],
    );
    assert_eq!(sandbox.text("interrupted/run.json"), before);
    sandbox.portable(&["train", "--resume", "--accept-numerics", "-p", "interrupted"]).done();
    let info = sandbox.json("interrupted/run.json");
    assert_eq!(info["numerics"]["version"], 1);
    assert_eq!(
        (&info["resumed"][0]["step"], &info["resumed"][0]["numerics"]["version"]),
        (&46.into(), &2.into())
    );
    let steps: Vec<u64> = sandbox
        .metrics("interrupted")
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(&(line.clone() + "}")).unwrap()["step"].as_u64())
        .collect();
    assert_eq!(steps.last(), Some(&150));
    assert!(steps.is_sorted(), "{steps:?}");
}
