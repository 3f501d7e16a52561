//! Tests `train` and then `test`: the lecture's second and third assignments.

use std::fs;

use crate::program::{ProgramOutput, SMALL, Sandbox};

#[test]
fn a_network_trained_on_the_sample_classifies_digits_it_has_not_seen() {
    let sandbox = Sandbox::new();
    let trained = sandbox.train(&["-p", "tmp"]).done();
    assert!(trained.stdout.starts_with("Reached "), "{}", trained.stdout);
    assert!(trained.stdout.contains("mnist-cnn test -p tmp"), "{}", trained.stdout);
    let tested = sandbox.run(&["test", "-p", "tmp"]).done();
    let report = sandbox.json("tmp/test.json");
    let accuracy = report["evaluation"]["accuracy"].as_f64().unwrap();
    // Guessing reaches 10 %; a linear model on these 917 images about 80 %.
    assert!(accuracy > 0.8, "{accuracy}");
    assert!(tested.stdout.contains(&format!("{:.2} %", 100.0 * accuracy)), "{}", tested.stdout);
    assert!(tested.stdout.contains("most confused"), "{}", tested.stdout);
    assert_eq!(report["evaluation"]["pictures"], 200);
    assert_eq!(report["evaluation"]["classes"][3]["support"], 20);
}

#[test]
fn a_run_directory_explains_itself_and_reruns_to_the_same_bits() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "first", "--set", "model.dropout=0.2"]).done();
    let info = sandbox.json("first/run.json");
    assert_eq!((info["dataset"].as_str(), info["seed"].as_u64()), (Some("sample"), Some(1)));
    let again = sandbox.run(&["train", "--config", "first/config.toml", "-p", "second", "--json"]).done();
    let report: serde_json::Value = serde_json::from_str(&again.stdout).unwrap();
    let weights = |run| fs::read(sandbox.best(run).join("weights.safetensors")).unwrap();
    assert_eq!(weights("first"), weights("second"));
    let tested = sandbox.run(&["test", "-p", "first", "--json"]).done();
    let tested: serde_json::Value = serde_json::from_str(&tested.stdout).unwrap();
    assert_eq!(tested["weights_sha256"], report["weights_sha256"]);
    assert_eq!(tested, sandbox.json("first/test.json"));
    let metrics = fs::read_to_string(sandbox.path().join("first/metrics.jsonl")).unwrap();
    let events: Vec<serde_json::Value> = metrics.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(events.iter().filter(|event| event["event"] == "epoch").count(), 6);
    assert_eq!((&events[0]["event"], &events[0]["train"]), (&"start".into(), &917.into()));
}

#[test]
fn bench_times_each_question() {
    let sandbox = Sandbox::new();
    let sets = SMALL.iter().flat_map(|assignment| ["--set", assignment]);
    let bench: Vec<&str> = ["bench", "--questions"].into_iter().chain(sets).collect();
    let bench_on = |more: &[&str], questions: &str| {
        let words: Vec<&str> = bench.iter().chain(more).copied().collect();
        ProgramOutput::new(sandbox.command(&words).write_stdin(questions).output().unwrap())
    };
    let long = ["--set", "train.epochs=9"];
    let printed = bench_on(&long, "infer 3 2\nstep 4\n").done().stdout;
    let counts: Vec<usize> = printed
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["ms"].as_array().unwrap().len())
        .collect();
    assert_eq!(counts, [2, 4]);
    assert_eq!(bench_on(&long, "leave\n").code, 1);
    // An epoch of 28 steps ends before the first question is read, and the answers come all the same.
    assert!(bench_on(&["--set", "train.epochs=1"], "step 1\n").done().stdout.contains("\"ms\""));
}

#[test]
fn without_a_directory_runs_are_numbered_and_the_latest_is_tested() {
    let sandbox = Sandbox::new();
    let quick = ["--set", "train.epochs=1", "--set", "data.train_limit=40"];
    sandbox.train(&quick).done();
    sandbox.train(&quick).done();
    let tested = sandbox.run(&["test"]).done();
    assert!(tested.stderr.contains("testing the latest run, runs/run-2"), "{}", tested.stderr);
    assert!(sandbox.path().join("runs/run-2/test.json").is_file());
    assert!(!sandbox.path().join("runs/run-1/test.json").exists());
}

#[test]
fn output_in_a_file_has_no_colours() {
    let sandbox = Sandbox::new();
    let ended = sandbox.train(&["-p", "tmp", "--set", "train.epochs=1"]).done();
    let tested = sandbox.run(&["test", "-p", "tmp"]).done();
    for text in [ended.stdout, ended.stderr, tested.stdout, tested.stderr] {
        assert!(!text.contains('\x1b'), "{text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn every_command_works_in_a_folder_whose_name_is_not_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();

    let sandbox = Sandbox::new();
    let [run, seeds] = [b"run-\xff", b"set-\xfe"].map(|name| OsStr::from_bytes(name));
    let on = |words: &[&str], path: &OsStr| {
        ProgramOutput::new(sandbox.process(words).arg(path).output().unwrap()).done()
    };
    let sets: Vec<&str> =
        SMALL.iter().flat_map(|set| ["--set", set]).chain(["--set", "train.epochs=1"]).collect();
    let trained = parsed(&on(&[&["train", "--json"], &sets[..], &["-p"]].concat(), run).stdout);
    assert_eq!(trained["run"], "run-\u{fffd}");
    assert_eq!(trained["report"], "run-\u{fffd}/report.html");
    let resumed = parsed(&on(&["train", "--resume", "--json", "-p"], run).stdout);
    assert_eq!(resumed["weights_sha256"], trained["weights_sha256"]);
    let tested = parsed(&on(&["test", "--json", "-p"], run).stdout);
    assert_eq!(tested["run"], "run-\u{fffd}");
    on(&["test", "-p"], run);
    on(&["report", "-p"], run);
    on(&["report", "--figures", "figures", "-p"], run);
    on(&["inspect", "-p"], run);
    on(&["show", "--wrong", "-p"], run);
    let config = Path::new(run).join("config.toml");
    on(&["summary", "--config"], config.as_os_str());
    let several =
        parsed(&on(&[&["train", "--seeds", "2", "--json"], &sets[..], &["-p"]].concat(), seeds).stdout);
    assert_eq!(several["folder"], "set-\u{fffd}");
    assert_eq!(parsed(&on(&["test", "--json", "-p"], seeds).stdout)["runs"].as_array().unwrap().len(), 2);
}

#[cfg(feature = "wgpu")]
#[test]
fn wgpu_tests_a_model_that_was_trained_on_the_cpu() {
    let sandbox = Sandbox::new();
    let backend = if cfg!(feature = "ndarray") { "ndarray" } else { "flex" };
    sandbox.train(&["-p", "tmp", "--backend", backend]).done();
    let accuracy = |backend| {
        sandbox.run(&["test", "-p", "tmp", "--backend", backend]).done();
        sandbox.json("tmp/test.json")["evaluation"]["accuracy"].as_f64().unwrap()
    };
    let (cpu, gpu) = (accuracy(backend), accuracy("wgpu"));
    assert!((cpu - gpu).abs() <= 0.005, "{cpu} {gpu}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_printed_is_an_error_and_a_closed_pipe_is_none() {
    let sandbox = Sandbox::new();
    let show = ["show", "--dataset", "sample", "-n", "1"];
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = sandbox.process(&show).stdout(full).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("the result cannot be written to standard output: No space left"), "{text}");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = sandbox.process(&show).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]));
}
