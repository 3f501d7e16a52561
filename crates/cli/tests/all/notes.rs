//! Tests that the program says before a run, and at its end, what is likely to disappoint.

use serde_json::Value;

use crate::program::Sandbox;

const FEW: [&str; 4] = ["--set", "train.epochs=1", "--set", "data.dataset=sample"];

#[test]
fn a_network_that_only_guesses_ends_with_a_warning_and_exit_code_0() {
    let sandbox = Sandbox::new();
    // Without the rise of one-cycle, the first steps ruin the network.
    let rate = ["--set", "train.learning_rate=0.5", "--set", "train.schedule=constant"];
    let guesses = sandbox.train(&[&rate[..], &["-p", "a", "--json"]].concat()).done();
    for words in
        ["warning: this network only guesses", "a lower train.learning_rate, such as 0.05 instead of 0.5"]
    {
        assert!(guesses.stderr.contains(words), "{}", guesses.stderr);
    }
    let json: Value = serde_json::from_str(&guesses.stdout).unwrap();
    assert!(json["warnings"][0].as_str().unwrap().starts_with("this network only guesses"), "{json}");

    // One-cycle begins with a low rate. The network learns, and forgets when the rate is at its peak.
    let forgets = sandbox.train(&["--set", "train.learning_rate=0.5", "-p", "c"]).done();
    assert!(
        forgets.stderr.contains("warning: after its last epoch the network only guesses"),
        "{}",
        forgets.stderr
    );

    let learns = sandbox.train(&["-p", "b", "--json"]).done();
    assert!(!learns.stderr.contains("guesses"), "{}", learns.stderr);
    let json: Value = serde_json::from_str(&learns.stdout).unwrap();
    assert!(json.get("warnings").is_none(), "{json}");
}

#[test]
fn batch_statistics_of_one_value_are_named_before_training_and_at_the_end() {
    const UNITS: &str = "model.units=[{filters=4}, \
        {filters=4, kernel_size=14, padding=\"valid\", normalization=\"batch\", pool=\"none\"}]";
    let sandbox = Sandbox::new();
    let one = ["--set", UNITS, "--set", "train.batch_size=1", "--set", "data.train_limit=60"];
    let trained = sandbox.run(&[&["train", "-p", "a"], &FEW[..], &one].concat()).done();
    let (before, after) = trained.stderr.split_once("run directory:").unwrap();
    assert!(before.contains("note: model.units[1] normalizes feature maps of one pixel"), "{before}");
    assert!(after.contains("guesses") && after.contains("- model.units[1] normalizes"), "{after}");
}

#[test]
fn images_left_out_and_batches_larger_than_the_data_are_said() {
    let sandbox = Sandbox::new();
    let large = ["--set", "train.batch_size=600"];
    let some = sandbox.run(&[&["train", "--seeds", "2", "-p", "a"], &FEW[..], &large].concat()).done();
    assert_eq!(some.stderr.matches("note: each epoch leaves out").count(), 1, "{}", some.stderr);
    assert!(some.stderr.contains("with train.batch_size = 458 it leaves out 1"), "{}", some.stderr);
    // Both networks have taken a single step. The advice stands there once.
    assert_eq!(some.stderr.matches("only guesses").count(), 2, "{}", some.stderr);
    assert_eq!(some.stderr.matches("more steps than 1").count(), 1, "{}", some.stderr);

    let all = ["--set", "train.batch_size=100000", "--set", "data.train_limit=1"];
    let one = sandbox.run(&[&["train", "-p", "b"], &FEW[..], &all].concat()).done();
    assert!(one.stderr.contains("larger than the training set (images: 1)"), "{}", one.stderr);
    assert!(one.stderr.contains("note: no training image shows"), "{}", one.stderr);
}
