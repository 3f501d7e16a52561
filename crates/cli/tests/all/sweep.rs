//! Tests `sweep`: trials by processes that know nothing of each other.

use std::process::{Child, Stdio};

use crate::program::{ProgramOutput, SMALL, Sandbox};

const FILE: &str = "\
trials = 6
seed = 3
[keys]
\"train.learning_rate\" = { log_uniform = [0.001, 0.03] }
\"train.optimizer\" = { choices = [\"adam\", \"sgd\"] }
\"model.dropout\" = { uniform = [0.0, 0.5] }
";

fn sandbox(file: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path().join("sweep.toml"), file).unwrap();
    sandbox
}

/// Begins a sweep of short runs. `learning_rate` has to be left to the sweep.
fn begin<'a>(folder: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let sets = SMALL.iter().filter(|set| !set.contains("learning_rate")).flat_map(|set| ["--set", set]);
    let start = ["sweep", "run", folder, "--sweep", "sweep.toml"].into_iter();
    start.chain(sets).chain(["--set", "train.epochs=2"]).chain(more.iter().copied()).collect()
}

fn ended(child: Child) -> ProgramOutput {
    ProgramOutput::new(child.wait_with_output().unwrap())
}

/// The table of a sweep: all that is printed before the empty line after it.
fn table(text: &str) -> &str {
    text.split("\n\n").nth(1).unwrap()
}

#[test]
fn processes_that_share_a_sweep_train_the_trials_of_one() {
    let sandbox = sandbox(FILE);
    let whole = sandbox.run(&begin("whole", &[])).done();
    assert!(whole.stdout.starts_with("6 trials: 6 finished\n"), "{}", whole.stdout);
    let start = |more: &[&str]| {
        let mut process = sandbox.process(&begin("shared", more));
        process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    // A task of a job array beside two processes that take what they find.
    let children = [start(&["--only", "5"]), start(&[]), start(&[])];
    for child in children {
        ended(child).done();
    }
    let shared = sandbox.run(&["sweep", "report", "shared"]).done();
    assert_eq!(table(&shared.stdout), table(&whole.stdout));
    for trial in 1..=6 {
        sandbox.assert_same_run(&format!("shared/trial-{trial}"), &format!("whole/trial-{trial}"));
    }
    // Nothing is left to do, and the file is not needed again.
    let again = sandbox.run(&["sweep", "run", "shared"]).done();
    assert!(!again.stderr.contains("trial "), "{}", again.stderr);
    assert!(sandbox.has("shared/report.html"));
}

#[test]
fn the_report_ranks_by_validation_and_says_what_to_train_and_test() {
    let sandbox = sandbox(FILE);
    let one = sandbox.run(&begin("s", &["--only", "2"])).done().stdout;
    assert!(one.contains("sweep report s") && !one.contains("test -p"), "a trial is not tested: {one}");
    let status = sandbox.run(&["sweep", "status", "s"]).done().stdout;
    assert!(status.contains("6 trials: 1 finished, 5 to come") && status.contains("Go on: "), "{status}");
    sandbox.run(&["sweep", "run", "s"]).done();
    let report = sandbox.run(&["sweep", "report", "s", "--json"]).done();
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    let accuracies: Vec<f64> = report["trials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|trial| trial["best"]["score"]["accuracy"].as_f64().unwrap())
        .collect();
    assert!(accuracies.is_sorted_by(|a, b| a >= b), "{accuracies:?}");
    let text = sandbox.run(&["sweep", "report", "s"]).done().stdout;
    let best = report["best"].as_u64().unwrap();
    assert!(
        text.contains(&format!("train --config s/trial-{best}/config.toml --seeds 5 -p s/best")),
        "{text}"
    );
    // The sweep itself is not tested, because the test set would choose.
    sandbox.run(&["test", "-p", "s"]).fails(2, &["is a sweep", "sweep report s"]);
    let tested = sandbox.run(&["test", "-p", "s/trial-2"]).done();
    assert!(
        tested.stderr.contains("a trial of a sweep") && tested.stderr.contains("sweep report s"),
        "{}",
        tested.stderr
    );
}

#[test]
fn a_trial_that_diverges_is_noted_and_the_others_go_on() {
    let file = "trials = 4\n[keys]\n\"train.learning_rate\" = { choices = [0.01, 1e30] }\n";
    let sandbox = sandbox(file);
    let ended = sandbox.run(&begin("s", &["--set", "train.optimizer=sgd"])).done();
    let (first, _) = ended.stdout.split_once('\n').unwrap();
    assert!(first.contains("finished") && first.contains("failed"), "{}", ended.stdout);
    assert!(ended.stdout.contains("failed: "), "{}", ended.stdout);
    let again = sandbox.run(&["sweep", "run", "s"]).done();
    assert!(!again.stderr.contains("trial "), "a trial that fails is tried again: {}", again.stderr);
}

#[test]
fn what_cannot_be_a_sweep_is_refused() {
    let sandbox = sandbox(FILE);
    sandbox.run(&begin("s", &["--only", "7"])).fails(2, &["there are 6 trials"]);
    assert!(!sandbox.path().join("s").exists());
    sandbox.run(&begin("s", &["--only", "1"])).done();
    sandbox.run(&["sweep", "run", "s", "--only", "7"]).fails(2, &["there are 6 trials"]);
    sandbox.run(&begin("s", &["--only", "1", "--set", "train.epochs=3"])).fails(2, &["the trials share"]);
    sandbox.run(&["sweep", "run", "s", "--set", "train.epochs=3"]).fails(2, &["--sweep"]);
    sandbox.run(&["sweep", "run", "none"]).fails(3, &["is no sweep", "sweep run none --sweep"]);
    sandbox.run(&["sweep", "run", "t", "--sweep", "absent.toml"]).fails(2, &["absent.toml"]);
    std::fs::write(sandbox.path().join("sweep.toml"), FILE.replace("sgd", "sdg")).unwrap();
    sandbox.run(&begin("t", &[])).fails(2, &["train.optimizer", "sdg"]);
    assert!(!sandbox.path().join("t").exists());
}

#[cfg(unix)]
#[test]
fn a_sweep_that_is_ended_by_a_signal_goes_on() {
    use std::time::{Duration, Instant};

    let sandbox = sandbox(FILE);
    let mut process = sandbox.process(&begin("s", &["--set", "train.epochs=40"]));
    let child = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while !sandbox.has("s/trial-1/metrics.jsonl") {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(10));
    }
    let status = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(status.unwrap().success());
    let stopped = ended(child);
    assert_eq!(stopped.code, 143, "{}", stopped.stderr);
    assert!(stopped.stderr.contains("sweep run s"), "{}", stopped.stderr);
    let status = sandbox.run(&["sweep", "status", "s"]).done().stdout;
    assert!(status.contains("interrupted"), "{status}");
    sandbox.run(&["sweep", "run", "s", "--only", "1"]).done();
}
