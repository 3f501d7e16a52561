//! What the trials of a sweep have reached so far.

use std::cmp::Ordering;
use std::path::Path;

use learner::run::RunDirError;
use learner::sweep::{SweepDir, Trial, TrialState};
use learner::train::state::Best;
use serde::Serialize;
use toml::{Table, Value};

use crate::paths::as_text;

/// A sweep, as `sweep report --json` prints it.
#[derive(Debug, Serialize)]
pub(super) struct Results<'a> {
    #[serde(serialize_with = "as_text")]
    folder: &'a Path,
    /// The number of the best trial; nothing before one is finished.
    pub(super) best: Option<u64>,
    /// The finished trials, the best first, and then the others in the order of their numbers.
    pub(super) trials: Vec<Row>,
}

/// A trial.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) trial: u64,
    pub(super) values: Table,
    #[serde(flatten)]
    pub(super) state: State,
}

/// How far a trial is.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub(super) enum State {
    Finished { best: Best, seconds: f64, weights_sha256: String },
    Failed { reason: String },
    Training,
    Interrupted,
    Missing,
}

impl<'a> Results<'a> {
    /// Reads the state of each trial.
    ///
    /// # Errors
    /// If a trial's files cannot be read.
    pub(super) fn read(sweep: &'a SweepDir) -> Result<Self, RunDirError> {
        let rows = sweep.plan().trials().iter().map(|trial| Row::read(sweep, trial));
        let mut trials: Vec<Row> = rows.collect::<Result<_, _>>()?;
        trials.sort_by(Row::best_first);
        let best = trials.first().filter(|row| row.best().is_some()).map(|row| row.trial);
        Ok(Self { folder: sweep.path(), best, trials })
    }
}

impl Row {
    fn read(sweep: &SweepDir, trial: &Trial) -> Result<Self, RunDirError> {
        let state = match sweep.state(trial.number)? {
            TrialState::Finished(run) => State::Finished {
                best: run.best,
                seconds: run.took.as_secs_f64(),
                weights_sha256: run.model.sha256,
            },
            TrialState::Failed { reason } => State::Failed { reason },
            TrialState::Begun { is_held: true } => State::Training,
            TrialState::Begun { is_held: false } => State::Interrupted,
            TrialState::Missing => State::Missing,
        };
        let keys = sweep.plan().keys().map(|(key, _)| key.to_owned());
        Ok(Self { trial: trial.number, values: keys.zip(trial.values.iter().cloned()).collect(), state })
    }

    /// What a finished trial has reached.
    pub(super) fn best(&self) -> Option<Best> {
        match self.state {
            State::Finished { best, .. } => Some(best),
            _ => None,
        }
    }

    /// The higher accuracy, then the lower loss, then the lower number comes first; what is not finished comes last.
    fn best_first(a: &Self, b: &Self) -> Ordering {
        let by_number = a.trial.cmp(&b.trial);
        match (a.best(), b.best()) {
            (Some(a), Some(b)) => {
                let by_accuracy = b.score.accuracy.total_cmp(&a.score.accuracy);
                by_accuracy.then(a.score.loss.total_cmp(&b.score.loss)).then(by_number)
            }
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => by_number,
        }
    }

    /// The value of a key, for people.
    pub(super) fn text(&self, key: &str) -> String {
        match self.values.get(key) {
            Some(Value::String(word)) => word.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        }
    }
}
