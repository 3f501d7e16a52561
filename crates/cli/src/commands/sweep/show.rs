//! `sweep status` and `sweep report`: what the trials have reached, and what to do with the best.

use learner::run::now;
use learner::sweep::{Range, SweepDir};
use report::{KeyScale, SweepKey, SweepTrial, SweepView};
use run_files::names;

use crate::args::SweepShowArgs;
use crate::commands::sweep::next::{advice, go_on};
use crate::commands::sweep::results::{Results, Row, State};
use crate::commands::sweep::table;
use crate::exit::print;
use crate::paths::short;

pub(super) fn status(args: &SweepShowArgs) -> anyhow::Result<()> {
    let sweep = SweepDir::open(&args.dir)?;
    let results = Results::read(&sweep)?;
    if args.json {
        return print(&(serde_json::to_string_pretty(&results)? + "\n"));
    }
    let count = results.trials.len();
    let mut text = format!("{count} trials: {}\n", table::counts(&results));
    if let Some(best) = best_line(&sweep, &results) {
        text += &best;
    }
    if is_open(&results) {
        text += &format!("Go on: {}\n", go_on(sweep.path()));
    }
    print(&text)
}

pub(super) fn report(args: &SweepShowArgs) -> anyhow::Result<()> {
    finished(&SweepDir::open(&args.dir)?, args.json)
}

/// Prints the table of the trials, and writes the page with the figures.
pub(super) fn finished(sweep: &SweepDir, json: bool) -> anyhow::Result<()> {
    let results = Results::read(sweep)?;
    let page = report::sweep_page(&view(sweep, &results), &now())?;
    sweep.write(names::PAGE, page.as_bytes())?;
    if json {
        return print(&(serde_json::to_string_pretty(&results)? + "\n"));
    }
    let mut text = format!("{} trials: {}\n\n", results.trials.len(), table::counts(&results));
    if let Some(best) = best_line(sweep, &results) {
        text += &format!("{}\n{best}{}", table::finished(sweep, &results), advice(sweep, &results));
    }
    text += &format!("Report: {}\n", short(&sweep.file(names::PAGE)));
    if is_open(&results) {
        text += &format!("Go on:  {}\n", go_on(sweep.path()));
    }
    print(&text)
}

fn is_open(results: &Results<'_>) -> bool {
    results.trials.iter().any(|row| !matches!(row.state, State::Finished { .. } | State::Failed { .. }))
}

fn best_line(sweep: &SweepDir, results: &Results<'_>) -> Option<String> {
    let row = results.trials.first()?;
    let trial = sweep.plan().trials().iter().find(|trial| trial.number == row.trial)?;
    let accuracy = 100.0 * row.best()?.score.accuracy;
    let values = trial.text(sweep.plan());
    Some(format!("Best: trial {}, {accuracy:.2} % on validation ({values})\n", row.trial))
}

/// The sweep as its page shows it.
fn view(sweep: &SweepDir, results: &Results<'_>) -> SweepView {
    let plan = sweep.plan();
    let key = |(key, range): (&str, &Range)| SweepKey {
        name: key.to_owned(),
        scale: match range {
            Range::Uniform(_) => KeyScale::Linear,
            Range::LogUniform(_) => KeyScale::Logarithmic,
            Range::Choices(_) => KeyScale::Choices,
        },
    };
    let trial = |row: &Row| {
        let trial = plan.trials().iter().find(|trial| trial.number == row.trial);
        SweepTrial {
            number: row.trial,
            texts: plan.keys().map(|(key, _)| row.text(key)).collect(),
            positions: trial.map(|trial| trial.positions().collect()).unwrap_or_default(),
            accuracy: row.best().map(|best| best.score.accuracy),
            loss: row.best().map(|best| best.score.loss),
            epoch: row.best().map(|best| best.epoch),
            seconds: match row.state {
                State::Finished { seconds, .. } => Some(seconds),
                _ => None,
            },
            failure: match &row.state {
                State::Failed { reason } => Some(reason.clone()),
                _ => None,
            },
        }
    };
    SweepView {
        name: short(sweep.path()),
        keys: plan.keys().map(key).collect(),
        trials: results.trials.iter().map(trial).collect(),
    }
}
