//! Writes the result of `test` on several seeds as text.

use std::fmt::Write;

use run_files::{SeedsTestFile, Spread};

use crate::commands::test::table::trained_on;
use crate::ui::numbers::{decimal, interval, percent};

/// A line for each run, the spread of the runs, and their ensemble.
pub(super) fn render(file: &SeedsTestFile, title: &str, hardware: &str) -> String {
    let ensemble = &file.ensemble;
    let mut text = format!(
        "{title} test set, {} images; {} in {}; {} on {hardware}\n\n{:>6}{:>9}{:>13}{:>11}{:>12}\n",
        ensemble.images,
        runs(file),
        folder(file),
        file.backend,
        "seed",
        "epoch",
        "accuracy",
        "loss",
        "ECE",
    );
    // Writing to a string cannot fail.
    for run in &file.runs {
        let (accuracy, loss, ece) = (percent(run.accuracy), decimal(run.loss), percent(run.ece));
        let _ = writeln!(text, "{:>6}{:>9}{accuracy:>13}{loss:>11}{ece:>12}", run.seed, run.epoch);
    }
    for missing in &file.missing {
        let _ = writeln!(text, "{:>6}  not tested, and missing from the figures below", missing.seed);
    }
    text.push('\n');
    spread_line(&mut text, "accuracy", &file.accuracy);
    if let Some(corrupted) = &file.corrupted_accuracy {
        spread_line(&mut text, "mean accuracy on corrupted images", corrupted);
    }
    let _ = writeln!(
        text,
        "their ensemble (mean of the probabilities):\n    {}{}, loss {}, ECE {}",
        percent(ensemble.accuracy),
        interval(ensemble),
        decimal(ensemble.loss),
        percent(ensemble.calibration.ece)
    );
    // Choosing a model by its test result makes that result too good, so repeated tests are pointed out.
    let most = file.runs.iter().map(|run| run.times_tested).max().unwrap_or(0);
    if most > 1 {
        let _ = writeln!(
            text,
            "tested up to {most} times by now: a model chosen by this result is not tested by it"
        );
    }
    text
}

/// How many runs were tested, and of how many if some are missing.
fn runs(file: &SeedsTestFile) -> String {
    match (file.runs.len(), file.missing.len()) {
        (1, 0) => "1 run".to_owned(),
        (tested, 0) => format!("{tested} runs"),
        (tested, missing) => format!("{tested} of {} runs", tested + missing),
    }
}

/// The folder, and the data set that its runs were trained on if that is another one.
fn folder(file: &SeedsTestFile) -> String {
    match trained_on(file.trained_on.as_deref()).strip_suffix(", ") {
        None => file.folder.clone(),
        Some(trained_on) => format!("{} ({trained_on})", file.folder),
    }
}

fn spread_line(text: &mut String, of: &str, spread: &Spread) {
    let Spread { n, mean, standard_deviation, standard_error } = *spread;
    let points =
        |value: Option<f64>| value.map_or("undefined".into(), |value| format!("{:.3}", 100.0 * value));
    let runs = if n == 1 { "run" } else { "runs" };
    let _ = writeln!(
        text,
        "{of}, {n} {runs}: mean {} %, standard deviation {}, standard error {}",
        points(mean),
        points(standard_deviation),
        points(standard_error)
    );
}
