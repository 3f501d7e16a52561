//! Tests `train --init`: a run that begins with other weights is a run like any other, and is resumed to the same bits.

use std::fs;

use network::config::{ModelConfig, UnitConfig};
use network::{Architecture, NamedTensors};

use crate::program::Sandbox;

const ONE_EPOCH: [&str; 2] = ["--set", "train.epochs=1"];

impl Sandbox {
    /// The SHA-256 of a run's best model.
    fn model(&self, run: &str) -> String {
        self.json(&format!("{run}/validation.json"))["weights_sha256"].as_str().unwrap().to_owned()
    }

    /// Makes a copy of a run as it is if its process was killed before the first checkpoint.
    fn kill_early(&self, run: &str, copy: &str) {
        let [from, to] = [run, copy].map(|name| self.path().join(name));
        fs::create_dir_all(to.join("checkpoints")).unwrap();
        for name in ["config.toml", "run.json", "initial.safetensors"] {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

#[test]
fn a_run_begins_with_anothers_weights_and_is_resumed_to_the_same_bits() {
    let sandbox = Sandbox::new();
    sandbox.train(&[&ONE_EPOCH[..], &["-p", "first"]].concat()).done();
    let longer = sandbox.run(&["train", "--resume", "-p", "first", "--set", "train.epochs=2"]);
    longer.fails(2, &["train.epochs", "train --init RUN"]);
    let init = [&ONE_EPOCH[..], &["--set", "train.learning_rate=0.001", "--init", "first"]].concat();
    let said = sandbox.train(&[&init[..], &["-p", "tuned"]].concat()).done();
    assert!(said.stderr.contains("beginning with the weights of first"), "{}", said.stderr);
    let source = sandbox.json("tuned/run.json")["init"].clone();
    assert_eq!((&source["from"], &source["sha256"]), (&"first".into(), &sandbox.model("first").into()));
    // A second epoch of training begins where the first has ended, and not with random weights.
    let accuracy =
        |run: &str| sandbox.json(&format!("{run}/validation.json"))["evaluation"]["accuracy"].as_f64();
    assert!(accuracy("tuned") > accuracy("first"), "{:?} {:?}", accuracy("tuned"), accuracy("first"));

    sandbox.kill_early("tuned", "killed");
    sandbox.run(&["train", "--resume", "-p", "killed"]).done();
    assert_eq!(sandbox.model("killed"), sandbox.model("tuned"));
    sandbox.kill_early("tuned", "lost");
    fs::remove_file(sandbox.path().join("lost/initial.safetensors")).unwrap();
    sandbox.run(&["train", "--resume", "-p", "lost"]).fails(3, &["initial.safetensors", "new run"]);

    // The same weights from a file give the same run.
    sandbox.run(&["export", "-p", "first", "-o", "first.safetensors"]).done();
    let init =
        [&ONE_EPOCH[..], &["--set", "train.learning_rate=0.001", "--init", "first.safetensors"]].concat();
    sandbox.train(&[&init[..], &["-p", "of-file"]].concat()).done();
    assert_eq!(sandbox.model("of-file"), sandbox.model("tuned"));
}

#[test]
fn each_seed_begins_with_the_weights_whenever_its_run_is_begun() {
    let sandbox = Sandbox::new();
    sandbox.train(&[&ONE_EPOCH[..], &["-p", "first"]].concat()).done();
    let words = ["--init", "first", "--seeds", "2", "-p", "two"];
    sandbox.train(&[&ONE_EPOCH[..], &words].concat()).done();
    let before = ["two/seed-1", "two/seed-2"].map(|run| sandbox.model(run));
    assert_ne!(before[0], before[1]);
    assert_eq!(sandbox.json("two/seed-2/run.json")["init"]["from"], "first");
    // A run that was never begun, as after a kill, begins with the same weights, even if the first run is gone.
    fs::remove_dir_all(sandbox.path().join("two/seed-2")).unwrap();
    fs::remove_dir_all(sandbox.path().join("first")).unwrap();
    sandbox.run(&["train", "--resume", "-p", "two"]).done();
    assert_eq!(["two/seed-1", "two/seed-2"].map(|run| sandbox.model(run)), before);
}

#[test]
fn an_output_layer_of_other_classes_begins_anew_and_other_layers_have_to_fit() {
    let sandbox = Sandbox::new();
    let unit = |filters| UnitConfig { filters, kernel_size: 3, ..UnitConfig::default() };
    let config = ModelConfig { units: vec![unit(8), unit(16)], ..ModelConfig::default() };
    let mut tensors = NamedTensors::default();
    for spec in Architecture::new(&config, [1, 28, 28], 4).unwrap().tensor_specs() {
        let count: usize = spec.shape.iter().product();
        tensors.insert(spec.name, spec.shape, (0..count).map(|i| (i % 7) as f32 / 50.0 - 0.06).collect());
    }
    fs::write(sandbox.path().join("four.safetensors"), tensors.to_bytes().unwrap()).unwrap();
    let train =
        |more: &[&str]| sandbox.train(&[&["--init", "four.safetensors"], &ONE_EPOCH[..], more].concat());
    let said = train(&["-p", "ten"]).done().stderr;
    assert!(said.contains("its output layer has 4 classes and this data set 10"), "{said}");
    sandbox.kill_early("ten", "killed");
    sandbox.run(&["train", "--resume", "-p", "killed"]).done();
    assert_eq!(sandbox.model("killed"), sandbox.model("ten"));
    let other = ["--set", "model.units.1.filters=17", "-p", "other"];
    train(&other).fails(3, &["units.1.conv.weight: found the shape [16, 8, 3, 3], expected [17, 8, 3, 3]"]);
    assert!(!sandbox.path().join("other").exists());
    let resume = sandbox.run(&["train", "--resume", "--init", "four.safetensors"]);
    resume.fails(2, &["--init", "cannot be used with"]);
}
