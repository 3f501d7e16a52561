//! Tests what `test` does beyond its table: files, comparisons, corruptions, several seeds.

use std::fs;

use serde_json::Value;

use crate::program::{SMALL, Sandbox};

fn trained(runs: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    for (i, run) in runs.iter().enumerate() {
        let seed = format!("train.seed={}", i + 1);
        sandbox.train(&["-p", run, "--set", "train.epochs=2", "--set", &seed]).done();
    }
    sandbox
}

impl Sandbox {
    /// Writes another data set into a run's configuration.
    fn change_dataset(&self, config: &str, dataset: &str) {
        let path = self.path().join(config);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("dataset = \"sample\""), "{text}");
        let changed = text.replace("dataset = \"sample\"", &format!("dataset = \"{dataset}\""));
        fs::write(&path, changed).unwrap();
    }

    /// Writes another data set into a run, as if the run had been trained on it.
    fn as_if_trained_on(&self, dataset: &str, run: &str) {
        self.change_dataset(&format!("{run}/config.toml"), dataset);
        let path = self.path().join(run).join("run.json");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("\"sample\""), "{text}");
        fs::write(&path, text.replace("\"sample\"", &format!("\"{dataset}\""))).unwrap();
        // The run's own description would still be the sample's.
        fs::remove_file(self.path().join(run).join("dataset.toml")).unwrap();
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Label, prediction and probabilities of each line of a run's `predictions.csv`.
fn predictions(sandbox: &Sandbox, run: &str) -> Vec<(usize, usize, Vec<f64>)> {
    let csv = fs::read_to_string(sandbox.path().join(run).join("predictions.csv")).unwrap();
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let probabilities = fields[3..].iter().map(|field| field.parse().unwrap()).collect();
        (fields[1].parse().unwrap(), fields[2].parse().unwrap(), probabilities)
    };
    csv.lines().skip(1).map(line).collect()
}

#[test]
fn the_metrics_are_those_of_the_exported_predictions() {
    let sandbox = trained(&["tmp"]);
    sandbox.run(&["test", "-p", "tmp", "--worst", "7"]).done();
    let evaluation = &sandbox.json("tmp/test.json")["evaluation"];
    let rows = predictions(&sandbox, "tmp");
    assert_eq!(rows.len(), 200);
    let right = rows.iter().filter(|(label, prediction, _)| label == prediction).count();
    assert_eq!(evaluation["correct"], right);
    let loss = rows.iter().map(|(label, _, p)| -p[*label].ln()).sum::<f64>() / 200.0;
    assert!((evaluation["loss"].as_f64().unwrap() - loss).abs() < 1e-12);
    let bins = evaluation["calibration"]["bins"].as_array().unwrap();
    assert_eq!(bins.iter().map(|bin| bin["pictures"].as_u64().unwrap()).sum::<u64>(), 200);
    let top: Vec<f64> =
        evaluation["top_k"].as_array().unwrap().iter().map(|top| top["accuracy"].as_f64().unwrap()).collect();
    assert!(top.len() == 5 && top.is_sorted() && top[0] == right as f64 / 200.0, "{top:?}");
    for (_, prediction, p) in &rows {
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12 && p.iter().all(|q| *q <= p[*prediction]));
    }
}

#[test]
fn wrong_images_are_kept_by_falling_loss() {
    let sandbox = trained(&["tmp"]);
    let wrong = |arguments: &[&str]| {
        let stdout = sandbox.run(&[&["test", "-p", "tmp"], arguments].concat()).done().stdout;
        let report = sandbox.json("tmp/test.json");
        let worst = report["worst"].as_array().unwrap().clone();
        (stdout.lines().filter(|line| line.contains("% sure), loss")).count(), worst)
    };
    let (listed, worst) = wrong(&["--worst", "7"]);
    assert_eq!((listed, worst.len()), (7, 7));
    let losses: Vec<f64> = worst.iter().map(|mistake| mistake["loss"].as_f64().unwrap()).collect();
    assert!(losses.iter().rev().is_sorted(), "{losses:?}");
    assert!(worst.iter().all(|mistake| mistake["label"] != mistake["prediction"]));
    assert_eq!(wrong(&["--worst", "0"]), (0, Vec::new()));
    let (listed, worst) = wrong(&[]);
    assert!(listed == 5 && worst.len() > 7, "{listed} {}", worst.len());
}

