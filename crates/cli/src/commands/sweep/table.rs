//! The trials of a sweep as lines of text.

use std::fmt::Write;

use learner::sweep::SweepDir;

use crate::commands::sweep::results::{Results, State};

/// A line for each finished trial, the best first, and one for each that failed. The lines depend on nothing but the
/// sweep, so they are the same whichever processes trained the trials.
pub(super) fn finished(sweep: &SweepDir, results: &Results<'_>) -> String {
    let keys: Vec<&str> = sweep.plan().keys().map(|(key, _)| key).collect();
    let heads = short_names(&keys);
    let rows = results.trials.iter().filter(|row| row.best().is_some());
    let widths: Vec<usize> = keys
        .iter()
        .zip(&heads)
        .map(|(key, head)| rows.clone().map(|row| row.text(key).len()).fold(head.len(), usize::max))
        .collect();
    let mut text = "trial  valid. acc.  valid. loss".to_owned();
    for (head, width) in heads.iter().zip(&widths) {
        // Writing to a string cannot fail.
        let _ = write!(text, "  {head:>width$}");
    }
    text.push('\n');
    for row in rows {
        let Some(best) = row.best() else { continue };
        let (accuracy, loss) = (100.0 * best.score.accuracy, best.score.loss);
        let _ = write!(text, "{:>5}  {accuracy:>9.2} %  {loss:>11.4}", row.trial);
        for (key, width) in keys.iter().zip(&widths) {
            let _ = write!(text, "  {:>width$}", row.text(key));
        }
        text.push('\n');
    }
    for row in &results.trials {
        if let State::Failed { reason } = &row.state {
            let _ = writeln!(text, "{:>5}  failed: {reason}", row.trial);
        }
    }
    text
}

/// The last words of the keys, or the whole keys where two have the same last word.
pub(super) fn short_names<'a>(keys: &[&'a str]) -> Vec<&'a str> {
    let last = |key: &&'a str| key.rsplit('.').next().unwrap_or(key);
    let names: Vec<&str> = keys.iter().map(last).collect();
    let is_alone = |name: &&str| names.iter().filter(|other| *other == name).count() == 1;
    if names.iter().all(is_alone) { names } else { keys.to_vec() }
}

/// How many trials are how far: `31 finished, 1 failed, 8 to come`.
pub(super) fn counts(results: &Results<'_>) -> String {
    let count = |is: fn(&State) -> bool| results.trials.iter().filter(|row| is(&row.state)).count();
    let counts = [
        (count(|state| matches!(state, State::Finished { .. })), "finished"),
        (count(|state| matches!(state, State::Failed { .. })), "failed"),
        (count(|state| matches!(state, State::Training)), "being trained"),
        (count(|state| matches!(state, State::Interrupted)), "interrupted"),
        (count(|state| matches!(state, State::Missing)), "to come"),
    ];
    let named = counts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}"));
    named.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_short_unless_two_would_be_the_same() {
        assert_eq!(short_names(&["train.batch_size", "model.dropout"]), ["batch_size", "dropout"]);
        let units = ["model.units.0.filters", "model.units.1.filters"];
        assert_eq!(short_names(&units), units);
    }
}
