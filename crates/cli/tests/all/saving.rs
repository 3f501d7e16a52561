//! Tests where `test` puts its results, and that it shows its figures whether or not they can be saved.

use std::fs;

use serde_json::Value;

use crate::program::{SMALL, Sandbox};

/// Trained in a moment.
const QUICK: [&str; 4] = ["--set", "train.epochs=1", "--set", "data.train_limit=200"];

fn trained(runs: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    for run in runs {
        sandbox.train(&[&["-p", run], &QUICK[..]].concat()).done();
    }
    sandbox
}

/// Trains three seeds in `tmp`.
fn trained_seeds() -> Sandbox {
    let sandbox = Sandbox::new();
    let sets = SMALL.iter().flat_map(|set| ["--set", set]).chain(QUICK);
    sandbox.run(&["train", "--seeds", "3", "-p", "tmp"].into_iter().chain(sets).collect::<Vec<_>>()).done();
    sandbox
}

impl Sandbox {
    /// Makes it impossible to write these files: each gives way to a folder that is not empty. Permissions do
    /// not do it, because they do not stop the superuser.
    fn block(&self, run: &str, files: &[&str]) {
        for file in files {
            let path = self.path().join(run).join(file);
            drop(fs::remove_file(&path));
            fs::create_dir_all(path.join("full")).unwrap();
        }
    }

