//! Tests that every command knows the words of a network that the lecture's network does not use.

use std::fs;

use crate::program::Sandbox;

const WORDS: &str = r#"
[data]
dataset = "sample"

[model]
dense = [20]
dense_normalization = "batch"

[[model.units]]
filters = 8
kernel_size = 4
order = ["pool", "activation", "residual", "normalization"]
normalization = "batch"

[[model.units]]
filters = 8
kernel_size = 3
groups = 8
residual = 1
pool = "none"

[[model.units]]
filters = 16
kernel_size = 1
pool = "global-average"
dropout = 0.1

[train]
epochs = 3
batch_size = 32
learning_rate = 0.01
"#;

#[test]
fn a_network_of_many_kinds_is_trained_tested_inspected_and_reported() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path().join("words.toml"), WORDS).unwrap();
    let summary = sandbox.run(&["summary", "--config", "words.toml"]).done().stdout;
    let layers = [
        "convolution 4x4 ",
        "max-pool 2x2, ReLU, batch norm",
        "convolution 3x3, depthwise, + input of units.1, ReLU",
        "global average-pool, dropout 0.1",
        "dense, batch norm, ReLU",
    ];
    for words in layers {
        assert!(summary.contains(words), "{summary}");
    }
    sandbox.run(&["train", "--config", "words.toml", "-p", "tmp"]).done();
    sandbox.run(&["test", "-p", "tmp"]).done();
    let accuracy = sandbox.json("tmp/test.json")["evaluation"]["accuracy"].as_f64().unwrap();
    // Guessing reaches 10 %.
    assert!(accuracy > 0.3, "{accuracy}");
    let inspected = sandbox.run(&["inspect", "-p", "tmp", "--index", "7"]).done().stdout;
    // A depthwise filter sees 9 of 8*14*14 numbers.
    for words in ["units.2: 16 feature maps of 1x1", "units.1.conv               9      1,568", "1 position"]
    {
        assert!(inspected.contains(words), "{words}: {inspected}");
    }
    let page = fs::read_to_string(sandbox.path().join("tmp/report.html")).unwrap();
    for words in layers.map(str::trim) {
        // Templates may escape the sign.
        let escaped = words.replace('+', "&#43;");
        assert!(page.contains(words) || page.contains(&escaped), "{words}");
    }
    sandbox.run(&["train", "--config", "tmp/config.toml", "-p", "again"]).done();
    let weights = |run| fs::read(sandbox.best(run).join("weights.safetensors")).unwrap();
    assert_eq!(weights("tmp"), weights("again"));
}

#[test]
fn a_run_is_not_resumed_as_another_network() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "tmp", "--set", "train.epochs=1"]).done();
    for (assignment, line) in [
        ("model.units.1.groups=8", "model.units.1.groups: 1 in the run, 8 now"),
        (
            "model.units.1.pool=global-average",
            "model.units.1.pool: \"max\" in the run, \"global-average\" now",
        ),
        (
            "model.units.0.order=[pool,activation,residual,normalization]",
            "model.units.0.order: [\"normalization\", \"residual\", \"activation\", \"pool\"] in the run, [\"pool\", ",
        ),
    ] {
        sandbox.run(&["train", "--resume", "-p", "tmp", "--set", assignment]).fails(2, &[line]);
    }
}
