//! Pages, figures and event files of real runs.

use std::fs;
use std::path::Path;

use crate::program::Desk;

fn trained(runs: &[&str]) -> Desk {
    let desk = Desk::new();
    for run in runs {
        desk.train(&["-p", run, "--set", "train.epochs=2"]).done();
    }
    desk
}

fn page(desk: &Desk, file: &str) -> String {
    fs::read_to_string(desk.path().join(file)).unwrap()
}

/// As a page writes a share: two decimals and a space that does not break.
fn percent(share: &serde_json::Value) -> String {
    format!("{:.2}\u{a0}%", 100.0 * share.as_f64().unwrap())
}

#[test]
fn training_ends_with_an_evaluation_on_validation_and_a_page_that_needs_no_network() {
    let desk = trained(&["tmp"]);
    let evaluated = desk.json("tmp/validation.json");
    let metrics = page(&desk, "tmp/metrics.jsonl");
    let finish: serde_json::Value = serde_json::from_str(metrics.lines().last().unwrap()).unwrap();
    assert_eq!(evaluated["evaluation"]["accuracy"], finish["best_accuracy"]);
    let loss = |value: &serde_json::Value| value.as_f64().unwrap();
    assert!((loss(&evaluated["evaluation"]["loss"]) - loss(&finish["best_loss"])).abs() < 1e-12);
    let html = page(&desk, "tmp/report.html");
    assert!(html.contains(&percent(&evaluated["evaluation"]["accuracy"])), "accuracy on validation");
    assert!(html.contains("test -p tmp"), "how to test");
    for address in ["src=\"http", "href=\"http", "url(http", "<script"] {
        assert!(!html.contains(address), "{address}");
    }
    assert!(!desk.path().join("tmp/test.json").exists());
}

#[test]
fn a_run_that_was_killed_before_its_page_gets_it_by_going_on() {
    let desk = trained(&["tmp"]);
    let before = page(&desk, "tmp/validation.json");
    for file in ["tmp/validation.json", "tmp/report.html"] {
        fs::remove_file(desk.path().join(file)).unwrap();
    }
    desk.run(&["train", "--resume", "-p", "tmp"]).done();
    assert_eq!(page(&desk, "tmp/validation.json"), before);
    assert!(page(&desk, "tmp/report.html").contains("</html>"));
}

#[test]
fn a_test_is_on_the_page_until_the_model_is_another_one() {
    let desk = trained(&["tmp"]);
    desk.run(&["test", "-p", "tmp", "--corruptions"]).done();
    let test = desk.json("tmp/test.json");
    let accuracy = percent(&test["evaluation"]["accuracy"]);
    let html = page(&desk, "tmp/report.html");
    assert!(html.contains(&accuracy) && html.contains("glass-blur"), "{accuracy}");
    // As many images as wrong ones are kept, none of them empty.
    assert!(html.matches("data:image/png;base64,").count() >= test["worst"].as_array().unwrap().len());
    let file = desk.path().join("tmp/test.json");
    let other = page(&desk, "tmp/test.json").replace(test["weights_sha256"].as_str().unwrap(), "0000");
    fs::write(&file, other).unwrap();
    desk.run(&["report", "-p", "tmp"]).done();
    assert!(!page(&desk, "tmp/report.html").contains("glass-blur"));
    fs::write(&file, "{").unwrap();
    let warned = desk.run(&["report", "-p", "tmp"]).done().stderr;
    assert!(warned.contains("warning: ") && warned.contains("tmp/test.json"), "{warned}");
    fs::write(desk.path().join("tmp/run.json"), "{").unwrap();
    desk.run(&["report", "-p", "tmp"])
        .fails(3, &["tmp/run.json", "expected the file as this program writes it"]);
}

#[test]
fn resuming_a_tested_run_keeps_its_page_and_never_mixes_up_images() {
    let desk = trained(&["tmp"]);
    desk.run(&["test", "-p", "tmp"]).done();
    let before = page(&desk, "tmp/report.html");
    desk.run(&["train", "--resume", "-p", "tmp"]).done();
    assert_eq!(page(&desk, "tmp/report.html"), before);
    // Written anew, it has no images of the test set, since training does not read it.
    fs::remove_file(desk.path().join("tmp/report.html")).unwrap();
    desk.run(&["train", "--resume", "-p", "tmp"]).done();
    assert!(!page(&desk, "tmp/report.html").contains("data:image/png"));
    desk.run(&["report", "-p", "tmp"]).done();
    let images = |html: &str| html.matches("data:image/png").count();
    assert_eq!(images(&page(&desk, "tmp/report.html")), images(&before));
}

#[test]
fn a_page_does_not_deny_that_the_run_was_tested() {
    let desk = trained(&["tmp"]);
    assert!(page(&desk, "tmp/report.html").contains("The test set has not been looked at"));
    desk.run(&["test", "-p", "tmp"]).done();
    fs::remove_file(desk.path().join("tmp/test.json")).unwrap();
    desk.run(&["report", "-p", "tmp"]).done();
    assert!(page(&desk, "tmp/report.html").contains("The run has been tested 1×, but not with this model"));
}

#[test]
fn several_runs_stand_side_by_side_and_figures_are_files() {
    let desk = trained(&["a", "b"]);
    desk.run(&["test", "-p", "a"]).done();
    let said = desk.run(&["report", "-p", "a", "b", "-o", "both.html", "--figures", "figures"]).done().stdout;
    assert!(said.contains("both.html") && said.contains("learning-rate"), "{said}");
    let html = page(&desk, "both.html");
    assert!(html.contains(">a<") && html.contains(">b<"));
    assert_drawn(&desk.path().join("figures/comparison-loss.png"));
    for figure in ["loss", "confusion-matrix", "filters"] {
        let svg = page(&desk, &format!("figures/a/{figure}.svg"));
        assert!(svg.contains("<svg") && !svg.contains("NaN"), "{figure}");
        assert_drawn(&desk.path().join(format!("figures/b/{figure}.png")));
    }
    desk.run(&["report", "-p", "a", "none"]).fails(3, &["none holds no run"]);
    desk.run(&["report", "-p", "a", "-o", "no/such/page.html"]).fails(1, &["no/such/page.html"]);
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
fn event_files_are_written_on_request_and_a_resumed_run_goes_on_with_them() {
    let desk = Desk::new();
    let files = |run: &str| {
        let folder = desk.path().join(run).join("tensorboard");
        fs::read_dir(folder).map_or(0, |files| files.filter(|file| file.is_ok()).count())
    };
    desk.train(&["-p", "with", "--tensorboard", "--set", "train.epochs=1"]).done();
    desk.train(&["-p", "without", "--set", "train.epochs=1"]).done();
    assert_eq!([files("with"), files("without")], [1, 0]);
    for run in ["with", "without"] {
        desk.run(&["train", "--resume", "-p", run]).done();
    }
    assert_eq!([files("with"), files("without")], [2, 0]);
}
