//! The changes of the configuration that are allowed when a run is resumed. A change is allowed if the
//! steps that the run has taken so far would have been the same with it.

use std::collections::BTreeMap;

use toml::Value;

use crate::config::checked::Config;
use crate::config::error::ConfigError;
use crate::config::tables::Schedule;

/// Keys that decide what is written or when the run ends. None of them has a part in how a step learns.
const CHANGEABLE: [&str; 3] = ["train.log_every_steps", "train.checkpoint_every_steps", "train.patience"];
const EPOCHS: &str = "train.epochs";

/// Compares a run's configuration with the configuration that it is to be resumed with.
///
/// # Errors
/// Names each key that may not change, with both values.
pub fn check(run: &Config, wanted: &Config) -> Result<(), ConfigError> {
    let (run_keys, wanted_keys) = (keys(run)?, keys(wanted)?);
    let mut refused = Vec::new();
    for key in run_keys.keys().chain(wanted_keys.keys().filter(|key| !run_keys.contains_key(*key))) {
        let (before, after) = (run_keys.get(key), wanted_keys.get(key));
        let is_allowed = CHANGEABLE.contains(&key.as_str()) || key == EPOCHS && may_train_longer(run, wanted);
        if before != after && !is_allowed {
            let text = |value: Option<&Value>| value.map_or("absent".to_owned(), Value::to_string);
            refused.push(format!("\n  {key}: {} in the run, {} now", text(before), text(after)));
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(ConfigError::Resume { keys: refused.concat() }) }
}

/// Whether the run may get more epochs. It may if no learning rate of its schedule depends on the number of
/// steps, because then the steps taken so far had the rates that they would have in the longer run.
fn may_train_longer(run: &Config, wanted: &Config) -> bool {
    let train = run.train();
    let is_independent = train.schedule == Schedule::Constant && train.warmup_fraction == 0.0;
    is_independent && wanted.train().epochs >= train.epochs
}

/// Every value of a configuration under its full key, for example `model.units.0.filters`.
fn keys(config: &Config) -> Result<BTreeMap<String, Value>, ConfigError> {
    let tables =
        config.tables().complete().map_err(|error| ConfigError::NotToml { problem: error.to_string() })?;
    let mut keys = BTreeMap::new();
    flatten(String::new(), tables, &mut keys);
    Ok(keys)
}

fn flatten(key: String, value: Value, keys: &mut BTreeMap<String, Value>) {
    let join = |name: String| if key.is_empty() { name } else { format!("{key}.{name}") };
    match value {
        Value::Table(table) => table.into_iter().for_each(|(name, value)| flatten(join(name), value, keys)),
        // The words of an order are one value, and units and widths are several.
        Value::Array(array) if !array.iter().all(Value::is_str) || array.is_empty() => {
            array.into_iter().enumerate().for_each(|(i, value)| flatten(join(i.to_string()), value, keys));
        }
        value => drop(keys.insert(key, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::text::parse;

    fn config(assignments: &[&str]) -> Config {
        parse("test", "", &assignments.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn each_changed_key_is_named_with_both_values() {
        let order = "model.units.0.order=[residual, normalization, activation, pool]";
        let changed = config(&[
            "augment.rotation=15",
            "train.seed=2",
            "model.units.1.filters=65",
            "data.train_limit=1000",
            order,
        ]);
        let message = check(&config(&[]), &changed).unwrap_err().to_string();
        for line in [
            "train.seed: 1 in the run, 2 now",
            "augment.rotation: 0.0 in the run, 15.0 now",
            "model.units.1.filters: 64 in the run, 65 now",
            "data.train_limit: absent in the run, 1000 now",
            "model.units.0.order: [\"normalization\", \"residual\", \"activation\", \"pool\"] in the run, [\"residual\", ",
        ] {
            assert!(message.contains(line), "{message}");
        }
        assert_eq!(message.matches(" in the run, ").count(), 5, "{message}");
    }

    #[test]
    fn keys_that_have_no_part_in_learning_may_change() {
        let changed = ["train.log_every_steps=7", "train.checkpoint_every_steps=50", "train.patience=2"];
        assert_eq!(check(&config(&[]), &config(&changed)), Ok(()));
    }

    #[test]
    fn only_a_constant_schedule_without_warm_up_may_get_more_epochs() {
        let with = |schedule: &str, epochs: &str, more: &str| {
            config(&[&format!("train.schedule={schedule}"), &format!("train.epochs={epochs}"), more])
        };
        let (none, warm) = ("train.warmup_fraction=0.0", "train.warmup_fraction=0.1");
        assert_eq!(check(&with("constant", "3", none), &with("constant", "5", none)), Ok(()));
        assert!(check(&with("constant", "5", none), &with("constant", "3", none)).is_err());
        assert!(check(&with("constant", "3", warm), &with("constant", "5", warm)).is_err());
        assert!(check(&with("one-cycle", "3", none), &with("one-cycle", "5", none)).is_err());
    }
}
