//! `test --compare A B`: do two runs differ beyond chance?

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::bail;
use dataset::{Name, Subset};
use learner::eval::comparison::{Comparison, Disagreement};
use learner::run::evaluating::TestedRun;
use learner::run::find::RunOrSeeds;
use learner::run::{BestModel, RunDir};
use serde::Serialize;

use crate::args::TestArgs;
use crate::commands::test::saved::Saved;
use crate::commands::test::session::{TestData, TestSession};
use crate::exit::{print, usage};
use crate::paths::short;
use crate::ui::numbers::percent;
use crate::ui::screen::Screen;
use crate::ui::tiles::{Tile, draw};

/// The usual level of significance: of the comparisons between equally good networks, one in twenty finds a
/// difference.
const LEVEL: f64 = 0.05;
/// Number of images that are drawn.
const MOST_TILES: usize = 8;

/// The JSON that `test --compare --json` prints.
#[derive(Serialize)]
struct ComparisonReport {
    a: String,
    b: String,
    dataset: Name,
    #[serde(flatten)]
    comparison: Comparison,
}

pub(super) fn run(args: &TestArgs, pair: &[PathBuf]) -> anyhow::Result<()> {
    let [a, b] = pair else { bail!("--compare takes two runs, found {}", pair.len()) };
    let [a, b] = [RunOrSeeds::open(a)?.one_run()?, RunOrSeeds::open(b)?.one_run()?];
    let [data, other] = [TestData::of(args, &a)?, TestData::of(args, &b)?];
    if data.name != other.name {
        return Err(usage(format!(
            "{} was trained on {}, {} on {}; two runs are compared on the same images, which --data names",
            short(a.path()),
            data.description.title,
            short(b.path()),
            other.description.title
        )));
    }
    // Both models are read before either is tested, because a test is counted.
    let [best_a, best_b] = [a.best_model()?, b.best_model()?];
    let mut session = TestSession::new(args)?;
    let of_a = session.test(&a, &best_a)?;
    let of_b = if b == a { None } else { Some(session.test(&b, &best_b)?) };
    let second = of_b.as_ref().unwrap_or(&of_a);
    let report = ComparisonReport {
        a: of_a.file.run.clone(),
        b: second.file.run.clone(),
        dataset: data.name,
        comparison: Comparison::new(&of_a.probabilities, &second.probabilities)?,
    };
    let text = if args.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else {
        let disagreements = &report.comparison.disagreements;
        let names = &data.classes;
        render(&report, &data.description.title)
            + &render_disagreements(disagreements, &session.images(&a)?, names)
    };
    // As in `test` of one run, the files are written when the comparison is printed, or when that has failed.
    let printed = print(&text);
    let saved_a = save(&mut session, args, &a, &best_a, of_a);
    let saved_b = of_b.map_or(Ok(()), |of_b| save(&mut session, args, &b, &best_b, of_b));
    saved_a.and(saved_b).and(printed)
}

/// Writes a run's files and its page as `test` does.
fn save(
    session: &mut TestSession<'_>,
    args: &TestArgs,
    run: &RunDir,
    best: &BestModel,
    tested: TestedRun,
) -> anyhow::Result<()> {
    let mut saved = Saved::default();
    let page = session.save(run, best, &tested, run.path(), &mut saved);
    saved.add_uncounted(tested.uncounted);
    saved.finish(args, run.path()).and(page)
}

fn render(report: &ComparisonReport, title: &str) -> String {
    let ComparisonReport { a, b, comparison, .. } = report;
    let Comparison { images, both_right, only_a_right, only_b_right, both_wrong, p_value, .. } = comparison;
    let share = |right: usize| percent((*images > 0).then(|| right as f64 / *images as f64));
    let verdict = if *p_value < LEVEL {
        let better = if only_a_right > only_b_right { "A" } else { "B" };
        format!("{better} is better, by more than chance explains.")
    } else {
        "Chance alone could explain the difference: they may be equally good.".to_owned()
    };
    let mut text = format!("{title} test set, {images} images\n\n");
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

/// Draws the first images for which the two runs predict different classes.
fn render_disagreements(disagreements: &[Disagreement], images: &Subset, names: &[String]) -> String {
    if disagreements.is_empty() {
        return "\nTheir predictions are the same for every image.\n".to_owned();
    }
    let shown = disagreements.len().min(MOST_TILES);
    let mut text = format!(
        "\nThey disagree on {} {} (--json lists all of them). Here are {shown}, as\nposition: label, A's and B's prediction\n\n",
        disagreements.len(),
        if disagreements.len() == 1 { "image" } else { "images" }
    );
    let chosen: Vec<Tile<'_>> = disagreements[..shown]
        .iter()
        .map(|&Disagreement { index, label, a, b }| Tile {
            pixels: images.image(index),
            height: images.height(),
            width: images.width(),
            caption: format!("#{index}: {}, {} {}", names[label], names[a], names[b]),
        })
        .collect();
    let screen = Screen::of_stdout();
    text += &draw(&chosen, screen.tiles_in_a_row(images.width()), screen.colors);
    text
}

/// The p-value as text. It is never shown as 0, because an exact test never gives 0.
fn p(value: f64) -> String {
    if value < 1e-4 { "p < 0.0001".to_owned() } else { format!("p = {value:.4}") }
}
