//! Writes the result of `test` as text.

use std::fmt::Write;

use dataset::catalog::Entry;
use learner::eval::evaluation::most_confused;
use run_files::{ClassMetrics, CorruptionScores, Evaluation, Mistake, TestFile};

use crate::ui::names::{self, fitted};
use crate::ui::numbers::{decimal, interval, percent};

const CONFUSED_PAIRS: usize = 5;
/// Number of wrong images that are listed without `--worst`.
const WORST_SHOWN: usize = 5;

/// The table has this many classes at most.
const MOST_IN_TABLE: usize = 40;
/// A class's name has at most this many columns in the table, which is then 80 columns wide.
const LONGEST_IN_TABLE: usize = 34;

/// Accuracy with its interval, loss, calibration, a line for each class, the most confused pairs, and the
/// wrong images with the highest loss: `worst` of them, or a few.
pub(super) fn render(file: &TestFile, title: &str, hardware: &str, worst: Option<u32>) -> String {
    let evaluation = &file.evaluation;
    let mut text = format!(
        "{title} test set, {} images; {} ({}epoch {}); {} on {hardware}\n{}\n",
        evaluation.images,
        file.run,
        trained_on(file.trained_on.as_deref()),
        file.epoch,
        file.backend,
        times(file.times_tested),
    );
    text += &headline(evaluation);
    text += &class_table(evaluation);
    text += &confused(evaluation);
    text += &mistakes(&file.worst, evaluation, worst.map_or(WORST_SHOWN, |worst| worst as usize));
    if let Some(corruptions) = &file.corruptions {
        text += &corrupted(corruptions, evaluation.accuracy);
    }
    text
}

/// The data set that the model was trained on, if that is another one.
pub(super) fn trained_on(other: Option<&str>) -> String {
    // Another name is written as it is.
    let title = |name: &str| name.parse().map_or(name.to_owned(), |entry: Entry| entry.title().to_owned());
    other.map_or(String::new(), |name| format!("trained on {}, ", title(name)))
}

/// Choosing a model by its test result makes that result too good, so repeated tests are pointed out.
fn times(times_tested: usize) -> String {
    if times_tested < 2 {
        return String::new();
    }
    format!("tested {times_tested} times by now: a model chosen by this result is not tested by it\n")
}

fn headline(evaluation: &Evaluation) -> String {
    let wrong = evaluation.images - evaluation.correct;
    let top: Vec<String> = evaluation
        .top_k
        .iter()
        // Among as many predictions as there are classes, the label always is.
        .filter(|top| [2, 3, 5].contains(&top.k) && top.k < evaluation.classes.len())
        .map(|top| format!("the first {}: {}", top.k, percent(top.accuracy)))
        .collect();
    let mut text = format!(
        "accuracy     {}{}\nwrong        {wrong} of {}\n",
        percent(evaluation.accuracy),
        interval(evaluation),
        evaluation.images
    );
    // Writing to a string cannot fail.
    if !top.is_empty() {
        let _ = writeln!(text, "label among  {}", top.join(", "));
    }
    let _ = writeln!(text, "loss         {} (mean negative log-likelihood)", decimal(evaluation.loss));
    let _ =
        writeln!(text, "calibration  {} (expected calibration error)", percent(evaluation.calibration.ece));
    text.push('\n');
    text
}

fn class_table(evaluation: &Evaluation) -> String {
    let shown = least_certain(&evaluation.classes);
    let width = names::column(shown.iter().map(|class| class.name.as_str()), 5, LONGEST_IN_TABLE);
    let mut text = format!("{:<width$}  precision     recall         F1    images\n", "class");
    for class in &shown {
        let [precision, recall, f1] = [class.precision, class.recall, class.f1].map(percent);
        let _ = writeln!(
            text,
            "{:<width$}  {precision:>9}  {recall:>9}  {f1:>9}  {:>8}",
            fitted(&class.name, width),
            class.support
        );
    }
    let others = evaluation.classes.len() - shown.len();
    if others > 0 {
        let _ = writeln!(text, "{others} more classes have a higher F1; --json lists all of them");
    }
    let macro_f1 = percent(evaluation.macro_f1);
    let _ =
        writeln!(text, "{:<width$}  {:>9}  {:>9}  {macro_f1:>9}  {:>8}", "mean", "", "", evaluation.images);
    text
}

/// The classes in their order; of many, those with the lowest F1, the lowest first. A class without an F1 says nothing
/// and comes last.
fn least_certain(classes: &[ClassMetrics]) -> Vec<&ClassMetrics> {
    let mut shown: Vec<&ClassMetrics> = classes.iter().collect();
    if shown.len() > MOST_IN_TABLE {
        shown.sort_by(|a, b| a.f1.unwrap_or(2.0).total_cmp(&b.f1.unwrap_or(2.0)));
        shown.truncate(MOST_IN_TABLE);
    }
    shown
}

fn confused(evaluation: &Evaluation) -> String {
    let pairs = most_confused(evaluation, CONFUSED_PAIRS);
    if pairs.is_empty() {
        return "\nno image was taken for another class\n".to_owned();
    }
    let name = |class: usize| fitted(&evaluation.classes[class].name, 30);
    let mut text = "\nmost confused\n".to_owned();
    for pair in pairs {
        let _ =
            writeln!(text, "{:>5} x  {} taken for {}", pair.count, name(pair.label), name(pair.prediction));
    }
    text
}

fn mistakes(worst: &[Mistake], evaluation: &Evaluation, shown: usize) -> String {
    if worst.is_empty() || shown == 0 {
        return String::new();
    }
    let name = |class: usize| fitted(&evaluation.classes[class].name, 14);
    let mut text = "\nworst mistakes\n".to_owned();
    for mistake in &worst[..shown.min(worst.len())] {
        let _ = writeln!(
            text,
            "{:>7}  {} taken for {} ({:.1} % sure), loss {}",
            format!("#{}", mistake.index),
            name(mistake.label),
            name(mistake.prediction),
            100.0 * mistake.probabilities[mistake.prediction],
            mistake.loss.map_or("infinite".to_owned(), |loss| format!("{loss:.2}"))
        );
    }
    text
}

fn corrupted(corruptions: &CorruptionScores, clean: Option<f64>) -> String {
    let mut text =
        format!("\naccuracy on corrupted images (MNIST-C)\n{:<16}{:>9}\n", "clean", percent(clean));
    for score in &corruptions.each {
        let _ = writeln!(text, "{:<16}{:>9}", score.name, percent(Some(score.accuracy)));
    }
    let _ = writeln!(text, "{:<16}{:>9}  mean of the fifteen", "", percent(Some(corruptions.mean_accuracy)));
    text
}
