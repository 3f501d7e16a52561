//! Tests what happens to runs whose files cannot be read, are damaged, do not belong together, or come from a
//! newer version of the program.

use std::fs;
use std::path::Path;

use crate::program::{ProgramOutput, Sandbox};

/// Two epochs of 28 steps with a constant schedule, so that the run may get more epochs later.
const TWO_EPOCHS: [&str; 4] = ["--set", "train.schedule=constant", "--set", "train.epochs=2"];

impl Sandbox {
    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap()
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path().join(file), text).unwrap();
    }

    /// The names of a run's checkpoints and of the other folders beside them.
    fn checkpoint_names(&self, run: &str) -> Vec<String> {
        let name = |path: std::path::PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        self.checkpoints(run).into_iter().map(name).collect()
    }

    fn resume(&self, run: &str, more: &[&str]) -> ProgramOutput {
        self.run(&[&["train", "--resume", "-p", run], more].concat())
    }

    /// The SHA-256 of the best model's weights, as the run's evaluation names it.
    fn weights_sha256(&self, run: &str) -> String {
        self.json(&format!("{run}/validation.json"))["weights_sha256"].as_str().unwrap().to_owned()
    }
}

/// Puts a link to itself in the place of a file. Not even the superuser can read such a link, whereas the
/// superuser can read a file without permissions. The file keeps its content under another name.
#[cfg(unix)]
fn make_unreadable(file: &Path) {
    fs::rename(file, file.with_extension("kept")).unwrap();
    std::os::unix::fs::symlink(file.file_name().unwrap(), file).unwrap();
}

#[cfg(unix)]
fn make_readable(file: &Path) {
    fs::rename(file.with_extension("kept"), file).unwrap();
}

#[cfg(unix)]
#[test]
fn an_unreadable_checkpoint_is_named_and_no_older_one_takes_its_place() {
    let sandbox = Sandbox::new();
    let constant = ["--set", "train.schedule=constant"];
    sandbox.train(&[&constant[..], &["-p", "whole", "--set", "train.epochs=4"]].concat()).done();
    sandbox.train(&[&TWO_EPOCHS[..], &["-p", "tmp"]].concat()).done();
    let [first, second] = sandbox.checkpoints("tmp").try_into().unwrap();
    let aside = sandbox.path().join("first");
    fs::rename(&first, &aside).unwrap();
    sandbox.resume("tmp", &["--set", "train.epochs=3"]).done();
    // The oldest of three checkpoints is the only one that can be read.
    if !first.exists() {
        fs::rename(&aside, &first).unwrap();
    }
    let third = sandbox.checkpoints("tmp").pop().unwrap();
    let unreadable = [second, third].map(|checkpoint| checkpoint.join("weights.safetensors"));
    unreadable.iter().for_each(|file| make_unreadable(file));
    let before = (sandbox.checkpoint_names("tmp"), sandbox.metrics("tmp"));
    let says = ["step-00000084/weights.safetensors: ", "may still be good"];
    sandbox.resume("tmp", &["--set", "train.epochs=4"]).fails(1, &says);
    // The unreadable checkpoint may hold or name a better model.
    sandbox.run(&["test", "-p", "tmp"]).fails(1, &says);
    assert_eq!((sandbox.checkpoint_names("tmp"), sandbox.metrics("tmp")), before);
    unreadable.iter().for_each(|file| make_readable(file));
    sandbox.resume("tmp", &["--set", "train.epochs=4"]).done();
    assert_eq!(sandbox.metrics("tmp")[1..], sandbox.metrics("whole")[1..]);
    assert!(sandbox.best("tmp").ends_with(sandbox.best("whole").file_name().unwrap()));
}

