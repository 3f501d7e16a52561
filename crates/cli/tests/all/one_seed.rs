//! Tests `train --seeds N --only K`: the runs of a job array, by processes that know nothing of each other.

use std::process::{Child, Stdio};

use crate::program::{ProgramOutput, SMALL, Sandbox};

const MORE: [&str; 6] =
    ["--set", "train.epochs=3", "--set", "model.dropout=0.2", "--set", "train.checkpoint_every_steps=9"];

fn words<'a>(folder: &'a str, count: &'a str, only: &'a [&'a str]) -> Vec<&'a str> {
    let sets = SMALL.iter().flat_map(|assignment| ["--set", assignment]);
    let start = ["train", "--seeds", count, "-p", folder].into_iter();
    start.chain(sets).chain(MORE).chain(only.iter().copied()).collect()
}

fn ended(child: Child) -> ProgramOutput {
    ProgramOutput::new(child.wait_with_output().unwrap())
}

#[test]
fn processes_that_begin_at_once_train_the_runs_of_one_that_trains_them_all() {
    let sandbox = Sandbox::new();
    let start = |k| {
        let mut process = sandbox.process(&words("array", "3", &["--only", k]));
        process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<Child> = ["3", "1", "2"].into_iter().map(start).collect();
    for child in children {
        ended(child).done();
    }
    sandbox.run(&words("whole", "3", &[])).done();
    for seed in [1, 2, 3] {
        sandbox.assert_same_run(&format!("array/seed-{seed}"), &format!("whole/seed-{seed}"));
    }
    // The same command again has nothing to do, and the folder is one of several runs like any other.
    let again = sandbox.run(&words("array", "3", &["--only", "2"])).done();
    assert!(again.stderr.contains("seed-2 is finished already"), "{}", again.stderr);
    let table = sandbox.run(&words("again", "3", &["--only", "3"])).done();
    assert!(table.stderr.contains("seed 3 of 3: train.seed = 3"), "{}", table.stderr);
    sandbox.assert_same_run("again/seed-3", "whole/seed-3");
    let tested = sandbox.run(&["test", "-p", "array"]).done();
    assert!(tested.stdout.contains("mean"), "{}", tested.stdout);
}

#[test]
fn another_number_of_runs_or_configuration_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.run(&words("array", "2", &["--only", "1"])).done();
    let refused = |arguments: &[&str], reason: &str| sandbox.run(arguments).fails(2, &[reason]);
    refused(&words("array", "3", &["--only", "1"]), "was begun with 2 runs");
    refused(&words("array", "2", &["--only", "3"]), "there are 2 runs");
    refused(&words("array", "2", &["--only", "2", "--set", "train.learning_rate=0.02"]), "learning_rate");
    refused(&["train", "--only", "1"], "--seeds");
}
