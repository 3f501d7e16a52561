//! `test --compare A B`: do two runs differ beyond chance?

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::bail;
use dataset::{Name, Subset};
use learner::comparison::{Comparison, Disagreement};
use learner::probabilities::Probabilities;
use learner::run_dir::RunDir;
use report::EvaluationFile;
use serde::Serialize;

use crate::args::TestArgs;
use crate::exit::{print, usage};
use crate::page;
use crate::paths::short;
use crate::picture::{Picture, draw};
use crate::screen::Screen;
use crate::test::questions;
use crate::test_table::percent;
use crate::tester::{Tested, Tester};

/// The usual level: one in twenty comparisons of equally good networks is taken for a difference.
const LEVEL: f64 = 0.05;
const DRAWN: usize = 8;

/// What `test --compare --json` prints.
#[derive(Serialize)]
struct ComparisonReport {
    a: String,
    b: String,
    dataset: Name,
    #[serde(flatten)]
    comparison: Comparison,
}

pub(crate) fn run(args: &TestArgs, pair: &[PathBuf]) -> anyhow::Result<()> {
    let [a, b] = pair else { bail!("--compare takes two runs, found {}", pair.len()) };
    let [a, b] = [RunDir::open(a)?, RunDir::open(b)?];
    let [name, other] = [a.config()?.data().dataset, b.config()?.data().dataset];
    if name != other {
        return Err(usage(format!(
            "{} was trained on {}, {} on {}; two runs are compared on the same pictures",
            short(a.path()),
            name.title(),
            short(b.path()),
            other.title()
        )));
    }
    // Before either is tested, and counted.
    for run in [&a, &b] {
        run.best_model()?;
    }
    let mut tester = Tester::new(&args.backend, &args.data_dir)?;
    let of_a = tested(&mut tester, args, &a, name)?;
    let of_b = if b == a { of_a.clone() } else { tested(&mut tester, args, &b, name)? };
    let comparison = Comparison::new(&of_a.1, &of_b.1)?;
    let report = ComparisonReport { a: of_a.0, b: of_b.0, dataset: name, comparison };
    if args.json {
        return print(&(serde_json::to_string_pretty(&report)? + "\n"));
    }
    print(&render(&report))?;
    print(&drawn(&report.comparison.disagreements, tester.pictures(name)?.subset(), name.classes()))
}

/// A run's name and answers. Its files and its page are written, as `test` does.
fn tested(
    tester: &mut Tester,
    args: &TestArgs,
    run: &RunDir,
    name: Name,
) -> anyhow::Result<(String, Probabilities)> {
    let Tested { report, probabilities, .. } = tester.test(run, questions(args))?;
    let pictures = tester.pictures(name)?.subset().clone();
    page::write(run, |file| Ok(matches!(file, EvaluationFile::Test(_)).then_some(pictures)))?;
    Ok((report.run, probabilities))
}

fn render(report: &ComparisonReport) -> String {
    let ComparisonReport { a, b, dataset, comparison } = report;
    let Comparison { pictures, both_right, only_a_right, only_b_right, both_wrong, p_value, .. } = comparison;
    let share = |right: usize| percent((*pictures > 0).then(|| right as f64 / *pictures as f64));
    let verdict = if *p_value < LEVEL {
        let better = if only_a_right > only_b_right { "A" } else { "B" };
        format!("{better} is better, by more than chance explains.")
    } else {
        "Chance alone could explain the difference: they may be equally good.".to_owned()
    };
    let mut text = format!("{} test set, {pictures} pictures\n\n", dataset.title());
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "A  {:>9}  {a}\nB  {:>9}  {b}\n",
        share(both_right + only_a_right),
        share(both_right + only_b_right)
    );
    let _ = writeln!(text, "{:<9}{:>9}{:>9}", "", "B right", "B wrong");
    let _ = writeln!(text, "{:<9}{both_right:>9}{only_a_right:>9}", "A right");
    let _ = writeln!(text, "{:<9}{only_b_right:>9}{both_wrong:>9}\n", "A wrong");
    let _ = writeln!(text, "McNemar's exact test: {}\n{verdict}", p(*p_value));
    text
}

/// The first pictures that the two take for different classes.
fn drawn(disagreements: &[Disagreement], pictures: &Subset, names: &[&str]) -> String {
    if disagreements.is_empty() {
        return "\nTheir predictions are the same for every picture.\n".to_owned();
    }
    let shown = disagreements.len().min(DRAWN);
    let mut text = format!(
        "\nThey disagree on {} pictures (all of them: --json); the first {shown}, as\nposition: label, A's and B's prediction\n\n",
        disagreements.len()
    );
    let chosen: Vec<Picture<'_>> = disagreements[..shown]
        .iter()
        .map(|&Disagreement { index, label, a, b }| Picture {
            pixels: pictures.image(index),
            height: pictures.height(),
            width: pictures.width(),
            caption: format!("#{index}: {}, {} {}", names[label], names[a], names[b]),
        })
        .collect();
    let screen = Screen::of_stdout();
    text += &draw(&chosen, screen.pictures_in_a_row(pictures.width()), screen.colors);
    text
}

/// Never 0, which no exact test says.
fn p(value: f64) -> String {
    if value < 1e-4 { "p < 0.0001".to_owned() } else { format!("p = {value:.4}") }
}
