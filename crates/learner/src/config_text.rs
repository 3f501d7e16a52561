//! Configurations as text: TOML in, `--set` overrides on top, TOML out, errors that point.

use network::ShapeError;
use thiserror::Error;
use toml::{Table, Value};

use crate::config::{Config, Tables};

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ConfigError {
    #[error("{path}: {reason}; expected a configuration file, as configs/default.toml")]
    Unreadable { path: String, reason: String },
    #[error("{source_name}:{line}:{column}: {problem}{}", hint(.nearest))]
    Text { source_name: String, line: usize, column: usize, problem: String, nearest: Option<String> },
    #[error("--set {assignment}: {problem}{}", hint(.nearest))]
    Set { assignment: String, problem: String, nearest: Option<String> },
    #[error("{key} = {value}: expected {expected}")]
    Value { key: &'static str, value: f64, expected: &'static str },
    #[error(
        "a run goes on with the configuration that it began with:{keys}\nStart a new run for that. What may change is train.log_every_steps, train.patience,\ntrain.checkpoint_every_steps, and train.epochs under a constant schedule (more of\nthem, without warm-up)."
    )]
    Resume { keys: String },
    #[error("{count} seeds from train.seed = {first} on: expected the last to be {largest} at most")]
    Seeds { first: u64, count: u64, largest: u64 },
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|key| format!("; did you mean `{key}`?")).unwrap_or_default()
}

/// Reads a configuration and lays assignments such as `train.epochs=3` over it.
///
/// `source_name` stands in errors, as the file's path. A list's element is reached by its
/// number: `model.units.0.filters=16`.
///
/// # Errors
/// Unknown or mistyped keys with line, column and the nearest key; values out of range;
/// networks that cannot exist.
pub fn parse(source_name: &str, text: &str, assignments: &[String]) -> Result<Config, ConfigError> {
    // The file on its own first, because only its errors have a line and a column.
    let checked: Tables = toml::from_str(text).map_err(|error| in_text(source_name, text, &error))?;
    if assignments.is_empty() {
        return Config::new(checked);
    }
    // Back from the checked tables, so that a default can be overridden in part.
    let mut root = Value::try_from(&checked).map_err(|error| refuse("", error.to_string()))?;
    let mut tables = checked;
    for assignment in assignments {
        assign(&mut root, assignment)?;
        tables = root.clone().try_into().map_err(|error: toml::de::Error| ConfigError::Set {
            assignment: assignment.clone(),
            problem: first_line(error.message()),
            nearest: nearest_key(error.message()),
        })?;
    }
    Config::new(tables)
}

/// Writes a configuration that [`parse`] reads back as the same.
///
/// # Errors
/// If TOML cannot express it, as a seed above 2^63.
pub fn print(config: &Config) -> Result<String, toml::ser::Error> {
    toml::to_string(&config.tables())
}

fn refuse(assignment: &str, problem: String) -> ConfigError {
    ConfigError::Set { assignment: assignment.to_owned(), problem, nearest: None }
}

fn assign(root: &mut Value, assignment: &str) -> Result<(), ConfigError> {
    let Some((path, text)) = assignment.split_once('=') else {
        return Err(refuse(assignment, "expected key=value, as in train.epochs=3".into()));
    };
    let (parents, last) = path.trim().rsplit_once('.').unwrap_or(("", path.trim()));
    let mut place = root;
    for key in parents.split('.').filter(|key| !key.is_empty()) {
        place = child(place, key).ok_or_else(|| refuse(assignment, format!("there is no `{key}` here")))?;
    }
    let value = value(text.trim());
    match place {
        // An unknown key goes in as well: the tables refuse it, with the nearest one.
        Value::Table(table) => drop(table.insert(last.to_owned(), value)),
        other => {
            *child(other, last).ok_or_else(|| refuse(assignment, format!("there is no `{last}` here")))? =
                value;
        }
    }
    Ok(())
}

fn child<'a>(place: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    match place {
        Value::Table(table) => table.get_mut(key),
        Value::Array(array) => array.get_mut(key.parse::<usize>().ok()?),
        _ => None,
    }
}

/// A TOML value, or else a plain string, so that `--set data.dataset=sample` needs no quotes.
fn value(text: &str) -> Value {
    toml::from_str::<Table>(&format!("value = {text}"))
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

fn in_text(source_name: &str, text: &str, error: &toml::de::Error) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let before = text.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    ConfigError::Text {
        source_name: source_name.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        problem: first_line(error.message()),
        nearest: nearest_key(error.message()),
    }
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

/// The nearest of the names that serde lists after an unknown one: "unknown field `epoch`,
/// expected one of `epochs`, `seed`".
fn nearest_key(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    if !message.starts_with("unknown ") {
        return None;
    }
    quoted.min_by_key(|known| strsim::damerau_levenshtein(unknown, known)).map(str::to_owned)
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
