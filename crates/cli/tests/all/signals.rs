//! Tests what the program does with each signal that it knows: during a download, and while a run is trained.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::interrupted::LONG;
use crate::program::{ProgramOutput, SMALL, Sandbox};

fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
}

/// A run of the small network that has a checkpoint only at the end of each of its 40 epochs.
fn small(sandbox: &Sandbox, more: &[&str]) -> Command {
    let sets = SMALL.iter().flat_map(|assignment| ["--set", assignment]);
    let epochs = LONG[..2].iter().copied();
    sandbox.process(
        &["train"].into_iter().chain(sets).chain(epochs).chain(more.iter().copied()).collect::<Vec<_>>(),
    )
}

#[test]
fn signals_end_a_run_in_good_order_and_say_how_to_resume() {
    let sandbox = Sandbox::new();
    ProgramOutput::new(sandbox.start_training("whole").wait_with_output().unwrap()).done();
    let mut child = sandbox.start_training("tmp");
    let ends = [("INT", 130), ("TERM", 143), ("HUP", 129), ("XCPU", 152)];
    for (resumed, (signal, code)) in ends.into_iter().enumerate() {
        sandbox.wait_until_it_trains("tmp", resumed, &mut child);
        let signalled = Instant::now();
        send(signal, &child);
        if code != 130 && code != 143 {
            // Both signals usually come more than once, and must not end a run that is writing its checkpoint.
            for _ in 0..5 {
                drop(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status());
            }
        }
        let ended = ProgramOutput::new(child.wait_with_output().unwrap());
        // `cargo xtask crash` measures the 2 s that are promised. Here other tests run at the same time.
        assert!(signalled.elapsed() < Duration::from_secs(20), "{signal} took {:?}", signalled.elapsed());
        ended.fails(code, &["Stopped after step ", "Resume: mnist-cnn train --resume -p tmp"]);
        child = sandbox.start(&["train", "--resume", "-p", "tmp"]);
    }
    let ended = ProgramOutput::new(child.wait_with_output().unwrap()).done();
    assert!(ended.stderr.contains("resuming after step "), "{}", ended.stderr);
    sandbox.assert_same_run("tmp", "whole");
}

/// A step takes some seconds here, and the first signal waits for its end.
#[test]
fn a_second_signal_ends_a_run_at_once() {
    let sandbox = Sandbox::new();
    let units = "model.units=[{filters=32, pool='none'}, {filters=64, pool='none'}]";
    let sets = ["--set", "data.dataset=sample", "--set", "train.batch_size=917", "--set", units];
    let mut child = sandbox.start(&[&["train", "-p", "tmp"], &sets[..]].concat());
    let began = Instant::now();
    // The first line is written right before the first step.
    while !fs::read_to_string(sandbox.path().join("tmp/metrics.jsonl"))
        .is_ok_and(|text| text.contains("start"))
    {
        assert!(child.try_wait().unwrap().is_none() && began.elapsed().as_secs() < 60, "it never began");
        sleep(Duration::from_millis(1));
    }
    for _ in 0..2 {
        send("INT", &child);
        // On a busy machine, two signals that come at once would be delivered as one.
        sleep(Duration::from_millis(100));
    }
    let ended = ProgramOutput::new(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 130);
    // The second signal ends the process before it could say anything.
    assert!(!ended.stderr.contains("Stopped after step"), "{}", ended.stderr);
    assert!(sandbox.checkpoints("tmp").is_empty());
}

#[test]
fn a_signal_ends_a_download_at_once_and_with_its_exit_code() {
    let sandbox = Sandbox::new();
    let mirror = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", mirror.local_addr().unwrap());
    let commands = [&["train", "-p", "tmp"][..], &["data", "download"], &["show"]];
    let ends = [("INT", 130), ("TERM", 143), ("HUP", 129)];
    for (command, (signal, code)) in commands.into_iter().zip(ends) {
        let command = [command, &["--data-dir", "data"]].concat();
        let mut process = sandbox.process(&command);
        process.env("MNIST_CNN_MIRROR", &address).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = process.spawn().unwrap();
        // The mirror takes the connection and never answers.
        let _connection = mirror.accept().unwrap();
        send(signal, &child);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(code), "{command:?}: {}", ended.status);
    }
}

#[test]
fn a_signal_requests_a_checkpoint_and_the_run_goes_on() {
    let sandbox = Sandbox::new();
    let train = |run: &str| {
        let mut command = small(&sandbox, &["-p", run]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    ProgramOutput::new(train("whole").wait_with_output().unwrap()).done();
    let mut child = train("tmp");
    sandbox.wait_until_it_trains("tmp", 0, &mut child);
    send("USR1", &child);
    let ended = ProgramOutput::new(child.wait_with_output().unwrap()).done();
    let lines = ended.stderr.matches(": writing the checkpoint that the signal USR1 requested").count();
    assert_eq!(lines, 1, "{}", ended.stderr);
    sandbox.assert_same_run("tmp", "whole");
}

#[test]
fn a_run_that_nohup_started_survives_its_terminal() {
    let sandbox = Sandbox::new();
    let program = small(&sandbox, &["-p", "tmp"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
    shell.current_dir(sandbox.path()).env_remove("CARGO").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = shell.spawn().unwrap();
    sandbox.wait_until_it_trains("tmp", 0, &mut child);
    send("HUP", &child);
    let ended = ProgramOutput::new(child.wait_with_output().unwrap()).done();
    assert!(ended.stdout.contains("Reached "), "{}", ended.stdout);
}

#[test]
fn a_file_over_the_limit_is_an_error_in_words_and_loses_nothing() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "whole"]).done();
    let sets = SMALL.iter().flat_map(|assignment| ["--set", assignment]);
    let program = sandbox.process(&["train", "-p", "tmp"].into_iter().chain(sets).collect::<Vec<_>>());
    let limited = |limit: &str| {
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("ulimit -f {limit}; exec \"$0\" \"$@\"")]);
        shell.arg(program.get_program()).args(program.get_args());
        shell.current_dir(sandbox.path()).env_remove("CARGO");
        ProgramOutput::new(shell.output().unwrap())
    };
    // In KiB: the weights of this network need 45, and the optimizer's state twice as much.
    limited("60").fails(1, &["optimizer.safetensors", "File too large"]);
    assert!(sandbox.checkpoints("tmp").is_empty());
    sandbox.run(&["train", "--resume", "-p", "tmp"]).done();
    sandbox.assert_same_run("tmp", "whole");
}
