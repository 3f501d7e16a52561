//! A sweep as TOML text: how many trials there are, and which values each key may have.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::Value;

use crate::config::{ConfigError, Problem, decode, line_and_column};

/// The most trials of a sweep.
const MOST_TRIALS: u64 = 1000;

/// What a sweep draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Space {
    pub trials: u64,
    /// Another seed draws other trials. It is not the seed that a trial is trained with.
    #[serde(default)]
    pub seed: u64,
    /// The configuration that all trials share but for the keys, relative to the folder of the sweep's file. Without one
    /// it is the default configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
    /// What each key may be. A key is written as for `--set`, such as `train.learning_rate`.
    pub keys: BTreeMap<String, Range>,
}

/// The values that a key may have. Between two whole numbers only whole ones are drawn, the second one included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// Each number between two is as probable.
    Uniform(Vec<Value>),
    /// Each factor is as probable: as many values between 0.001 and 0.01 as between 0.01 and 0.1.
    LogUniform(Vec<Value>),
    /// Each of the values is as probable.
    Choices(Vec<Value>),
}

impl Space {
    /// As [`Self::parse`], for the bytes of a file in one of the encodings that configurations are read in.
    ///
    /// # Errors
    /// As [`Self::parse`], and if the bytes are not a text.
    pub fn parse_bytes(source_name: &str, bytes: &[u8]) -> Result<Self, ConfigError> {
        let refuse = |reason| ConfigError::NotText { path: source_name.to_owned(), reason };
        Self::parse(source_name, &decode(bytes).map_err(refuse)?)
    }

    /// Reads a sweep from TOML. `source_name` names the text in errors.
    ///
    /// # Errors
    /// If the text is not TOML, has a key that a sweep does not have, or a range of which nothing can be drawn.
    pub fn parse(source_name: &str, text: &str) -> Result<Self, ConfigError> {
        let refuse = |at: usize, problem: String| {
            let (line, column) = line_and_column(text, at);
            let source_name = source_name.to_owned();
            ConfigError::Text { source_name, line, column, problem: Problem::Value(problem) }
        };
        let space: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            refuse(at, error.message().lines().next().unwrap_or_default().to_owned())
        })?;
        let place = |word: &str| text.find(word).unwrap_or(0);
        if !(1..=MOST_TRIALS).contains(&space.trials) {
            let problem = format!("trials = {}: expected 1 to {MOST_TRIALS}", space.trials);
            return Err(refuse(place("trials"), problem));
        }
        if space.keys.is_empty() {
            let problem = "[keys] is empty, so all trials would be the same; expected a key such as \
                           \"train.learning_rate\" = { log_uniform = [0.0003, 0.01] }";
            return Err(refuse(place("[keys]"), problem.to_owned()));
        }
        for (key, range) in &space.keys {
            let problem = if key.starts_with("data.") {
                Some(
                    "all trials have to be compared on the same images; expected a key of another table"
                        .into(),
                )
            } else {
                range.problem()
            };
            if let Some(problem) = problem {
                return Err(refuse(place_of_key(text, key), format!("{key}: {problem}")));
            }
        }
        Ok(space)
    }
}

/// Where a key stands below `[keys]`, with or without quotes; the beginning of that table if it is written in another way.
fn place_of_key(text: &str, key: &str) -> usize {
    let table = text.find("[keys]").unwrap_or(0);
    let mut start = table;
    for line in text[table..].split_inclusive('\n') {
        let name = line.trim_start_matches([' ', '\t', '"', '\'']);
        if name
            .strip_prefix(key)
            .is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with('='))
        {
            return start + line.len() - name.len();
        }
        start += line.len();
    }
    table
}

impl Range {
    /// Why nothing can be drawn.
    fn problem(&self) -> Option<String> {
        if let Self::Choices(values) = self {
            return values.is_empty().then(|| "found no choices, expected some, such as [32, 64]".to_owned());
        }
        let Some((low, high)) = self.ends() else {
            return Some("expected two numbers, such as [0.1, 0.5]".to_owned());
        };
        if !(low < high && low.is_finite() && high.is_finite()) {
            return Some(format!("found {low} and {high}, expected a lower and a higher number"));
        }
        let is_log = matches!(self, Self::LogUniform(_));
        (is_log && low <= 0.0)
            .then(|| format!("found {low}, which has no logarithm; expected a number above 0"))
    }

    /// The two ends of a range. `None` for choices, and for ends that are not numbers.
    pub fn ends(&self) -> Option<(f64, f64)> {
        let (Self::Uniform(ends) | Self::LogUniform(ends)) = self else { return None };
        let [low, high] = &**ends else { return None };
        Some((number(low)?, number(high)?))
    }

    /// Whether only whole numbers are drawn.
    pub fn is_whole(&self) -> bool {
        let (Self::Uniform(ends) | Self::LogUniform(ends)) = self else { return false };
        ends.iter().all(Value::is_integer)
    }

    /// Values of which a configuration that takes them takes all: the two ends, or each choice.
    pub(super) fn examples(&self) -> &[Value] {
        match self {
            Self::Uniform(values) | Self::LogUniform(values) | Self::Choices(values) => values,
        }
    }
}

/// A TOML number as one that can be compared.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(whole) => Some(*whole as f64),
        Value::Float(float) => Some(*float),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "trials = 4\n[keys]\n\"train.learning_rate\" = { log_uniform = [0.001, 0.1] }\n";

    #[test]
    fn a_sweep_is_the_same_after_it_was_written() {
        let text = GOOD.to_owned()
            + "\"model.dropout\" = { choices = [0, 0.5] }\n\"train.warmup_fraction\" = { uniform = [0, 0.5] }";
        let space = Space::parse("sweep.toml", &text).unwrap();
        assert_eq!((space.trials, space.seed, space.keys.len()), (4, 0, 3));
        let written = toml::to_string(&space).unwrap();
        assert_eq!(Space::parse("again", &written).unwrap(), space);
    }

    #[test]
    fn a_mistake_has_a_place_and_a_reason() {
        let with = |key: &str| GOOD.to_owned() + key;
        for (text, place, reason) in [
            ("trials = 0\n[keys]\na = { choices = [1] }".to_owned(), "1:1", "expected 1 to 1000"),
            ("trials = 4\n[keys]\n".to_owned(), "2:1", "would be the same"),
            ("trials = 4\nruns = 3\n[keys]\n".to_owned(), "2:1", "unknown field `runs`"),
            (with("a = { unifrom = [1, 2] }"), "4:", "unknown variant `unifrom`"),
            (with("a = { uniform = [1, 2, 3] }"), "4:1", "expected two numbers"),
            (with("a = { uniform = [2, 1] }"), "4:1", "found 2 and 1"),
            (with("a = { uniform = [1, \"b\"] }"), "4:1", "expected two numbers"),
            (with("a = { log_uniform = [0, 1] }"), "4:1", "no logarithm"),
            (with("a = { choices = [] }"), "4:1", "found no choices"),
            (with("\"data.split_seed\" = { choices = [1, 2] }"), "4:2", "the same images"),
        ] {
            let error = Space::parse("s.toml", &text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("s.toml:{place}")) && error.contains(reason), "{error}");
        }
    }
}
