//! The result of `test` as text.

use std::fmt::Write;

use learner::metrics::most_confused;
use run_files::{CorruptionScores, Evaluation, Mistake};

use crate::tester::Tested;

const CONFUSED_PAIRS: usize = 5;
/// Wrong pictures on the screen, if nobody asks for more.
const WORST_SHOWN: usize = 5;

/// Accuracy with its interval, loss, calibration, a line a class, the most confused pairs, and the
/// wrong pictures that surprise most: `worst` of them, or a few.
pub(crate) fn render(tested: &Tested, hardware: &str, worst: Option<u32>) -> String {
    let report = &tested.report;
    let evaluation = &report.evaluation;
    let mut text = format!(
        "{} test set, {} pictures; {} (epoch {}); {} on {hardware}\n{}\n",
        tested.dataset.title(),
        evaluation.images,
        report.run,
        report.epoch,
        report.backend,
        times(report.times_tested),
    );
    text += &headline(evaluation);
    text += &class_table(evaluation);
    text += &confused(evaluation);
    text += &mistakes(&report.worst, evaluation, worst.map_or(WORST_SHOWN, |worst| worst as usize));
    if let Some(corruptions) = &report.corruptions {
        text += &corrupted(corruptions, evaluation.accuracy);
    }
    text
}

/// Each look at the test set makes the next one worth less.
fn times(times_tested: usize) -> String {
    if times_tested < 2 {
        return String::new();
    }
    format!("tested {times_tested} times by now: what is chosen by this result is no longer tested by it\n")
}

pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "undefined".into(), |share| format!("{:.2} %", 100.0 * share))
}

pub(crate) fn interval(evaluation: &Evaluation) -> String {
    evaluation.accuracy_interval.map_or_else(String::new, |[low, high]| {
        format!(" (95 % interval {:.2} to {:.2} %)", 100.0 * low, 100.0 * high)
    })
}

pub(crate) fn decimal(value: Option<f64>) -> String {
    value.map_or_else(|| "undefined".into(), |value| format!("{value:.4}"))
}

fn headline(evaluation: &Evaluation) -> String {
    let wrong = evaluation.images - evaluation.correct;
    let top: Vec<String> = evaluation
        .top_k
        .iter()
        .filter(|top| [2, 3, 5].contains(&top.k))
        .map(|top| format!("{} of the first {}", percent(top.accuracy), top.k))
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
    let _ = writeln!(
        text,
        "calibration  {} expected error of the probabilities",
        percent(evaluation.calibration.ece)
    );
    text.push('\n');
    text
}

fn class_table(evaluation: &Evaluation) -> String {
    let width = evaluation.classes.iter().map(|class| class.name.chars().count()).max().unwrap_or(0).max(5);
    let mut text = format!("{:<width$}  precision     recall         F1  pictures\n", "class");
    for class in &evaluation.classes {
        let [precision, recall, f1] = [class.precision, class.recall, class.f1].map(percent);
        let _ = writeln!(
            text,
            "{:<width$}  {precision:>9}  {recall:>9}  {f1:>9}  {:>8}",
            class.name, class.support
        );
    }
    let macro_f1 = percent(evaluation.macro_f1);
    let _ =
        writeln!(text, "{:<width$}  {:>9}  {:>9}  {macro_f1:>9}  {:>8}", "mean", "", "", evaluation.images);
    text
}

fn confused(evaluation: &Evaluation) -> String {
    let pairs = most_confused(evaluation, CONFUSED_PAIRS);
    if pairs.is_empty() {
        return "\nno picture was taken for another class\n".to_owned();
    }
    let name = |class: usize| &evaluation.classes[class].name;
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
    let name = |class: usize| &evaluation.classes[class].name;
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
        format!("\naccuracy on corrupted pictures (MNIST-C)\n{:<16}{:>9}\n", "clean", percent(clean));
    for score in &corruptions.each {
        let _ = writeln!(text, "{:<16}{:>9}", score.name, percent(Some(score.accuracy)));
    }
    let _ = writeln!(text, "{:<16}{:>9}  mean of the fifteen", "", percent(Some(corruptions.mean_accuracy)));
    text
}