#[test]
fn a_run_counts_how_often_it_was_tested() {
    let sandbox = trained(&["tmp"]);
    let first = sandbox.run(&["test", "-p", "tmp"]).done().stdout;
    assert!(!first.contains("tested 1 time"), "{first}");
    let second = sandbox.run(&["test", "-p", "tmp"]).done().stdout;
    assert!(second.contains("tested 2 times by now"), "{second}");
    let log = sandbox.path().join("tmp/tests.jsonl");
    // A line that a crash cut short is no test, and the next one does not continue it.
    let mut lines = fs::read_to_string(&log).unwrap();
    lines += "{\"tested\":";
    fs::write(&log, lines).unwrap();
    sandbox.run(&["test", "-p", "tmp"]).done();
    assert_eq!(sandbox.json("tmp/test.json")["times_tested"], 3);
    let lines = fs::read_to_string(&log).unwrap();
    assert!(
        lines.lines().count() == 3 && lines.lines().all(|line| parsed(line)["accuracy"].is_f64()),
        "{lines}"
    );
}

#[test]
fn two_runs_are_compared_on_the_same_images() {
    let sandbox = trained(&["a", "b"]);
    let report = parsed(&sandbox.run(&["test", "--compare", "a", "b", "--json"]).done().stdout);
    let (a, b) = (predictions(&sandbox, "a"), predictions(&sandbox, "b"));
    let both = |right_a: bool, right_b: bool| {
        a.iter().zip(&b).filter(|(a, b)| (a.0 == a.1) == right_a && (b.0 == b.1) == right_b).count()
    };
    assert_eq!(report["both_right"], both(true, true));
    assert_eq!(report["only_a_right"], both(true, false));
    assert_eq!(report["only_b_right"], both(false, true));
    assert_eq!(report["both_wrong"], both(false, false));
    let disagreements = report["disagreements"].as_array().unwrap();
    assert_eq!(disagreements.len(), a.iter().zip(&b).filter(|(a, b)| a.1 != b.1).count());
    assert_eq!(sandbox.json("a/test.json")["times_tested"], 1);
    let itself = sandbox.run(&["test", "--compare", "a", "a"]).done().stdout;
    assert!(itself.contains("p = 1.0000") && itself.contains("the same for every image"), "{itself}");
    let text = sandbox.run(&["test", "--compare", "a", "b"]).done().stdout;
    assert!(text.contains("McNemar's exact test: p = ") && text.contains('█'), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn runs_of_different_data_sets_are_not_compared() {
    let sandbox = trained(&["a", "b"]);
    sandbox.as_if_trained_on("fashion-mnist", "b");
    sandbox
        .run(&["test", "--compare", "a", "b"])
        .fails(2, &["a was trained on", "Fashion-MNIST", "the same images"]);
    assert!(!sandbox.path().join("a/test.json").exists());
    assert_eq!(sandbox.run(&["test", "--compare", "a"]).code, 2);
    assert_eq!(sandbox.run(&["test", "--compare", "a", "b", "-p", "a"]).code, 2);
}

#[test]
fn a_run_whose_configuration_names_other_data_is_refused() {
    let sandbox = trained(&["tmp"]);
    sandbox.change_dataset("tmp/config.toml", "fashion-mnist");
    let says = [
        "tmp/config.toml says fashion-mnist, but tmp/run.json says that the run was trained on sample",
        "put data.dataset back; a model is tested on other data with: mnist-cnn test -p tmp --data NAME\n",
    ];
    for command in [
        &["test", "-p", "tmp"][..],
        &["report", "-p", "tmp"],
        &["inspect", "-p", "tmp"],
        &["show", "--wrong", "-p", "tmp"],
        &["train", "--resume", "-p", "tmp"],
        &["test", "--compare", "tmp", "tmp"],
    ] {
        sandbox.run(command).fails(3, &says);
    }
    assert!(!sandbox.has("tmp/tests.jsonl"));
    let config = sandbox.path().join("tmp/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("\"fashion-mnist\"", "\"sample\"")).unwrap();
    let info = sandbox.path().join("tmp/run.json");
    let text = fs::read_to_string(&info).unwrap();
    fs::write(&info, text.replace("\"data_sha256\": []", "\"data_sha256\": [[\"a\", \"b\"]]")).unwrap();
    sandbox
        .run(&["test", "-p", "tmp"])
        .fails(3, &["tmp/run.json", "SHA-256s of other files", "MNIST sample"]);
}

#[test]
fn a_model_is_tested_on_other_data_only_by_name_and_says_so() {
    let sandbox = trained(&["tmp"]);
    sandbox.run(&["test", "-p", "tmp"]).done();
    let own = sandbox.json("tmp/test.json");
    sandbox.as_if_trained_on("mnist", "tmp");
    let tested = sandbox.run(&["test", "-p", "tmp", "--data", "sample"]).done().stdout;
    assert!(
        tested.starts_with("MNIST sample test set, 200 images; tmp (trained on MNIST, epoch 2); "),
        "{tested}"
    );
    assert!(
        tested.contains("Written: tmp/test-sample.json\n         tmp/predictions-sample.csv\n"),
        "{tested}"
    );
    let other = sandbox.json("tmp/test-sample.json");
    assert_eq!([&other["dataset"], &other["trained_on"]], ["sample", "mnist"]);
    assert_eq!(other["evaluation"], own["evaluation"]);
    assert_eq!(own["trained_on"], Value::Null);
    // The ordinary result and the page stay as they were.
    assert_eq!(sandbox.json("tmp/test.json"), own);
    assert!(!tested.contains("Report: "), "{tested}");
    sandbox.run(&["test", "-p", "tmp", "--data", "sample", "--output", "out"]).done();
    assert!(
        sandbox.has("out/test-sample.json")
            && !sandbox.has("out/test.json")
            && !sandbox.has("out/report.html")
    );
    // A page does not take a test on other data for one of the run's own.
    fs::rename(sandbox.path().join("tmp/test-sample.json"), sandbox.path().join("tmp/test.json")).unwrap();
    sandbox.run(&["report", "-p", "tmp"]).done();
    let html = fs::read_to_string(sandbox.path().join("tmp/report.html")).unwrap();
    assert!(html.contains("The test set has not been looked at"), "{html}");
}

#[test]
fn each_command_looks_for_a_runs_images_where_the_run_had_them() {
    let sandbox = trained(&["tmp"]);
    sandbox.run(&["test", "-p", "tmp"]).done();
    sandbox.as_if_trained_on("mnist", "tmp");
    let info = sandbox.path().join("tmp/run.json");
    let mine = sandbox.path().join("mine/mnist");
    let remembered = format!("\"data_dir\": {:?},\n  \"seed\"", mine.parent().unwrap());
    let text = fs::read_to_string(&info).unwrap();
    assert!(!text.contains("data_dir"), "{text}");
    fs::write(&info, text.replace("\"seed\"", &remembered)).unwrap();
    // The files are wrong, so the error says where they were looked for, and nothing is downloaded.
    fs::create_dir_all(&mine).unwrap();
    for file in ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"] {
        fs::write(mine.join(format!("{file}-ubyte")), "not an image").unwrap();
    }
    for command in ["test", "inspect"] {
        sandbox.run(&[command, "-p", "tmp"]).fails(3, &["mine/mnist/", "found 12 bytes"]);
    }
    sandbox.run(&["show", "--wrong", "-p", "tmp"]).fails(3, &["mine/mnist/t10k-images-idx3-ubyte: found 12"]);
    let reported = sandbox.run(&["report", "-p", "tmp"]).done().stderr;
    assert!(reported.contains("warning: ") && reported.contains("mine/mnist/t10k-images"), "{reported}");
    // Another data set has no place that the run could remember.
    sandbox.run(&["test", "-p", "tmp", "--data", "sample"]).done();
}

