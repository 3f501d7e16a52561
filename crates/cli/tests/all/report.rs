//! Tests pages, figures and event files of real runs.

use std::fs;
use std::path::Path;

use crate::program::Sandbox;

fn trained(runs: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    for run in runs {
        sandbox.train(&["-p", run, "--set", "train.epochs=2"]).done();
    }
    sandbox
}

fn page(sandbox: &Sandbox, file: &str) -> String {
    fs::read_to_string(sandbox.path().join(file)).unwrap()
}

/// A share as a page writes it: with two decimals and a space that does not break.
fn percent(share: &serde_json::Value) -> String {
    format!("{:.2}\u{a0}%", 100.0 * share.as_f64().unwrap())
}

#[test]
fn training_ends_with_an_evaluation_on_validation_and_a_page_that_needs_no_network() {
    let sandbox = trained(&["tmp"]);
    let evaluated = sandbox.json("tmp/validation.json");
    let metrics = page(&sandbox, "tmp/metrics.jsonl");
    let finish: serde_json::Value = serde_json::from_str(metrics.lines().last().unwrap()).unwrap();
    assert_eq!(evaluated["evaluation"]["accuracy"], finish["best_accuracy"]);
    let loss = |value: &serde_json::Value| value.as_f64().unwrap();
    assert!((loss(&evaluated["evaluation"]["loss"]) - loss(&finish["best_loss"])).abs() < 1e-12);
    let html = page(&sandbox, "tmp/report.html");
    assert!(html.contains(&percent(&evaluated["evaluation"]["accuracy"])), "accuracy on validation");
    assert!(html.contains("test -p tmp"), "how to test");
    for address in ["src=\"http", "href=\"http", "url(http", "<script"] {
        assert!(!html.contains(address), "{address}");
    }
    assert!(!sandbox.path().join("tmp/test.json").exists());
}

#[test]
fn a_run_that_was_killed_before_its_page_gets_it_when_resumed() {
    let sandbox = trained(&["tmp"]);
    let before = page(&sandbox, "tmp/validation.json");
    for file in ["tmp/validation.json", "tmp/report.html"] {
        fs::remove_file(sandbox.path().join(file)).unwrap();
    }
    sandbox.run(&["train", "--resume", "-p", "tmp"]).done();
    assert_eq!(page(&sandbox, "tmp/validation.json"), before);
    assert!(page(&sandbox, "tmp/report.html").contains("</html>"));
}

#[test]
fn a_test_is_on_the_page_until_the_model_is_another_one() {
    let sandbox = trained(&["tmp"]);
    sandbox.run(&["test", "-p", "tmp", "--corruptions"]).done();
    let test = sandbox.json("tmp/test.json");
    let accuracy = percent(&test["evaluation"]["accuracy"]);
    let html = page(&sandbox, "tmp/report.html");
    assert!(html.contains(&accuracy) && html.contains("glass-blur"), "{accuracy}");
    // There are at least as many images as wrong ones are kept.
    assert!(html.matches("data:image/png;base64,").count() >= test["worst"].as_array().unwrap().len());
    let file = sandbox.path().join("tmp/test.json");
    let other = page(&sandbox, "tmp/test.json").replace(test["weights_sha256"].as_str().unwrap(), "0000");
    fs::write(&file, other).unwrap();
    sandbox.run(&["report", "-p", "tmp"]).done();
    assert!(!page(&sandbox, "tmp/report.html").contains("glass-blur"));
    fs::write(&file, "{").unwrap();
    let warned = sandbox.run(&["report", "-p", "tmp"]).done().stderr;
    assert!(warned.contains("warning: ") && warned.contains("tmp/test.json"), "{warned}");
    fs::write(sandbox.path().join("tmp/run.json"), "{").unwrap();
    sandbox
        .run(&["report", "-p", "tmp"])
        .fails(3, &["tmp/run.json", "expected the file as this program writes it"]);
}

