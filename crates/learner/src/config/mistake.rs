//! Finds the first value of a TOML text that a configuration does not take, and says what is expected there.

use dataset::Name;
use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use crate::config::advice;
use crate::config::error::Problem;
use crate::config::keys::{Kind, ROOT, whole_range};
use crate::config::tables::LARGEST_WHOLE;

/// Longest piece of a text that an error repeats, in characters.
const LONGEST: usize = 60;

/// A key or a value that a configuration does not take.
#[derive(Debug)]
pub(super) struct Mistake {
    /// Its first byte in the text.
    pub(super) at: usize,
    /// The full key, for example `model.units.0.filters`.
    key: String,
    /// What stands there; `None` if the key is unknown.
    found: Option<String>,
    /// What is expected, and what the person may have meant.
    end: String,
}

impl Mistake {
    /// The mistake in words.
    pub(super) fn problem(self) -> Problem {
        let Self { key, found, end, .. } = self;
        match found {
            None => Problem::UnknownKey { key, advice: end },
            Some(found) => Problem::Value(format!("{key}{found}expected {end}")),
        }
    }

    /// The mistake in words for a text that already begins with this key and its value.
    pub(super) fn problem_of(self, key: &str) -> Problem {
        if self.key == key && self.found.is_some() {
            return Problem::Value(format!("expected {}", self.end));
        }
        self.problem()
    }
}

/// The first mistake of a whole text.
pub(super) fn in_table(text: &str, table: &Spanned<DeTable<'_>>) -> Option<Mistake> {
    let mut finder = Finder { text, mistakes: Vec::new() };
    if let Kind::Table(keys) = ROOT {
        finder.table("", keys, table.get_ref());
    }
    finder.first()
}

/// The first mistake of the text of one value.
pub(super) fn in_value(text: &str, key: &str, kind: &Kind, value: &Spanned<DeValue<'_>>) -> Option<Mistake> {
    let mut finder = Finder { text, mistakes: Vec::new() };
    finder.value(key, kind, value);
    finder.first()
}

/// The mistake of a value that is not TOML at all, such as `.5`.
pub(super) fn no_value(at: usize, key: &str, kind: &Kind, raw: &str) -> Mistake {
    let found = if raw.is_empty() { ": found nothing, ".to_owned() } else { equals(raw) };
    Mistake { at, key: key.to_owned(), found: Some(found), end: kind.expected() + &advice::value(kind, raw) }
}

/// The mistake of an unknown key.
pub(super) fn unknown_key(at: usize, keys: &[(&str, Kind)], key: &str) -> Mistake {
    Mistake { at, key: key.to_owned(), found: None, end: advice::key(keys, key) }
}

struct Finder<'a> {
    text: &'a str,
    mistakes: Vec<Mistake>,
}

impl Finder<'_> {
    /// The mistake that stands first in the text. Tables are sorted by their keys, so it may be any of those
    /// that were found.
    fn first(self) -> Option<Mistake> {
        self.mistakes.into_iter().min_by_key(|mistake| mistake.at)
    }

    fn table(&mut self, path: &str, keys: &[(&str, Kind)], table: &DeTable<'_>) {
        for (name, value) in table.iter() {
            match keys.iter().find(|(known, _)| known == name.get_ref()) {
                None => self.mistakes.push(unknown_key(name.span().start, keys, name.get_ref())),
                Some((_, kind)) => self.value(&join(path, name.get_ref()), kind, value),
            }
        }
    }

    fn value(&mut self, key: &str, kind: &Kind, value: &Spanned<DeValue<'_>>) {
        let expected = match (kind, value.get_ref()) {
            (Kind::Table(keys), DeValue::Table(table)) => return self.table(key, keys, table),
            (Kind::List(kind), DeValue::Array(list)) => {
                for (i, value) in list.iter().enumerate() {
                    self.value(&join(key, &i.to_string()), kind, value);
                }
                return;
            }
            (Kind::Whole { least }, DeValue::Integer(number)) => match integer(number) {
                Some(number) if (i128::from(*least)..=i128::from(LARGEST_WHOLE)).contains(&number) => return,
                Some(number) if number < i128::from(*least) => kind.expected(),
                _ => whole_range(*least),
            },
            (Kind::Number, DeValue::Integer(number)) => {
                if integer(number).is_some_and(|number| i64::try_from(number).is_ok()) {
                    return;
                }
                "a number that is not so long".to_owned()
            }
            (Kind::Number, DeValue::Float(number)) => {
                if is_float(number) {
                    return;
                }
                "a number that is not so large".to_owned()
            }
            (Kind::Order(words), DeValue::Array(list)) => {
                let is_there = |word: &str| list.iter().any(|found| found.get_ref().as_str() == Some(word));
                if list.len() == words.len() && words.iter().all(|word| is_there(word)) {
                    return;
                }
                kind.expected()
            }
            (Kind::Flag, DeValue::Boolean(_)) => return,
            (Kind::DataSet, DeValue::String(name)) if name.parse::<Name>().is_ok() => return,
            (Kind::Word(words), DeValue::String(word)) if words.contains(&word.as_ref()) => return,
            _ => kind.expected(),
        };
        let raw = self.text.get(value.span()).unwrap_or_default();
        let found = match value.get_ref() {
            DeValue::Table(_) => ": found a table, ".to_owned(),
            DeValue::Array(_) if !matches!(kind, Kind::Order(_)) => ": found a list, ".to_owned(),
            _ => equals(raw),
        };
        let end = expected + &advice::value(kind, raw);
        self.mistakes.push(Mistake { at: value.span().start, key: key.to_owned(), found: Some(found), end });
    }
}

/// The number, unless it is too large or too small for an `i128`.
fn integer(number: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(number.as_str(), number.radix()).ok()
}

/// Whether an `f64` can hold the number. Infinity and NaN count, because the ranges refuse them.
fn is_float(number: &DeFloat<'_>) -> bool {
    let is_infinity = number.as_str().contains("inf");
    number.as_str().parse::<f64>().is_ok_and(|value| is_infinity || !value.is_infinite())
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The middle of the sentence about a value that stands in one line.
fn equals(raw: &str) -> String {
    let line = raw.lines().next().unwrap_or_default();
    if line.chars().count() <= LONGEST && line.len() == raw.len() {
        return format!(" = {line}: ");
    }
    format!(" = {}...: ", line.chars().take(LONGEST).collect::<String>())
}
