//! Configurations as text. They are read from TOML and from assignments that override single keys, and
//! written as TOML. Errors say where in the text the mistake is.

use dataset::Description;
use toml::de::{DeTable, DeValue};

use crate::config::advice;
use crate::config::assign::assign;
use crate::config::checked::{Config, Describe};
use crate::config::decode::decode;
use crate::config::error::{ConfigError, Problem};
use crate::config::keys::{Kind, ROOT};
use crate::config::mistake::{self, Mistake};
use crate::config::tables::Tables;

/// As [`parse_with`], for a configuration with a data set of the catalog.
///
/// # Errors
/// As [`parse_with`], and if the data set is one of one's own.
pub fn parse(source_name: &str, text: &str, assignments: &[String]) -> Result<Config, ConfigError> {
    parse_with(source_name, text, assignments, &Description::in_catalog)
}

/// Reads a configuration and overrides its keys with assignments such as `train.epochs=3`.
///
/// `source_name` names the text in errors, for example by the file's path. A key names an element of a list
/// by its index, from 0: `model.units.0.filters=16`.
///
/// # Errors
/// If a key is unknown or its value has the wrong type, the error says line, column and the nearest key.
/// A value that is out of its range, a layer that cannot be built and a data set that `describe` does not know are
/// errors too.
pub fn parse_with(
    source_name: &str,
    text: &str,
    assignments: &[String],
    describe: Describe<'_>,
) -> Result<Config, ConfigError> {
    // The text is read by itself first. Its errors have a line and a column, which they would not have after
    // the assignments are applied.
    let checked = read(source_name, text)?;
    if assignments.is_empty() {
        return Config::new(checked, describe).map_err(|error| placed(source_name, text, error));
    }
    // The assignments change the complete tables, defaults included, so that an assignment can override one
    // key of a default unit.
    let mut root = checked.complete().map_err(|error| ConfigError::NotToml { problem: error.to_string() })?;
    for assignment in assignments {
        assign(&mut root, assignment)?;
    }
    let tables = root.try_into();
    // Each value was checked, so this is an error only if the list of keys and the tables differ.
    let not_toml = |error: toml::de::Error| ConfigError::NotToml { problem: error.to_string() };
    Config::new(tables.map_err(not_toml)?, describe).map_err(|error| placed(source_name, text, error))
}

/// Adds to an error about the data set where the text names it.
fn placed(source_name: &str, text: &str, error: ConfigError) -> ConfigError {
    let ConfigError::Data { name, is_unknown, problem, .. } = error else { return error };
    let table = DeTable::parse(text).ok();
    let data = table.as_ref().and_then(|table| table.get_ref().get("data")?.get_ref().as_table());
    let value = data.and_then(|data| data.get("dataset"));
    let here =
        value.filter(|value| value.get_ref().as_str() == Some(name.key())).map(|value| value.span().start);
    let place = here.map_or_else(Box::default, |at| {
        let (line, column) = line_and_column(text, at);
        format!("{source_name}:{line}:{column}: ").into_boxed_str()
    });
    ConfigError::Data { place, name, is_unknown, problem }
}

/// The place of a byte of the text, both counted from 1.
pub(crate) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// As [`parse`], for the bytes of a file in one of the encodings that `decode` reads.
///
/// # Errors
/// As [`parse`], and if the bytes are not a text.
pub fn parse_bytes(source_name: &str, bytes: &[u8], assignments: &[String]) -> Result<Config, ConfigError> {
    parse_bytes_with(source_name, bytes, assignments, &Description::in_catalog)
}

/// As [`parse_with`], for the bytes of a file in one of the encodings that `decode` reads.
///
/// # Errors
/// As [`parse_with`], and if the bytes are not a text.
pub fn parse_bytes_with(
    source_name: &str,
    bytes: &[u8],
    assignments: &[String],
    describe: Describe<'_>,
) -> Result<Config, ConfigError> {
    let text = decode(bytes);
    let text = text.map_err(|reason| ConfigError::NotText { path: source_name.to_owned(), reason })?;
    parse_with(source_name, &text, assignments, describe)
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
        let (line, column) = line_and_column(text, at);
        ConfigError::Text { source_name: source_name.to_owned(), line, column, problem }
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