#[test]
fn a_checkpoint_is_resumed_only_if_the_lines_of_the_metrics_reach_it() {
    let sandbox = Sandbox::new();
    let four = ["--set", "train.epochs=4"];
    sandbox.train(&[&["--set", "train.schedule=constant", "-p", "whole"], &four[..]].concat()).done();
    sandbox.train(&[&TWO_EPOCHS[..], &["-p", "tmp"]].concat()).done();
    let lines = sandbox.read("tmp/metrics.jsonl");
    assert_eq!(sandbox.checkpoint_names("tmp"), ["step-00000028", "step-00000056"]);
    // Without any line, no checkpoint can be resumed. Nothing is changed then.
    sandbox.write("tmp/metrics.jsonl", "");
    sandbox.resume("tmp", &four).fails(3, &["none of its 2 checkpoints", "metrics.jsonl lacks"]);
    assert_eq!(sandbox.checkpoint_names("tmp"), ["step-00000028", "step-00000056"]);
    // The run once went back to the first epoch, and the checkpoint of the second one has come back.
    let first_epoch = lines.find("\"event\":\"epoch\"").unwrap();
    let end = first_epoch + lines[first_epoch..].find('\n').unwrap() + 1;
    sandbox.write("tmp/metrics.jsonl", &lines[..end]);
    let ended = sandbox.resume("tmp", &four).done();
    for words in ["metrics.jsonl lacks", "epoch 2", "set aside as ", "ahead-step-00000056", "step-00000028"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    assert_eq!(sandbox.metrics("tmp")[1..], sandbox.metrics("whole")[1..]);
}

#[test]
fn a_run_that_cannot_be_used_does_not_keep_the_seeds_after_it_from_training() {
    let sandbox = Sandbox::new();
    let quick = ["--set", "train.epochs=1"];
    sandbox.train(&[&["--seeds", "3", "-p", "tmp"], &quick[..]].concat()).done();
    fs::remove_dir_all(sandbox.path().join("tmp/seed-2")).unwrap();
    let [checkpoint] = sandbox.checkpoints("tmp/seed-1").try_into().unwrap();
    let weights = checkpoint.join("weights.safetensors");
    let good = fs::read(&weights).unwrap();
    fs::write(&weights, &good[1..]).unwrap();
    sandbox.resume("tmp", &[]).fails(3, &["1 of 3 runs failed: tmp/seed-1", "tmp/seed-1/checkpoints"]);
    assert!(sandbox.read("tmp/seed-2/metrics.jsonl").contains("\"finish\""));
    fs::write(&weights, good).unwrap();
    sandbox.resume("tmp", &[]).done();
    let page = sandbox.read("tmp/report.html");
    assert!((1..=3).all(|seed| page.contains(&sandbox.weights_sha256(&format!("tmp/seed-{seed}")))));
}

#[test]
fn a_page_that_is_not_of_these_runs_is_written_again() {
    let sandbox = Sandbox::new();
    let quick = ["--set", "train.epochs=1"];
    sandbox.train(&[&["-p", "other"], &quick[..]].concat()).done();
    sandbox.train(&[&["--seeds", "2", "-p", "tmp", "--set", "train.seed=7"], &quick[..]].concat()).done();
    let page = sandbox.read("tmp/report.html");
    let shas = ["tmp/seed-7", "tmp/seed-8"].map(|run| sandbox.weights_sha256(run));
    for wrong in ["", &sandbox.read("other/report.html"), &page[..page.len() - 20]] {
        sandbox.write("tmp/report.html", wrong);
        sandbox.resume("tmp", &[]).done();
        let page = sandbox.read("tmp/report.html");
        assert!(shas.iter().all(|sha| page.contains(sha)) && page.trim_end().ends_with("</html>"), "{wrong}");
    }
    // The files of a single run are mended as well.
    sandbox.write("tmp/seed-7/report.html", "");
    sandbox.write("tmp/seed-8/validation.json", "");
    sandbox.resume("tmp", &[]).done();
    assert!(sandbox.read("tmp/seed-7/report.html").contains(&shas[0]));
    assert_eq!(sandbox.weights_sha256("tmp/seed-8"), shas[1]);
    // A page that shows these runs is kept, because it may show tests.
    let tested = sandbox.read("tmp/report.html").replace("</body>", "<!-- a test --></body>");
    sandbox.write("tmp/report.html", &tested);
    sandbox.resume("tmp", &[]).done();
    assert_eq!(sandbox.read("tmp/report.html"), tested);
    sandbox.run(&["test", "-p", "other"]).done();
    sandbox.write("other/report.html", "");
    sandbox.resume("other", &[]).done();
    assert!(sandbox.read("other/report.html").contains(&sandbox.weights_sha256("other")));
}

#[test]
fn a_run_of_a_newer_version_is_named_as_one() {
    let sandbox = Sandbox::new();
    let quick = ["--set", "train.epochs=1"];
    sandbox.train(&[&["-p", "run"], &quick[..]].concat()).done();
    sandbox.train(&[&["--seeds", "1", "-p", "seeds"], &quick[..]].concat()).done();
    let own = concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"");
    for (folder, config, made_by) in
        [("run", "config.toml", "run.json"), ("seeds", "seeds.toml", "seeds.json")]
    {
        let config = format!("{folder}/{config}");
        sandbox.write(&config, &(sandbox.read(&config) + "coffee = 2\n"));
        // The key is a mistake if no newer version can have written it.
        sandbox.resume(folder, &[]).fails(2, &["unknown key `coffee`"]);
        let made_by = format!("{folder}/{made_by}");
        sandbox.write(&made_by, &sandbox.read(&made_by).replacen(own, "\"version\": \"99.10.0\"", 1));
        let says = ["was made by version 99.10.0 of the program, and this is version ", "coffee"];
        let ended = sandbox.resume(folder, &[]);
        assert!(!ended.stderr.contains("the keys here are"), "{}", ended.stderr);
        ended.fails(3, &says);
        if folder == "run" {
            sandbox.run(&["test", "-p", "run"]).fails(3, &says);
        }
        // A backend that is not known here is no damage either.
        let text = sandbox.read(&config).replace("coffee = 2\n", "");
        sandbox.write(&config, &text);
        let text = sandbox.read(&made_by).replacen("\"backend\": \"", "\"backend\": \"next-", 1);
        sandbox.write(&made_by, &text);
        sandbox.resume(folder, &["--backend", "auto"]).fails(3, &[says[0], "found the backend `next-"]);
    }
}

