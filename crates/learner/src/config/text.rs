//! Configurations as text. They are read from TOML and from assignments that override single keys, and
//! written as TOML. Errors say where in the text the mistake is.

use toml::de::{DeTable, DeValue};

use crate::config::advice;
use crate::config::assign::assign;
use crate::config::checked::Config;
use crate::config::decode::decode;
use crate::config::error::{ConfigError, Problem};
use crate::config::keys::{Kind, ROOT};
use crate::config::mistake::{self, Mistake};
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
    let checked = read(source_name, text)?;
    if assignments.is_empty() {
        return Config::new(checked);
    }
    // The assignments change the complete tables, defaults included, so that an assignment can override one
    // key of a default unit.
    let mut root = checked.complete().map_err(|error| ConfigError::NotToml { problem: error.to_string() })?;
    for assignment in assignments {
        assign(&mut root, assignment)?;
    }
    let tables = root.try_into();
    // Each value was checked, so this is an error only if the list of keys and the tables differ.
    Config::new(tables.map_err(|error: toml::de::Error| ConfigError::NotToml { problem: error.to_string() })?)
}

/// As [`parse`], for the bytes of a file in one of the encodings that `decode` reads.
///
/// # Errors
/// As [`parse`], and if the bytes are not a text.
pub fn parse_bytes(source_name: &str, bytes: &[u8], assignments: &[String]) -> Result<Config, ConfigError> {
    let text = decode(bytes);
    let text = text.map_err(|reason| ConfigError::NotText { path: source_name.to_owned(), reason })?;
    parse(source_name, &text, assignments)
}

/// Writes a configuration as a text from which [`parse`] makes the same configuration again.
///
/// # Errors
/// If TOML cannot express a value.
pub fn to_toml(config: &Config) -> Result<String, toml::ser::Error> {
    toml::to_string(&config.tables())
}

fn read(source_name: &str, text: &str) -> Result<Tables, ConfigError> {
    let error = |at: usize, problem| {
        let before = text.get(..at).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        ConfigError::Text {
            source_name: source_name.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            problem,
        }
    };
    let table = DeTable::parse(text).map_err(|reason| {
        let (at, problem) = not_toml(text, &reason);
        error(at, problem)
    })?;
    if let Some(mistake) = mistake::in_table(text, &table) {
        return Err(error(mistake.at, mistake.problem()));
    }
    // Each value was checked, so this is an error only if the list of keys and the tables differ.
    toml::from_str(text).map_err(|reason| error(start(text, &reason), Problem::Value(first_line(&reason))))
}

/// Where and why a text is not TOML.
fn not_toml(text: &str, reason: &toml::de::Error) -> (usize, Problem) {
    let at = start(text, reason);
    if let Some(mistake) = unreadable_value(text, at) {
        return (mistake.at, mistake.problem());
    }
    let is_end = |c: char| c.is_whitespace() || "=,[]{}#".contains(c);
    let begun = text[..at].rsplit(is_end).next().unwrap_or_default();
    let token = text[at - begun.len()..].split(is_end).next().unwrap_or_default();
    (at, Problem::Value(first_line(reason) + &advice::value(&Kind::Number, token)))
}

/// The mistake if the line around `at` gives a known key a value that is not TOML, such as `.5` or a word
/// without quotes.
fn unreadable_value(text: &str, at: usize) -> Option<Mistake> {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = text[start..].lines().next()?;
    let (name, rest) = line.split_once('=')?;
    let raw = rest.split('#').next()?.trim();
    let is_simple = !raw.starts_with(['"', '\'', '[', '{']);
    if !is_simple || DeValue::parse(raw).is_ok() {
        return None;
    }
    let header = text[..start].lines().rev().find(|line| line.trim_start().starts_with('['));
    let table = header?.split('#').next()?.trim().trim_matches(['[', ']']);
    let key = format!("{table}.{}", name.trim());
    let kind = key.split('.').try_fold(&ROOT, |kind, key| match kind {
        Kind::List(element) => element.of_key(key),
        kind => kind.of_key(key),
    })?;
    let place = start + name.len() + 1 + (rest.len() - rest.trim_start().len());
    let is_one = !matches!(kind, Kind::Table(_) | Kind::List(_) | Kind::Order(_));
    is_one.then(|| mistake::no_value(place, &key, kind, raw))
}

/// The first byte of the place of an error in the text.
fn start(text: &str, reason: &toml::de::Error) -> usize {
    let start = reason.span().map_or(0, |span| span.start.min(text.len()));
    (0..=start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn first_line(reason: &toml::de::Error) -> String {
    reason.message().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod messages_tests;
#[cfg(test)]
#[path = "tests.rs"]
mod tests;
