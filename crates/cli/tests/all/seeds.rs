//! Tests `train --seeds`: several runs in one folder, their mean and spread, and how they are resumed.

use std::fs;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::interrupted::LONG;
use crate::program::{ProgramOutput, SMALL, Sandbox};

/// Trained in a moment, with dropout so that the result depends on the seed.
const QUICK: [&str; 4] = ["--set", "train.epochs=2", "--set", "model.dropout=0.2"];

/// Long enough to be interrupted, with checkpoints within an epoch of 28 steps.
const SOME: [&str; 4] = ["--set", "train.epochs=10", "--set", "train.checkpoint_every_steps=9"];

impl Sandbox {
    fn start_seeds(&self, folder: &str, count: &str, more: &[&str]) -> Child {
        let sets = SMALL.iter().flat_map(|assignment| ["--set", assignment]);
        let words = ["train", "--seeds", count, "-p", folder].into_iter().chain(sets);
        self.start(&words.chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// The last event of a run, `finish`, which holds what the run reached.
    fn finish(&self, run: &str) -> Value {
        let text = fs::read_to_string(self.path().join(run).join("metrics.jsonl")).unwrap();
        let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(last["event"], "finish");
        last
    }

    fn wait_for(&self, path: &str, child: &mut Child) {
        let began = Instant::now();
        while !self.path().join(path).exists() {
            assert!(child.try_wait().unwrap().is_none(), "it ended before {path}");
            assert!(began.elapsed() < Duration::from_secs(60), "no {path}");
            sleep(Duration::from_millis(1));
        }
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path().join(folder)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[cfg(unix)]
fn signal(name: &str, child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
}

#[test]
fn each_run_has_the_bits_of_one_that_was_trained_alone() {
    let sandbox = Sandbox::new();
    let seven = ["--set", "train.seed=7"];
    let ended = sandbox.train(&[&["--seeds", "3", "-p", "tmp"], &QUICK[..], &seven].concat()).done();
    assert_eq!(
        sandbox.names("tmp"),
        ["dataset.toml", "lock", "report.html", "seed-7", "seed-8", "seed-9", "seeds.json", "seeds.toml"]
    );
    assert_eq!(sandbox.json("tmp/seeds.json")["seeds"], json!([7, 8, 9]));
    for seed in [7, 8, 9] {
        let (alone, run) = (format!("alone-{seed}"), format!("tmp/seed-{seed}"));
        let seed = format!("train.seed={seed}");
        sandbox.train(&[&["-p", &alone, "--set", &seed], &QUICK[..]].concat()).done();
        sandbox.assert_same_run(&run, &alone);
        let config = |run: &str| fs::read_to_string(sandbox.path().join(run).join("config.toml")).unwrap();
        assert_eq!(config(&run), config(&alone));
    }
    let weights =
        |seed| fs::read(sandbox.best(&format!("tmp/seed-{seed}")).join("weights.safetensors")).unwrap();
    assert!(weights(7) != weights(8) && weights(8) != weights(9));
    for words in ["seed 2 of 3: train.seed = 8", "run directory: tmp/seed-8"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    assert!(ended.stdout.ends_with("Next:   mnist-cnn test -p tmp\n"), "{}", ended.stdout);
}

#[test]
fn mean_deviation_and_error_are_those_of_the_runs() {
    let sandbox = Sandbox::new();
    let words = [&["--seeds", "4", "-p", "tmp"], &QUICK[..]].concat();
    let printed = sandbox.train(&[&words[..], &["--json"]].concat()).done().stdout;
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(report["folder"], "tmp");
    let mut accuracies = Vec::new();
    for (seed, run) in (1..=4).zip(report["runs"].as_array().unwrap()) {
        let (name, reached) = (format!("tmp/seed-{seed}"), sandbox.finish(&format!("tmp/seed-{seed}")));
        assert_eq!(run["run"], name);
        assert_eq!(run["best"]["epoch"], reached["best_epoch"]);
        assert_eq!(run["best"]["score"]["loss"], reached["best_loss"]);
        assert_eq!(
            run["weights"],
            sandbox
                .best(&name)
                .strip_prefix(sandbox.path())
                .unwrap()
                .join("weights.safetensors")
                .to_str()
                .unwrap()
        );
        accuracies.push(reached["best_accuracy"].as_f64().unwrap());
    }
    let mean = accuracies.iter().sum::<f64>() / 4.0;
    let variance = accuracies.iter().map(|a| (a - mean) * (a - mean)).sum::<f64>() / 3.0;
    assert!(variance > 0.0, "{accuracies:?}");
    let (deviation, error) = (variance.sqrt(), (variance / 4.0).sqrt());
    for (name, value) in [("mean", mean), ("standard_deviation", deviation), ("standard_error", error)] {
        let said = report["accuracy"][name].as_f64().unwrap();
        assert!((said - value).abs() < 1e-12, "{name} {said} {value}");
    }
    // All runs are finished, so resuming only prints the same numbers again.
    let said = sandbox.run(&["train", "--resume", "-p", "tmp"]).done().stdout;
    for value in [mean, deviation, error] {
        assert!(said.contains(&format!(" {:.3} %\n", 100.0 * value)), "{value} {said}");
    }
    for (seed, accuracy) in (1..=4).zip(accuracies) {
        let line = said.lines().nth(seed).unwrap();
        assert!(line.trim_start().starts_with(&format!("{seed} ")), "{line}");
        assert!(line.contains(&format!(" {:.2} %", 100.0 * accuracy)), "{line}");
    }
}

#[test]
fn the_spread_of_a_single_run_is_undefined() {
    let sandbox = Sandbox::new();
    let printed =
        sandbox.train(&["--seeds", "1", "-p", "tmp", "--set", "train.epochs=1", "--json"]).done().stdout;
    let report: Value = serde_json::from_str(&printed).unwrap();
    let accuracy = &report["accuracy"];
    assert_eq!(accuracy["mean"], sandbox.finish("tmp/seed-1")["best_accuracy"]);
    assert_eq!([&accuracy["standard_deviation"], &accuracy["standard_error"]], [&Value::Null; 2]);
    let said = sandbox.run(&["train", "--resume", "-p", "tmp"]).done().stdout;
    assert_eq!(said.matches("undefined").count(), 2, "{said}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_folder_is_resumed_to_the_same_bits() {
    let sandbox = Sandbox::new();
    let assert_whole = || {
        (1..=3).for_each(|seed| {
            sandbox.assert_same_run(&format!("tmp/seed-{seed}"), &format!("whole/seed-{seed}"));
        });
    };
    ProgramOutput::new(sandbox.start_seeds("whole", "3", &SOME).wait_with_output().unwrap()).done();
    let mut child = sandbox.start_seeds("tmp", "3", &SOME);
    sandbox.wait_for("tmp/seed-2/checkpoints/step-00000028", &mut child);
    signal("TERM", &child);
    let ended = ProgramOutput::new(child.wait_with_output().unwrap());
    ended.fails(
        143,
        &["Stopped after step ", "kept in tmp/seed-2", "Resume: mnist-cnn train --resume -p tmp\n"],
    );
    assert!(!sandbox.path().join("tmp/seed-3").exists());
    let first = fs::read(sandbox.path().join("tmp/seed-1/run.json")).unwrap();
    // Killed in the third run, before its configuration was written or after.
    let mut child = sandbox.start(&["train", "--resume", "-p", "tmp"]);
    sandbox.wait_for("tmp/seed-3", &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    let ended = sandbox.run(&["train", "--resume", "-p", "tmp"]).done();
    for words in ["tmp/seed-1 is finished already", "tmp/seed-2 is finished already", "seed 3 of 3"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    assert_whole();
    assert_eq!(fs::read(sandbox.path().join("tmp/seed-1/run.json")).unwrap(), first);
    // Missing runs are begun with the configuration that the folder holds.
    for run in ["tmp/seed-1", "tmp/seed-2"] {
        fs::remove_dir_all(sandbox.path().join(run)).unwrap();
    }
    sandbox.run(&["train", "--resume", "-p", "tmp"]).done();
    assert_whole();
}

/// Each run has a single step, so a signal cannot stop it before its end.
#[cfg(unix)]
#[test]
fn a_signal_between_two_runs_ends_the_rest() {
    let sandbox = Sandbox::new();
    let step = ["--set", "train.epochs=1", "--set", "train.batch_size=917"];
    let mut child = sandbox.start_seeds("tmp", "1000", &step);
    sandbox.wait_for("tmp/seed-2", &mut child);
    signal("INT", &child);
    let ended = ProgramOutput::new(child.wait_with_output().unwrap());
    let done = sandbox.names("tmp").iter().filter(|name| name.starts_with("seed-")).count();
    let says = format!(
        "Stopped after {done} of 1000 runs; everything is kept in tmp.\nResume: mnist-cnn train --resume -p tmp\n"
    );
    ended.fails(130, &[&says]);
    (1..=done).for_each(|seed| drop(sandbox.finish(&format!("tmp/seed-{seed}"))));
}

#[test]
fn nothing_is_overwritten_and_a_failed_start_leaves_nothing() {
    let sandbox = Sandbox::new();
    let seeds = |folder: &str, more: &[&str]| {
        sandbox.train(&[&["--seeds", "2", "-p", folder, "--set", "train.epochs=1"], more].concat())
    };
    fs::create_dir(sandbox.path().join("mine")).unwrap();
    fs::write(sandbox.path().join("mine/thesis.txt"), "years of work").unwrap();
    seeds("mine", &[]).fails(2, &["mine is already there and is not overwritten"]);
    assert_eq!(sandbox.names("mine"), ["thesis.txt"]);
    seeds("tmp", &[]).done();
    let says =
        ["tmp is already there and is not overwritten", "resume it with: mnist-cnn train --resume -p tmp"];
    seeds("tmp", &[]).fails(2, &says);
    sandbox.train(&["-p", "tmp"]).fails(2, &says);
    seeds("tmp/seed-1", &[]).fails(2, &["tmp/seed-1 is already there"]);
    fs::create_dir_all(sandbox.path().join("d/mnist")).unwrap();
    for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"] {
        fs::write(sandbox.path().join("d/mnist").join(name), "not an image").unwrap();
    }
    seeds("none", &["--set", "data.dataset=mnist", "--data-dir", "d"]).fails(3, &["found 12 bytes"]);
    seeds("none", &["--set", "train.seed=9223372036854775807"])
        .fails(2, &["2 seeds from train.seed = 9223372036854775807 on", "expected the last"]);
    assert!(!sandbox.path().join("none").exists());
}

#[test]
fn a_folder_is_resumed_only_with_the_configuration_it_began_with() {
    let sandbox = Sandbox::new();
    let begun = ["--seeds", "2", "--set", "train.epochs=1", "--set", "train.schedule=constant"];
    sandbox.train(&begun).done();
    let ended = sandbox.run(&["train", "--resume"]).done();
    for words in ["the latest run is runs/run-1", "runs/run-1/seed-2 is finished already"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    sandbox
        .run(&["train", "--resume", "--set", "train.seed=2"])
        .fails(2, &["train.seed: 1 in the run, 2 now"]);
    sandbox.run(&["train", "--resume", "--seeds", "3"]).fails(2, &["cannot be used with '--seeds"]);
    // A schedule that does not depend on its end may be resumed for longer, in the folder and in all its
    // runs.
    sandbox.run(&["train", "--resume", "--set", "train.epochs=2"]).done();
    sandbox.train(&[&begun[..], &["-p", "whole", "--set", "train.epochs=2"]].concat()).done();
    for file in ["seeds.toml", "seed-1/config.toml", "seed-2/config.toml"] {
        let read = |folder: &str| fs::read_to_string(sandbox.path().join(folder).join(file)).unwrap();
        assert_eq!(read("runs/run-1"), read("whole"));
    }
    for seed in ["seed-1", "seed-2"] {
        let best = |folder: &str| sandbox.finish(&format!("{folder}/{seed}"))["best_loss"].clone();
        assert_eq!(best("runs/run-1"), best("whole"));
    }
}

#[test]
fn of_two_processes_for_one_folder_one_is_refused() {
    let sandbox = Sandbox::new();
    let mut children = [sandbox.start_seeds("tmp", "2", &LONG), sandbox.start_seeds("tmp", "2", &LONG)];
    let began = Instant::now();
    let refused = loop {
        if let Some(refused) = children.iter_mut().position(|child| child.try_wait().unwrap().is_some()) {
            break refused;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "neither was refused");
        sleep(Duration::from_millis(1));
    };
    let [first, second] = children;
    let (refused, mut training) = if refused == 0 { (first, second) } else { (second, first) };
    let message = ProgramOutput::new(refused.wait_with_output().unwrap());
    sandbox.wait_for("tmp/seed-1/checkpoints/step-00000009", &mut training);
    // While it trains, no other process may resume it.
    sandbox.run(&["train", "--resume", "-p", "tmp"]).fails(2, &["another process is training in tmp;"]);
    training.kill().unwrap();
    training.wait().unwrap();
    message.fails(2, &["another process is training in tmp;"]);
}