#[test]
fn a_model_is_not_tested_on_images_of_other_classes() {
    let sandbox = trained(&["tmp"]);
    sandbox.run(&["test", "-p", "tmp", "--data", "fashion-mnist", "--data-dir", "d"]).fails(
        2,
        &[
            "tmp: the model was trained on the classes of MNIST sample (0, 1, ",
            "those of Fashion-MNIST are T-shirt/top",
        ],
    );
    assert!(!sandbox.path().join("d").exists() && !sandbox.has("tmp/tests.jsonl"));
    sandbox.run(&["test", "-p", "tmp", "--data", "sample"]).done();
    // The run's own data set may be named; the test is then the ordinary one.
    assert!(sandbox.has("tmp/test.json") && !sandbox.has("tmp/test-sample.json"));
}

#[test]
fn runs_of_different_data_sets_are_compared_on_the_one_that_is_named() {
    let sandbox = trained(&["a", "b"]);
    sandbox.as_if_trained_on("mnist", "b");
    sandbox.run(&["test", "--compare", "a", "b"]).fails(2, &["b on MNIST", "--data names"]);
    let compared = sandbox.run(&["test", "--compare", "a", "b", "--data", "sample"]).done().stdout;
    assert!(
        compared.contains("their predictions are the same") || compared.contains("McNemar"),
        "{compared}"
    );
    assert!(sandbox.has("a/test.json") && sandbox.has("b/test-sample.json") && !sandbox.has("b/test.json"));
}

