//! Configurations as text. They are read from TOML and from assignments that override single keys, and
//! written as TOML. Errors say where in the text the mistake is.

use toml::{Table, Value};

use crate::config::checked::Config;
use crate::config::error::ConfigError;
use crate::config::tables::Tables;

/// Reads a configuration and overrides its keys with assignments such as `train.epochs=3`.
///
/// `source_name` names the text in errors, for example by the file's path. A key names an element of a list
/// by its index, from 0: `model.units.0.filters=16`.
///
/// # Errors
/// If a key is unknown or its value has the wrong type, the error says line, column and the nearest key.
/// A value that is out of its range and a layer that cannot be built are errors too.
pub fn parse(source_name: &str, text: &str, assignments: &[String]) -> Result<Config, ConfigError> {
    // The text is read by itself first. Its errors have a line and a column, which they would not have after
    // the assignments are applied.
    let checked: Tables = toml::from_str(text).map_err(|error| in_text(source_name, text, &error))?;
    if assignments.is_empty() {
        return Config::new(checked);
    }
    // The assignments change the complete tables, defaults included, so that an assignment can override one
    // key of a default unit.
    let mut root =
        Value::try_from(&checked).map_err(|error| ConfigError::NotToml { problem: error.to_string() })?;
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

/// Writes a configuration as a text from which [`parse`] makes the same configuration again.
///
/// # Errors
/// If TOML cannot express a value.
pub fn to_toml(config: &Config) -> Result<String, toml::ser::Error> {
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
        // An unknown key is inserted as well. Reading the tables then fails with an error that names the
        // nearest key.
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

/// Reads a TOML value. A text that is not one is taken for a string, so that `data.dataset=sample` needs no
/// quotes.
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

/// The name that is nearest to an unknown one, among the names that serde's message lists: "unknown field
/// `epoch`, expected one of `epochs`, `seed`".
fn nearest_key(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    if !message.starts_with("unknown ") {
        return None;
    }
    quoted.min_by_key(|known| strsim::damerau_levenshtein(unknown, known)).map(str::to_owned)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
