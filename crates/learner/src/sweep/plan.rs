//! The trials of a sweep, each with a configuration that is known to be valid.

use std::path::PathBuf;

use thiserror::Error;
use toml::Value;

use crate::config::{self, Config, ConfigError, Describe};
use crate::sweep::draw;
use crate::sweep::space::{Range, Space, number};

/// A sweep whose trials can all be trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    space: Space,
    base: Config,
    trials: Vec<Trial>,
}

/// One configuration of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// From 1.
    pub number: u64,
    /// The value of each key, in the order of the sweep's keys.
    pub values: Vec<Value>,
    pub config: Config,
}

/// Why a sweep is refused.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SweepError {
    /// A value that a key does not take, whatever the others are.
    #[error("[keys] has {key} from a range in which {value} is refused: {source}")]
    Key { key: String, value: String, source: Box<ConfigError> },
    /// Values that do not go together.
    #[error("trial {number} ({values}) is refused: {source}; choose ranges that go together")]
    Trial { number: u64, values: String, source: Box<ConfigError> },
    /// The folder holds another sweep.
    #[error("{} is a sweep that differs in {problem}; name another directory for the new one", path.display())]
    Other { path: PathBuf, problem: &'static str },
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Plan {
    /// Draws all trials. They share `base` but for the sweep's keys.
    ///
    /// # Errors
    /// If a value of a key, or a trial's values together, do not make a valid configuration.
    pub fn new(space: Space, base: Config, describe: Describe<'_>) -> Result<Self, SweepError> {
        let text = config::to_toml(&base);
        let text = text.map_err(|error| ConfigError::NotToml { problem: error.to_string() })?;
        let with =
            |values: &[String]| config::parse_with("the sweep's configuration", &text, values, describe);
        for (key, range) in &space.keys {
            for value in range.examples() {
                with(&[assignment(key, value)]).map_err(|source| {
                    let (key, value) = (key.clone(), value.to_string());
                    SweepError::Key { key, value, source: Box::new(source) }
                })?;
            }
        }
        let draw_trial = |number| {
            let drawn = space.keys.iter().map(|(key, range)| draw::value(space.seed, number, key, range));
            let values: Vec<Value> = drawn.collect();
            let assignments: Vec<String> =
                space.keys.keys().zip(&values).map(|(key, value)| assignment(key, value)).collect();
            let refuse = |source| SweepError::Trial {
                number,
                values: assignments.join(", "),
                source: Box::new(source),
            };
            let config = with(&assignments).map_err(refuse)?;
            Ok(Trial { number, values, config })
        };
        let trials = (1..=space.trials).map(draw_trial).collect::<Result<_, SweepError>>()?;
        // The base configuration is kept as a whole, and the file that it came from is not needed again.
        let space = Space { config: None, ..space };
        Ok(Self { space, base, trials })
    }

    pub fn space(&self) -> &Space {
        &self.space
    }

    /// What the trials share.
    pub fn base(&self) -> &Config {
        &self.base
    }

    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// The keys that differ between the trials, with their ranges.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &Range)> {
        self.space.keys.iter().map(|(key, range)| (key.as_str(), range))
    }
}

impl Trial {
    /// The values as numbers for an axis. Words have none.
    pub fn positions(&self) -> impl Iterator<Item = Option<f64>> {
        self.values.iter().map(number)
    }

    /// What is drawn, as it would be typed: `train.batch_size=64, train.learning_rate=0.001`.
    pub fn text(&self, plan: &Plan) -> String {
        let assignments = plan.keys().zip(&self.values).map(|((key, _), value)| assignment(key, value));
        assignments.collect::<Vec<_>>().join(", ")
    }
}

fn assignment(key: &str, value: &Value) -> String {
    format!("{key}={value}")
}

#[cfg(test)]
mod tests {
    use dataset::Description;

    use super::*;

    fn plan(keys: &str) -> Result<Plan, SweepError> {
        let space = Space::parse("s.toml", &format!("trials = 20\n[keys]\n{keys}")).unwrap();
        let base = config::parse("base", "", &["data.dataset=sample".to_owned()]).unwrap();
        Plan::new(space, base, &Description::in_catalog)
    }

    #[test]
    fn each_trial_has_the_configuration_of_its_values() {
        let plan = plan(
            "\"train.learning_rate\" = { log_uniform = [0.001, 0.1] }\n\
             \"train.optimizer\" = { choices = [\"adam\", \"sgd\"] }\n\
             \"model.units.0.filters\" = { uniform = [4, 16] }",
        )
        .unwrap();
        assert_eq!(plan.trials().len(), 20);
        for trial in plan.trials() {
            let [filters, rate, _optimizer] = &*trial.values else { panic!("{:?}", trial.values) };
            assert_eq!(rate.as_float(), Some(trial.config.train().learning_rate));
            let toml = config::to_toml(&trial.config).unwrap();
            assert!(toml.contains(&format!("filters = {filters}\n")), "{toml}");
            // The text can be typed after `--set`.
            for set in trial.text(&plan).split(", ") {
                config::parse("typed", "", &[set.to_owned()]).unwrap();
            }
        }
        let first = &plan.trials()[0];
        assert!(plan.trials()[1..].iter().any(|trial| trial.config != first.config));
    }

    #[test]
    fn what_no_trial_could_be_trained_with_is_refused_by_its_name() {
        let refused = |keys: &str| plan(keys).unwrap_err().to_string();
        let error = refused("\"train.learning_rat\" = { uniform = [0.1, 0.2] }");
        assert!(error.contains("train.learning_rat from") && error.contains("unknown key"), "{error}");
        let error = refused("\"model.dropout\" = { uniform = [0.1, 1.5] }");
        assert!(error.contains("1.5 is refused"), "{error}");
        // Each value is good by itself.
        let error =
            refused("\"train.batch_size\" = { choices = [64, 8] }\n\"train.shards\" = { choices = [1, 16] }");
        assert!(error.contains("trial ") && error.contains("train.batch_size=8, train.shards=16"), "{error}");
    }
}