    /// Damages every checkpoint of a run.
    fn damage(&self, run: &str) {
        for checkpoint in self.checkpoints(run) {
            fs::write(checkpoint.join("MANIFEST"), "").unwrap();
        }
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

const RESULTS: [&str; 3] = ["test.json", "predictions.csv", "report.html"];
const ALL: [&str; 4] = ["test.json", "predictions.csv", "report.html", "tests.jsonl"];

#[test]
fn a_test_whose_results_cannot_be_saved_prints_them_and_warns() {
    let sandbox = trained(&["tmp"]);
    sandbox.block("tmp", &ALL);
    let tested = sandbox.run(&["test", "-p", "tmp"]).done();
    assert!(tested.stdout.contains("accuracy  ") && !tested.stdout.contains("Written"), "{}", tested.stdout);
    for file in ALL {
        assert!(tested.stderr.contains(&format!("tmp/{file} could not be written: ")), "{}", tested.stderr);
    }
    assert!(
        tested.stderr.contains("warning: this test is not counted: tmp/tests.jsonl"),
        "{}",
        tested.stderr
    );
    assert!(tested.stderr.contains("mnist-cnn test -p tmp --output DIR\n"), "{}", tested.stderr);
    let json = parsed(&sandbox.run(&["test", "-p", "tmp", "--json"]).done().stdout);
    assert_eq!((&json["times_tested"], &json["evaluation"]["pictures"]), (&1.into(), &200.into()));
}

#[test]
fn a_file_that_cannot_be_written_does_not_keep_the_others_back() {
    let sandbox = trained(&["tmp"]);
    sandbox.block("tmp", &["predictions.csv"]);
    // The test is counted before its results are written.
    for times in 1..=2 {
        let tested = sandbox.run(&["test", "-p", "tmp"]).done();
        assert!(tested.stderr.contains("warning: tmp/predictions.csv could not"), "{}", tested.stderr);
        assert!(tested.stdout.contains("Written: tmp/test.json\nReport:  tmp/report"), "{}", tested.stdout);
        assert_eq!(
            fs::read_to_string(sandbox.path().join("tmp/tests.jsonl")).unwrap().lines().count(),
            times
        );
        assert_eq!(sandbox.json("tmp/test.json")["times_tested"], times);
    }
}

#[test]
fn a_test_that_cannot_be_counted_says_how_many_came_before() {
    let sandbox = trained(&["tmp"]);
    let test = || parsed(&sandbox.run(&["test", "-p", "tmp", "--json"]).done().stdout);
    assert_eq!(test()["times_tested"], 1);
    sandbox.block("tmp", &["tests.jsonl"]);
    assert_eq!(test()["times_tested"], 1);
    assert_eq!(sandbox.json("tmp/test.json")["times_tested"], 1);
}

#[test]
fn several_seeds_and_a_comparison_are_printed_before_they_are_saved() {
    let sandbox = trained_seeds();
    for run in ["tmp/seed-1", "tmp/seed-2", "tmp/seed-3"] {
        sandbox.block(run, &ALL);
    }
    sandbox.block("tmp", &["test.json", "report.html"]);
    let tested = sandbox.run(&["test", "-p", "tmp"]).done();
    assert!(
        tested.stdout.contains("their ensemble") && !tested.stdout.contains("Written"),
        "{}",
        tested.stdout
    );
    for file in ["tmp/test.json", "tmp/report.html", "tmp/seed-1/test.json", "tmp/seed-3/predictions.csv"] {
        assert!(tested.stderr.contains(&format!("warning: {file} could not")), "{}", tested.stderr);
    }
    let compared = sandbox.run(&["test", "--compare", "tmp/seed-1", "tmp/seed-2"]).done();
    assert!(compared.stdout.contains("McNemar"), "{}", compared.stdout);
    assert!(compared.stderr.contains("warning: tmp/seed-2/report.html could not"), "{}", compared.stderr);
}

#[test]
fn the_output_folder_takes_the_results_and_the_run_only_counts_the_test() {
    let sandbox = trained(&["tmp"]);
    let page = fs::read(sandbox.path().join("tmp/report.html")).unwrap();
    let tested = sandbox.run(&["test", "-p", "tmp", "-o", "deep/out"]).done().stdout;
    assert!(tested.contains("Written: deep/out/test.json\n"), "{tested}");
    assert!(RESULTS.iter().all(|file| sandbox.has(&format!("deep/out/{file}"))));
    assert!(!sandbox.has("tmp/test.json") && !sandbox.has("tmp/predictions.csv"));
    assert!(fs::read(sandbox.path().join("tmp/report.html")).unwrap() == page);
    assert_eq!(fs::read_to_string(sandbox.path().join("tmp/tests.jsonl")).unwrap().lines().count(), 1);
    // The page in the folder shows this test, which the run's folder does not have.
    let test = sandbox.json("deep/out/test.json");
    let accuracy = format!("{:.2}\u{a0}%", 100.0 * test["evaluation"]["accuracy"].as_f64().unwrap());
    let html = fs::read_to_string(sandbox.path().join("deep/out/report.html")).unwrap();
    assert!(html.contains(&accuracy) && html.contains("data:image/png;base64,"), "{accuracy}");
    // A run that cannot count the test gives a warning; a folder that cannot be used is an error, and even then
    // the figures are printed.
    sandbox.block("tmp", &["tests.jsonl"]);
    let tested = sandbox.run(&["test", "-p", "tmp", "--output", "out"]).done();
    assert!(tested.stderr.contains("warning: this test is not counted"), "{}", tested.stderr);
    fs::write(sandbox.path().join("file"), "").unwrap();
    let failed = sandbox.run(&["test", "-p", "tmp", "--output", "file"]);
    assert_eq!(failed.code, 1, "{}", failed.stderr);
    assert!(
        failed.stderr.contains("error: file/predictions.csv could not be written: "),
        "{}",
        failed.stderr
    );
    assert!(failed.stdout.contains("accuracy  "), "{}", failed.stdout);
}

#[test]
fn the_output_folder_is_no_run_and_has_a_folder_for_each_seed() {
    let sandbox = trained_seeds();
    sandbox.run(&["test", "-p", "tmp", "--output", "out"]).done();
    assert!(["test.json", "report.html"].iter().all(|file| sandbox.has(&format!("out/{file}"))));
    assert!(RESULTS.iter().all(|file| sandbox.has(&format!("out/seed-2/{file}"))));
    assert!(!sandbox.has("tmp/test.json") && !sandbox.has("tmp/seed-2/test.json"));
    for run in ["tmp", "tmp/seed-1"] {
        sandbox.run(&["test", "-p", "tmp/seed-2", "--output", run]).fails(2, &["found a run there"]);
    }
    assert_eq!(sandbox.run(&["test", "--compare", "a", "b", "--output", "out"]).code, 2);
}

#[test]
fn a_damaged_seed_is_left_out_and_named() {
    let sandbox = trained_seeds();
    sandbox.damage("tmp/seed-2");
    let says = ["1 of the 3 runs in tmp could not be used", "(seed 2)", "tmp/seed-2", "MANIFEST"];
    let tested = sandbox.run(&["test", "-p", "tmp"]);
    assert_eq!(tested.code, 3, "{}", tested.stderr);
    assert!(says.iter().all(|words| tested.stderr.contains(words)), "{}", tested.stderr);
    assert!(tested.stdout.contains("2 of 3 runs in tmp") && tested.stdout.contains("accuracy, 2 runs: mean"));
    assert!(tested.stdout.contains("     2  not tested, and missing from"), "{}", tested.stdout);
    let file = sandbox.json("tmp/test.json");
    assert_eq!((file["runs"].as_array().unwrap().len(), &file["accuracy"]["n"]), (2, &2.into()));
    assert_eq!(file["missing"][0]["seed"], 2);
    assert!(file["missing"][0]["reason"].as_str().unwrap().contains("MANIFEST"), "{file}");
    assert!(sandbox.has("tmp/seed-3/test.json") && !sandbox.has("tmp/seed-2/tests.jsonl"));
    let json = sandbox.run(&["test", "-p", "tmp", "--json"]);
    assert_eq!((json.code, &parsed(&json.stdout)["missing"]), (3, &file["missing"]));
    let report = sandbox.run(&["report", "-p", "tmp", "-o", "page.html"]);
    assert_eq!(report.code, 3, "{}", report.stderr);
    assert!(says.iter().all(|words| report.stderr.contains(words)), "{}", report.stderr);
    assert!(sandbox.has("page.html") && report.stdout.contains("page.html"), "{}", report.stdout);
    // If no run is left, the damage is the error.
    for run in ["tmp/seed-1", "tmp/seed-3"] {
        sandbox.damage(run);
    }
    sandbox.run(&["test", "-p", "tmp"]).fails(3, &["tmp/seed-1", "MANIFEST"]);
}

#[test]
fn a_seed_whose_weights_do_not_fit_is_left_out() {
    let sandbox = trained_seeds();
    let config = sandbox.path().join("tmp/seed-1/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("filters = 8", "filters = 9")).unwrap();
    let tested = sandbox.run(&["test", "-p", "tmp"]);
    assert_eq!(tested.code, 3, "{}", tested.stderr);
    assert!(tested.stderr.contains("units.0.conv.weight has shape"), "{}", tested.stderr);
    assert_eq!(sandbox.json("tmp/test.json")["accuracy"]["n"], 2);
}

#[test]
fn a_page_that_cannot_be_written_names_the_flag_for_another_place() {
    let sandbox = trained(&["tmp"]);
    sandbox.block("tmp", &["report.html"]);
    sandbox.run(&["report", "-p", "tmp"]).fails(
        1,
        &[
            "error: tmp/report.html cannot be written: ",
            "another place with: mnist-cnn report -p tmp -o FILE\n",
        ],
    );
    sandbox.run(&["report", "-p", "tmp", "-o", "page.html"]).done();
}
