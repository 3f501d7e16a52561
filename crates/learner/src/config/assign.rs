//! Assignments that override single keys of a configuration, such as `train.epochs=3`.

use dataset::Name;
use toml::de::DeValue;
use toml::{Spanned, Table, Value};

use crate::config::error::{ConfigError, Problem};
use crate::config::keys::{Kind, ROOT};
use crate::config::mistake;

/// Overrides one key of the complete tables.
///
/// # Errors
/// If the assignment has no `=`, or names no key, or its value is not one that the key may hold.
pub(super) fn assign(root: &mut Value, assignment: &str) -> Result<(), ConfigError> {
    let refuse = |problem| ConfigError::Assignment { assignment: assignment.to_owned(), problem };
    let no_assignment = || refuse(Problem::Value("expected key=value, as in train.epochs=3".to_owned()));
    let (path, text) = assignment.split_once('=').ok_or_else(no_assignment)?;
    let (path, text) = (path.trim(), text.trim());
    if path.split('.').any(str::is_empty) {
        return Err(no_assignment());
    }
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let (mut place, mut kind) = (root, &ROOT);
    for key in parents.split('.').filter(|key| !key.is_empty()) {
        kind = kind_of(kind, place, key).map_err(refuse)?;
        place = child(place, key).ok_or_else(|| refuse(no_such(key)))?;
    }
    let kind = kind_of(kind, place, last).map_err(refuse)?;
    let text = &in_quotes(kind, text);
    check(kind, path, text).map_err(refuse)?;
    match place {
        Value::Table(table) => drop(table.insert(last.to_owned(), value(text))),
        other => *child(other, last).ok_or_else(|| refuse(no_such(last)))? = value(text),
    }
    Ok(())
}

/// Puts the words of an order in quotes if they are bare, because a shell takes quotes away:
/// `model.units.0.order=[pool, normalization, residual, activation]`. The name of a data set may look like a number,
/// so it gets quotes as well.
fn in_quotes(kind: &Kind, text: &str) -> String {
    let bare = |words: &str| words.split(',').all(|word| !word.is_empty() && !word.contains(['"', '\'']));
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(words) if matches!(kind, Kind::Order(_)) && bare(words) => {
            let words: Vec<String> = words.split(',').map(|word| format!("\"{}\"", word.trim())).collect();
            format!("[{}]", words.join(", "))
        }
        _ if matches!(kind, Kind::DataSet) && text.parse::<Name>().is_ok() => format!("\"{text}\""),
        _ => text.to_owned(),
    }
}

/// What the key below `place` may hold.
fn kind_of(kind: &'static Kind, place: &Value, key: &str) -> Result<&'static Kind, Problem> {
    match kind {
        Kind::Table(keys) => kind.of_key(key).ok_or_else(|| mistake::unknown_key(0, keys, key).problem()),
        Kind::List(element) => {
            let length = place.as_array().map_or(0, Vec::len);
            let is_there = key.parse::<usize>().is_ok_and(|index| index < length);
            is_there.then_some(*element).ok_or_else(|| {
                Problem::Value(format!(
                    "there is no `{key}` in this list, which counts from 0 and has {length}"
                ))
            })
        }
        _ => Err(no_such(key)),
    }
}

fn no_such(key: &str) -> Problem {
    Problem::Value(format!("there is no `{key}` here"))
}

fn child<'a>(place: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    match place {
        Value::Table(table) => table.get_mut(key),
        Value::Array(array) => array.get_mut(key.parse::<usize>().ok()?),
        _ => None,
    }
}

/// Checks the text of a value against what the key may hold.
fn check(kind: &Kind, key: &str, text: &str) -> Result<(), Problem> {
    let mistake = match parsed(text) {
        Some(value) => mistake::in_value(text, key, kind, &value),
        None if matches!(kind, Kind::Word(words) if words.contains(&text)) => None,
        None => Some(mistake::no_value(0, key, kind, text)),
    };
    mistake.map_or(Ok(()), |mistake| Err(mistake.problem_of(key)))
}

/// The text as a TOML value, unless it is none.
fn parsed(text: &str) -> Option<Spanned<DeValue<'_>>> {
    DeValue::parse(text).ok()
}

/// Reads a TOML value. A text that is not one is taken for a string, so that `data.dataset=sample` needs no
/// quotes.
fn value(text: &str) -> Value {
    toml::from_str::<Table>(&format!("value = {text}"))
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}
