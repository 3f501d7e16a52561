//! What to type next: to go on with a sweep, or with its best trial.

use std::path::Path;

use learner::sweep::SweepDir;
use run_files::names;

use crate::commands::sweep::results::Results;
use crate::paths::{command, quoted};

/// With how many seeds the best trial's configuration is trained for its test.
const SEEDS: usize = 5;

/// The command that trains what is left of a sweep.
pub(super) fn go_on(path: &Path) -> String {
    command(&format!("sweep run {}", quoted(path)))
}

/// The command that compares the trials.
pub(super) fn compare(path: &Path) -> String {
    command(&format!("sweep report {}", quoted(path)))
}

/// What to do with the best trial.
pub(super) fn advice(sweep: &SweepDir, results: &Results<'_>) -> String {
    let Some(best) = results.best else { return String::new() };
    let config = sweep.trial_path(best).join(names::CONFIG);
    let runs = sweep.file("best");
    let train = command(&format!("train --config {} --seeds {SEEDS} -p {}", quoted(&config), quoted(&runs)));
    let test = command(&format!("test -p {}", quoted(&runs)));
    format!(
        "The best of many is partly the luckiest. How good its configuration is, other seeds and the test set tell:\n\
         Next:   {train}\n        {test}\n"
    )
}
