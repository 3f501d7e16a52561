//! Says what `train --seeds` reached: a line for each run, and how the runs spread.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use learner::eval::spread::spread;
use learner::run::SeedsDir;
use run_files::{Spread, names};
use serde::Serialize;

use crate::args::RunOptions;
use crate::commands::train::outcome::TrainedRun;
use crate::exit::{note, print};
use crate::paths::{as_text, command, quoted, short};
use crate::ui::numbers::duration;

/// The JSON that `train --seeds --json` prints.
#[derive(Serialize)]
struct SeedsReport<'a> {
    #[serde(serialize_with = "as_text")]
    folder: &'a Path,
    runs: &'a [TrainedRun],
    /// Accuracy of the best models on validation.
    accuracy: Spread,
}

/// Prints what all runs reached. `runs` are in the order of the seeds.
pub(crate) fn finished(options: &RunOptions, seeds: &SeedsDir, runs: &[TrainedRun]) -> anyhow::Result<()> {
    warn(seeds.seeds(), runs);
    let accuracies: Vec<f64> = runs.iter().map(|run| run.best.score.accuracy).collect();
    let accuracy = spread(&accuracies);
    if options.json {
        let report = SeedsReport { folder: seeds.path(), runs, accuracy };
        return print(&(serde_json::to_string_pretty(&report)? + "\n"));
    }
    let next = command(&format!("test -p {}", quoted(seeds.path())));
    print(&format!(
        "{}\n{}\nReport: {}\nNext:   {next}\n",
        table(seeds.seeds(), runs),
        summary(&accuracy),
        short(&seeds.file(names::PAGE))
    ))
}

/// Prints the runs' warnings: the first one as a whole, of the others the first line.
fn warn(seeds: &[u64], runs: &[TrainedRun]) {
    let each =
        seeds.iter().zip(runs).flat_map(|(seed, run)| run.warnings.iter().map(move |text| (seed, text)));
    for (i, (seed, text)) in each.enumerate() {
        let text = if i == 0 { text } else { text.lines().next().unwrap_or_default() };
        note(&format!("warning: seed {seed}: {text}"));
    }
}

fn table(seeds: &[u64], runs: &[TrainedRun]) -> String {
    let width = seeds.iter().map(|seed| seed.to_string().len()).max().unwrap_or(0).max(4);
    let mut text = format!("{:>width$}  best epoch  valid. acc.  valid. loss    time\n", "seed");
    for (seed, run) in seeds.iter().zip(runs) {
        let (best, took) = (run.best, duration(Duration::from_secs_f64(run.seconds)));
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{seed:>width$}  {:>10}  {:>9.2} %  {:>11.4}  {took:>6}",
            best.epoch,
            100.0 * best.score.accuracy,
            best.score.loss
        );
    }
    text
}

fn summary(accuracy: &Spread) -> String {
    let percent =
        |share: Option<f64>| share.map_or("undefined".to_owned(), |share| format!("{:.3} %", 100.0 * share));
    let [mean, deviation, error] =
        [accuracy.mean, accuracy.standard_deviation, accuracy.standard_error].map(percent);
    format!(
        "Accuracy on validation, {} {}\nmean                {mean:>9}\nstandard deviation  {deviation:>9}\nstandard error      {error:>9}",
        accuracy.n,
        if accuracy.n == 1 { "run" } else { "runs" }
    )
}