#[test]
fn resuming_a_tested_run_keeps_its_page_and_never_mixes_up_images() {
    let sandbox = trained(&["tmp"]);
    sandbox.run(&["test", "-p", "tmp"]).done();
    let before = page(&sandbox, "tmp/report.html");
    sandbox.run(&["train", "--resume", "-p", "tmp"]).done();
    assert_eq!(page(&sandbox, "tmp/report.html"), before);
    // A page that training writes has no images of the test set, because training does not load them.
    fs::remove_file(sandbox.path().join("tmp/report.html")).unwrap();
    sandbox.run(&["train", "--resume", "-p", "tmp"]).done();
    assert!(!page(&sandbox, "tmp/report.html").contains("data:image/png"));
    sandbox.run(&["report", "-p", "tmp"]).done();
    let images = |html: &str| html.matches("data:image/png").count();
    assert_eq!(images(&page(&sandbox, "tmp/report.html")), images(&before));
}

#[test]
fn a_page_does_not_deny_that_the_run_was_tested() {
    let sandbox = trained(&["tmp"]);
    assert!(page(&sandbox, "tmp/report.html").contains("The test set has not been looked at"));
    sandbox.run(&["test", "-p", "tmp"]).done();
    fs::remove_file(sandbox.path().join("tmp/test.json")).unwrap();
    sandbox.run(&["report", "-p", "tmp"]).done();
    assert!(
        page(&sandbox, "tmp/report.html").contains("The run has been tested 1×, but not with this model")
    );
}

#[test]
fn several_runs_stand_side_by_side_and_figures_are_files() {
    let sandbox = trained(&["a", "b"]);
    sandbox.run(&["test", "-p", "a"]).done();
    let said =
        sandbox.run(&["report", "-p", "a", "b", "-o", "both.html", "--figures", "figures"]).done().stdout;
    assert!(said.contains("both.html") && said.contains("learning-rate"), "{said}");
    let html = page(&sandbox, "both.html");
    assert!(html.contains(">a<") && html.contains(">b<"));
    assert_drawn(&sandbox.path().join("figures/comparison-loss.png"));
    for figure in ["loss", "confusion-matrix", "filters"] {
        let svg = page(&sandbox, &format!("figures/a/{figure}.svg"));
        assert!(svg.contains("<svg") && !svg.contains("NaN"), "{figure}");
        assert_drawn(&sandbox.path().join(format!("figures/b/{figure}.png")));
    }
    sandbox.run(&["report", "-p", "a", "none"]).fails(3, &["none holds no run"]);
    sandbox.run(&["report", "-p", "a", "-o", "no/such/page.html"]).fails(1, &["no/such/page.html"]);
}

fn assert_drawn(file: &Path) {
    let decoder = png::Decoder::new(std::io::BufReader::new(fs::File::open(file).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let different = pixels.iter().collect::<std::collections::BTreeSet<_>>().len();
    assert!(different > 10, "{}: {different} shades", file.display());
}

#[test]
fn event_files_are_written_on_request_and_continued_by_a_resumed_run() {
    let sandbox = Sandbox::new();
    let files = |run: &str| {
        let folder = sandbox.path().join(run).join("tensorboard");
        fs::read_dir(folder).map_or(0, |files| files.filter(|file| file.is_ok()).count())
    };
    sandbox.train(&["-p", "with", "--tensorboard", "--set", "train.epochs=1"]).done();
    sandbox.train(&["-p", "without", "--set", "train.epochs=1"]).done();
    assert_eq!([files("with"), files("without")], [1, 0]);
    for run in ["with", "without"] {
        sandbox.run(&["train", "--resume", "-p", run]).done();
    }
    assert_eq!([files("with"), files("without")], [2, 0]);
    // A run that was interrupted before its first checkpoint starts over, and still has event files.
    fs::remove_dir_all(sandbox.path().join("with/checkpoints")).unwrap();
    sandbox.run(&["train", "--resume", "-p", "with"]).done();
    assert_eq!(files("with"), 3);
}