#[test]
fn corrupted_images_are_harder_and_the_result_outlives_a_plain_test() {
    let sandbox = trained(&["tmp"]);
    let text = sandbox.run(&["test", "-p", "tmp", "--corruptions"]).done().stdout;
    let report = sandbox.json("tmp/test.json");
    let each = report["corruptions"]["each"].as_array().unwrap();
    let accuracies: Vec<f64> = each.iter().map(|score| score["accuracy"].as_f64().unwrap()).collect();
    assert_eq!(accuracies.len(), 15);
    let mean = accuracies.iter().sum::<f64>() / 15.0;
    assert!((report["corruptions"]["mean_accuracy"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert!(mean < report["evaluation"]["accuracy"].as_f64().unwrap() - 0.05, "{report}");
    assert!(text.contains("mean of the fifteen") && text.contains("glass-blur"), "{text}");
    sandbox.run(&["test", "-p", "tmp"]).done();
    assert_eq!(sandbox.json("tmp/test.json")["corruptions"], report["corruptions"]);
    // The same images every time.
    let again = sandbox.run(&["test", "-p", "tmp", "--corruptions", "--json"]).done().stdout;
    assert_eq!(parsed(&again)["corruptions"], report["corruptions"]);
}

#[test]
fn logits_are_written_for_comparing_backends() {
    let sandbox = trained(&["tmp"]);
    sandbox.run(&["test", "-p", "tmp", "--logits", "logits.csv"]).done();
    let csv = fs::read_to_string(sandbox.path().join("logits.csv")).unwrap();
    assert!(csv.starts_with("index,label,prediction,logit_0,") && csv.lines().count() == 201, "{csv}");
    let failed = sandbox.run(&["test", "-p", "tmp", "--logits", "no/such/folder.csv"]);
    assert!(failed.code == 1 && failed.stderr.contains("no/such/folder.csv"), "{}", failed.stderr);
    assert!(failed.stdout.contains("accuracy"), "{}", failed.stdout);
}

#[test]
fn a_damaged_newest_checkpoint_is_named_before_an_older_model_is_tested() {
    let sandbox = trained(&["tmp"]);
    let newest = sandbox.checkpoints("tmp").pop().unwrap().join("state.toml");
    fs::write(&newest, "epoch = 1\n").unwrap();
    let warned = sandbox.run(&["test", "-p", "tmp"]).done().stderr;
    assert!(warned.contains("warning: ") && warned.contains("state.toml"), "{warned}");
    assert_eq!(sandbox.json("tmp/test.json")["epoch"], 1);
}

#[test]
fn several_seeds_are_tested_together_and_as_an_ensemble() {
    let sandbox = Sandbox::new();
    let sets = SMALL.iter().flat_map(|set| ["--set", set]);
    let words: Vec<&str> = ["train", "--seeds", "3", "-p", "tmp"]
        .into_iter()
        .chain(sets)
        .chain(["--set", "train.epochs=2"])
        .collect();
    sandbox.run(&words).done();
    let report = parsed(&sandbox.run(&["test", "-p", "tmp", "--json"]).done().stdout);
    assert_eq!(report, sandbox.json("tmp/test.json"));
    let each: Vec<Vec<(usize, usize, Vec<f64>)>> =
        ["tmp/seed-1", "tmp/seed-2", "tmp/seed-3"].map(|run| predictions(&sandbox, run)).to_vec();
    let accuracies: Vec<f64> = each
        .iter()
        .map(|rows| rows.iter().filter(|row| row.0 == row.1).count() as f64 / rows.len() as f64)
        .collect();
    let mean = accuracies.iter().sum::<f64>() / 3.0;
    let deviation = (accuracies.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    let close = |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 1e-12;
    assert!(close(&report["accuracy"]["mean"], mean), "{report}");
    assert!(close(&report["accuracy"]["standard_deviation"], deviation), "{report}");
    assert!(close(&report["accuracy"]["standard_error"], deviation / 3f64.sqrt()), "{report}");
    // The ensemble takes the class with the largest mean probability.
    let right = (0..each[0].len())
        .filter(|&i| {
            let mean = |class: usize| each.iter().map(|rows| rows[i].2[class]).sum::<f64>();
            let best = (1..10).fold(0, |best, class| if mean(class) > mean(best) { class } else { best });
            best == each[0][i].0
        })
        .count();
    assert_eq!(report["ensemble"]["correct"], right);
    let text = sandbox.run(&["test", "-p", "tmp"]).done().stdout;
    assert!(text.contains("standard error") && text.contains("their ensemble"), "{text}");
    assert!(text.contains("tested up to 2 times"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    sandbox.run(&["test", "-p", "tmp", "--logits", "l.csv"]).fails(2, &["--logits needs a single run"]);
    sandbox.run(&["report", "-p", "tmp", "--figures", "figures"]).done();
    assert!(sandbox.path().join("figures/seed-3/loss.svg").is_file());
}
