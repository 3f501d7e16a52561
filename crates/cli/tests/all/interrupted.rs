//! Tests the real program on runs that are killed, interrupted, damaged, or trained by two processes at once.
//!
//! These are the short versions; `cargo xtask crash` runs the long ones.

use std::fs;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program::{ProgramOutput, SMALL, Sandbox};

/// Enough steps to leave time for an interruption, with checkpoints within an epoch. The weights are averaged, so
/// that the checkpoints hold everything that those of any run do.
pub(crate) const LONG: [&str; 6] =
    ["--set", "train.epochs=40", "--set", "train.checkpoint_every_steps=9", "--set", "train.ema_decay=0.99"];

impl Sandbox {
    /// Starts the program and does not wait for its end.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.process(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn start_training(&self, run: &str) -> Child {
        let sets = SMALL.iter().flat_map(|assignment| ["--set", assignment]);
        let words: Vec<&str> = ["train", "-p", run].into_iter().chain(sets).chain(LONG).collect();
        self.start(&words)
    }

    /// Waits until a run has a checkpoint, and has been resumed `resumed` times.
    pub(crate) fn wait_until_it_trains(&self, run: &str, resumed: usize, child: &mut Child) {
        let began = Instant::now();
        let run = self.path().join(run);
        let was_resumed = || {
            fs::read_to_string(run.join("run.json")).is_ok_and(|s| s.matches("\"step\"").count() == resumed)
        };
        let has_checkpoint = || fs::read_dir(run.join("checkpoints")).is_ok_and(|all| all.count() > 0);
        while !(was_resumed() && has_checkpoint()) {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            assert!(began.elapsed().as_secs() < 60, "it never began");
            sleep(Duration::from_millis(2));
        }
    }

    /// The lines of a run's metrics, without their times.
    pub(crate) fn metrics(&self, run: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path().join(run).join("metrics.jsonl")).unwrap();
        text.lines().map(|line| line.split(",\"seconds\":").next().unwrap().to_owned()).collect()
    }

    /// Name and content of every file of a run's checkpoints.
    fn everything_kept(&self, run: &str) -> Vec<(String, Vec<u8>)> {
        let files = self.checkpoints(run).into_iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        let name =
            |path: &std::path::Path| path.strip_prefix(self.path().join(run)).unwrap().display().to_string();
        let mut all: Vec<_> =
            files.map(|file| file.unwrap().path()).map(|p| (name(&p), fs::read(&p).unwrap())).collect();
        all.sort();
        all
    }

    pub(crate) fn assert_same_run(&self, run: &str, other: &str) {
        assert_eq!(self.metrics(run), self.metrics(other));
        let (kept, expected) = (self.everything_kept(run), self.everything_kept(other));
        let names = |all: &[(String, Vec<u8>)]| all.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&kept), names(&expected));
        assert!(kept == expected, "the files differ");
    }
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_in_the_same_bits() {
    let sandbox = Sandbox::new();
    ProgramOutput::new(sandbox.start_training("whole").wait_with_output().unwrap()).done();
    let mut child = sandbox.start_training("killed");
    for (resumed, pause) in [40, 10, 150, 80].into_iter().enumerate() {
        sandbox.wait_until_it_trains("killed", resumed, &mut child);
        sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        child = sandbox.start(&["train", "--resume", "-p", "killed"]);
    }
    ProgramOutput::new(child.wait_with_output().unwrap()).done();
    sandbox.assert_same_run("killed", "whole");
}

#[test]
fn a_damaged_newest_checkpoint_is_named_and_the_one_before_it_used() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "whole"]).done();
    sandbox.train(&["-p", "tmp"]).done();
    let newest = sandbox.checkpoints("tmp").pop().unwrap();
    let state = newest.join("state.toml");
    fs::write(&state, fs::read_to_string(&state).unwrap().replace("epoch = 6", "epoch = 5")).unwrap();
    // `test` does not set the damaged checkpoint aside.
    sandbox.run(&["test", "-p", "tmp"]).done();
    let ended = sandbox.run(&["train", "--resume", "-p", "tmp"]).done();
    for words in ["warning: ", "state.toml: found SHA-256", "set aside as ", "broken-step-00000168"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    fs::remove_dir_all(newest.with_file_name("broken-step-00000168")).unwrap();
    sandbox.assert_same_run("tmp", "whole");
}

#[test]
fn a_run_is_resumed_only_with_the_configuration_it_began_with() {
    let sandbox = Sandbox::new();
    let constant = ["--set", "train.schedule=constant"];
    sandbox.train(&[&constant[..], &["-p", "tmp", "--set", "train.epochs=2"]].concat()).done();
    sandbox
        .run(&["train", "--resume", "-p", "tmp", "--set", "train.seed=2", "--set", "model.dropout=0.5"])
        .fails(2, &["train.seed: 1 in the run, 2 now", "model.dropout: 0.0 in the run, 0.5 now"]);
    // With a constant schedule, a run that gets more epochs later equals one that had them from the start.
    sandbox.run(&["train", "--resume", "-p", "tmp", "--set", "train.epochs=4"]).done();
    sandbox.train(&[&constant[..], &["-p", "whole", "--set", "train.epochs=4"]].concat()).done();
    assert!(sandbox.everything_kept("tmp") == sandbox.everything_kept("whole"));
    // The first line differs: it holds the number of epochs that were planned at the start.
    assert_eq!(sandbox.metrics("tmp")[1..], sandbox.metrics("whole")[1..]);
    let config = |run: &str| fs::read(sandbox.path().join(run).join("config.toml")).unwrap();
    assert_eq!(config("tmp"), config("whole"));
    sandbox.run(&["train", "--resume", "-p", "none"]).fails(3, &["none holds no run"]);
}

#[test]
fn without_a_directory_the_latest_run_is_resumed() {
    let sandbox = Sandbox::new();
    let quick = ["--set", "train.epochs=1", "--set", "data.train_limit=40"];
    sandbox.train(&quick).done();
    sandbox.train(&quick).done();
    let ended = sandbox.run(&["train", "--resume"]).done();
    for words in ["the latest run is runs/run-2", "all epochs are done already"] {
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    assert!(ended.stdout.contains("test -p runs/run-2"), "{}", ended.stdout);
}

#[test]
fn of_two_processes_for_one_directory_one_is_refused() {
    let sandbox = Sandbox::new();
    for round in 0..3 {
        let run = format!("run-{round}");
        let mut children = [sandbox.start_training(&run), sandbox.start_training(&run)];
        let began = Instant::now();
        let refused = loop {
            let ended = children.iter_mut().position(|child| child.try_wait().unwrap().is_some());
            if let Some(refused) = ended {
                break refused;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "neither was refused");
            sleep(Duration::from_millis(1));
        };
        let [first, second] = children;
        let (refused, mut training) = if refused == 0 { (first, second) } else { (second, first) };
        let message = ProgramOutput::new(refused.wait_with_output().unwrap());
        assert!(training.try_wait().unwrap().is_none(), "both ended: {}", message.stderr);
        training.kill().unwrap();
        training.wait().unwrap();
        message.fails(2, &["another process is training in run-"]);
    }
}