#[test]
fn a_run_is_resumed_with_the_data_directory_that_it_had() {
    let sandbox = Sandbox::new();
    sandbox.train(&["-p", "tmp", "--set", "train.epochs=1"]).done();
    // The sample is part of the program, so there is no place to remember.
    assert_eq!(sandbox.json("tmp/run.json").get("data_dir"), None);
    let mine = sandbox.path().join("mine");
    // The run's own description would still be the sample's.
    fs::remove_file(sandbox.path().join("tmp/dataset.toml")).unwrap();
    for (file, from, to) in [
        ("config.toml", "dataset = \"sample\"".to_owned(), "dataset = \"mnist\"".to_owned()),
        ("run.json", "\"dataset\": \"sample\"".to_owned(), "\"dataset\": \"mnist\"".to_owned()),
        (
            "run.json",
            "\"seed\"".to_owned(),
            format!("\"data_dir\": {:?},\n  \"seed\"", mine.to_str().unwrap()),
        ),
    ] {
        let file = format!("tmp/{file}");
        sandbox.write(&file, &sandbox.read(&file).replacen(&from, &to, 1));
    }
    // The files are wrong, so the error says where they were looked for, and nothing is downloaded.
    for place in ["mine", "user/mnist-cnn", "other"] {
        fs::create_dir_all(sandbox.path().join(place).join("mnist")).unwrap();
        for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"] {
            sandbox.write(&format!("{place}/mnist/{name}"), "not an image");
        }
    }
    let remembered = "mine/mnist/train-images-idx3-ubyte: found 12 bytes";
    sandbox.resume("tmp", &[]).fails(3, &[remembered]);
    sandbox.resume("tmp", &["--data-dir", "other"]).fails(3, &["other/mnist/train-images-idx3-ubyte"]);
    fs::remove_dir_all(&mine).unwrap();
    let gone = "the data is not where this run had it (mine/mnist)";
    sandbox
        .resume("tmp", &[])
        .fails(3, &[gone, "user/mnist-cnn/mnist/train-images-idx3-ubyte: found 12 bytes"]);
}

#[test]
fn a_network_whose_checkpoints_would_be_too_large_is_refused_before_it_trains() {
    let sandbox = Sandbox::new();
    sandbox
        .run(&["train", "--print-config", "--set", "model.dense=[45000]"])
        .fails(2, &["parameters", "the optimizer's state", "bytes, expected 1073741824 at most"]);
    // SGD without momentum keeps no state, and the weights alone are small enough.
    let sgd = ["--set", "train.optimizer=sgd", "--set", "train.momentum=0"];
    sandbox.run(&[&["train", "--print-config", "--set", "model.dense=[45000]"], &sgd[..]].concat()).done();
}
