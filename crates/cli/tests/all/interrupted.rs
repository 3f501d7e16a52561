//! Runs that are killed, interrupted, broken and raced for, through the real program.
//!
//! These are the short versions; `cargo xtask crash` runs the long ones.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program::{Desk, Ended, SMALL};

/// So many steps that there is time to interrupt them, with checkpoints within an epoch.
pub(crate) const LONG: [&str; 4] = ["--set", "train.epochs=40", "--set", "train.checkpoint_every_steps=9"];

impl Desk {
    /// Starts the program and does not wait for its end.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.process(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn start_training(&self, run: &str) -> Child {
        let sets = SMALL.iter().flat_map(|assignment| ["--set", assignment]);
        let words: Vec<&str> = ["train", "-p", run].into_iter().chain(sets).chain(LONG).collect();
        self.start(&words)
    }

    /// Waits until a run has a checkpoint, and has been resumed so many times.
    fn wait_until_it_learns(&self, run: &str, resumed: usize, child: &mut Child) {
        let began = Instant::now();
        let run = self.path().join(run);
        let goes_on = || {
            fs::read_to_string(run.join("run.json")).is_ok_and(|s| s.matches("\"step\"").count() == resumed)
        };
        let has_checkpoint = || fs::read_dir(run.join("checkpoints")).is_ok_and(|all| all.count() > 0);
        while !(goes_on() && has_checkpoint()) {
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
    let desk = Desk::new();
    Ended::new(desk.start_training("whole").wait_with_output().unwrap()).done();
    let mut child = desk.start_training("killed");
    for (resumed, pause) in [40, 10, 150, 80].into_iter().enumerate() {
        desk.wait_until_it_learns("killed", resumed, &mut child);
        sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        child = desk.start(&["train", "--resume", "-p", "killed"]);
    }
    Ended::new(child.wait_with_output().unwrap()).done();
    desk.assert_same_run("killed", "whole");
}

#[cfg(unix)]
#[test]
fn int_and_term_end_a_run_in_good_order_and_say_how_to_go_on() {
    let desk = Desk::new();
    Ended::new(desk.start_training("whole").wait_with_output().unwrap()).done();
    let mut child = desk.start_training("tmp");
    for (resumed, (signal, code)) in [("INT", 130), ("TERM", 143)].into_iter().enumerate() {
        desk.wait_until_it_learns("tmp", resumed, &mut child);
        let asked = Instant::now();
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        let ended = Ended::new(child.wait_with_output().unwrap());
        // `cargo xtask crash` measures the 2 s that are promised; here other tests take their turns.
        assert!(asked.elapsed() < Duration::from_secs(20), "{signal} took {:?}", asked.elapsed());
        ended.fails(code, &["Stopped after step ", "Resume: mnist-cnn train --resume -p tmp"]);
        child = desk.start(&["train", "--resume", "-p", "tmp"]);
    }
    let ended = Ended::new(child.wait_with_output().unwrap()).done();
    assert!(ended.stderr.contains("going on after step "), "{}", ended.stderr);
    desk.assert_same_run("tmp", "whole");
}

/// In a step of some seconds, of which the first signal would wait for the end.
#[cfg(unix)]
#[test]
fn a_second_signal_ends_a_run_at_once() {
    let desk = Desk::new();
    let units = "model.units=[{filters=32, pool='none'}, {filters=64, pool='none'}]";
    let sets = ["--set", "data.dataset=sample", "--set", "train.batch_size=917", "--set", units];
    let mut child = desk.start(&[&["train", "-p", "tmp"], &sets[..]].concat());
    let began = Instant::now();
    // The first line is written right before the first step.
    while !fs::read_to_string(desk.path().join("tmp/metrics.jsonl")).is_ok_and(|text| text.contains("start"))
    {
        assert!(child.try_wait().unwrap().is_none() && began.elapsed().as_secs() < 60, "it never began");
        sleep(Duration::from_millis(1));
    }
    let id = child.id().to_string();
    for _ in 0..2 {
        assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
        sleep(Duration::from_millis(5));
    }
    let ended = Ended::new(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 130);
    // Who has no time for a checkpoint has none for words either.
    assert!(!ended.stderr.contains("Stopped after step"), "{}", ended.stderr);
    assert!(desk.checkpoints("tmp").is_empty());
}

#[test]
fn a_broken_newest_checkpoint_is_named_and_the_one_before_it_used() {
    let desk = Desk::new();
    desk.train(&["-p", "whole"]).done();
    desk.train(&["-p", "tmp"]).done();
    let newest = desk.checkpoints("tmp").pop().unwrap();
    let state = newest.join("state.toml");
    fs::write(&state, fs::read_to_string(&state).unwrap().replace("epoch = 6", "epoch = 5")).unwrap();
    // Who only tests changes nothing.
    desk.run(&["test", "-p", "tmp"]).done();
    let ended = desk.run(&["train", "--resume", "-p", "tmp"]).done();
    for words in ["warning: ", "state.toml: found SHA-256", "set aside as ", "broken-step-00000168"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    fs::remove_dir_all(newest.with_file_name("broken-step-00000168")).unwrap();
    desk.assert_same_run("tmp", "whole");
}

#[test]
fn a_run_goes_on_only_with_what_it_began_with() {
    let desk = Desk::new();
    let constant = ["--set", "train.schedule=constant"];
    desk.train(&[&constant[..], &["-p", "tmp", "--set", "train.epochs=2"]].concat()).done();
    desk.run(&["train", "--resume", "-p", "tmp", "--set", "train.seed=2", "--set", "model.dropout=0.5"])
        .fails(2, &["train.seed: 1 in the run, 2 now", "model.dropout: 0.0 in the run, 0.5 now"]);
    // More epochs of a constant schedule are the run that had them from the start.
    desk.run(&["train", "--resume", "-p", "tmp", "--set", "train.epochs=4"]).done();
    desk.train(&[&constant[..], &["-p", "whole", "--set", "train.epochs=4"]].concat()).done();
    assert!(desk.everything_kept("tmp") == desk.everything_kept("whole"));
    // The first line says how many epochs there were to be.
    assert_eq!(desk.metrics("tmp")[1..], desk.metrics("whole")[1..]);
    let config = |run: &str| fs::read(desk.path().join(run).join("config.toml")).unwrap();
    assert_eq!(config("tmp"), config("whole"));
    desk.run(&["train", "--resume", "-p", "none"]).fails(3, &["none holds no run"]);
}

#[test]
fn without_a_directory_the_latest_run_goes_on() {
    let desk = Desk::new();
    let quick = ["--set", "train.epochs=1", "--set", "data.train_limit=40"];
    desk.train(&quick).done();
    desk.train(&quick).done();
    let ended = desk.run(&["train", "--resume"]).done();
    for words in ["the latest run is runs/run-2", "all epochs are done already"] {
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    assert!(ended.stdout.contains("test -p runs/run-2"), "{}", ended.stdout);
}

#[test]
fn of_two_runs_for_one_directory_one_wins() {
    let desk = Desk::new();
    for round in 0..3 {
        let run = format!("run-{round}");
        let mut children = [desk.start_training(&run), desk.start_training(&run)];
        let began = Instant::now();
        let loser = loop {
            let ended = children.iter_mut().position(|child| child.try_wait().unwrap().is_some());
            if let Some(loser) = ended {
                break loser;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "nobody gave up");
            sleep(Duration::from_millis(1));
        };
        let [first, second] = children;
        let (loser, mut winner) = if loser == 0 { (first, second) } else { (second, first) };
        let message = Ended::new(loser.wait_with_output().unwrap());
        assert!(winner.try_wait().unwrap().is_none(), "both ended: {}", message.stderr);
        winner.kill().unwrap();
        winner.wait().unwrap();
        message.fails(2, &["another process is training in run-"]);
    }
}
