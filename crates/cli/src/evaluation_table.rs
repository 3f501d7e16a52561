//! The result of `test` as text.

use std::fmt::Write;

use learner::metrics::Evaluation;

use crate::test::TestReport;

const CONFUSED_PAIRS: usize = 5;

/// Accuracy with its interval, loss, a line a class, and the most confused pairs.
pub(crate) fn render(report: &TestReport, hardware: &str) -> String {
    let mut text = format!(
        "{} test set, {} pictures; {} (epoch {}); {} on {hardware}\n\n",
        report.dataset.title(),
        report.evaluation.pictures,
        report.run,
        report.epoch,
        report.backend.name()
    );
    text += &headline(&report.evaluation);
    text += &class_table(&report.evaluation);
    text += &confused(&report.evaluation);
    text
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "undefined".into(), |share| format!("{:.2} %", 100.0 * share))
}

fn headline(evaluation: &Evaluation) -> String {
    let interval = evaluation.accuracy_interval.map_or_else(String::new, |[low, high]| {
        format!(" (95 % interval {:.2} to {:.2} %)", 100.0 * low, 100.0 * high)
    });
    let wrong = evaluation.pictures - evaluation.correct;
    let loss = evaluation.loss.map_or_else(|| "undefined".into(), |loss| format!("{loss:.4}"));
    format!(
        "accuracy   {}{interval}\nwrong      {wrong} of {}\nmean loss  {loss}\n\n",
        percent(evaluation.accuracy),
        evaluation.pictures
    )
}

fn class_table(evaluation: &Evaluation) -> String {
    let width = evaluation.classes.iter().map(|class| class.name.chars().count()).max().unwrap_or(0).max(5);
    let mut text = format!("{:<width$}  precision     recall         F1  pictures\n", "class");
    for class in &evaluation.classes {
        let [precision, recall, f1] = [class.precision, class.recall, class.f1].map(percent);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<width$}  {precision:>9}  {recall:>9}  {f1:>9}  {:>8}",
            class.name, class.support
        );
    }
    text
}

fn confused(evaluation: &Evaluation) -> String {
    let pairs = evaluation.most_confused(CONFUSED_PAIRS);
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
