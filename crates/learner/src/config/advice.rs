//! What a person may have meant who wrote a number, a word or a key that a configuration does not take.

use crate::config::keys::{self, Kind};

/// Longest line of a list of keys, in characters.
const LINE: usize = 76;

/// What to write in the place of `raw`, as the end of an error's sentence. It is empty if nothing is near.
pub(super) fn value(kind: &Kind, raw: &str) -> String {
    let better = match kind {
        Kind::Whole { least } => whole(raw, *least),
        Kind::Number => number(raw).map(|value| format!("{value:?}")),
        Kind::DataSet => return word(&keys::DATA_SETS, raw),
        Kind::Word(words) => return word(words, raw),
        Kind::Flag => flag(raw),
        Kind::Table(_) | Kind::List(_) | Kind::Order(_) => None,
    };
    better.filter(|better| better != raw).map(|better| format!("; write {better}")).unwrap_or_default()
}

fn whole(raw: &str, least: u64) -> Option<String> {
    // A comma before three digits is more likely a thousand than a fraction where a whole number is expected.
    let is_grouped = raw.trim().rsplit_once(',').is_some_and(|(_, digits)| digits.len() == 3);
    let value = if is_grouped { number(&raw.replace(',', ""))? } else { number(raw)? };
    // Up to here, every whole number has an exact `f64`.
    let is_exact = value.fract() == 0.0 && (least as f64..=9e15).contains(&value);
    is_exact.then(|| (value as u64).to_string())
}

/// The number that is written in a way that TOML does not take, such as `.5`, `1.`, `1,5`, `007`, `"3"` or
/// `50%`.
pub(super) fn number(raw: &str) -> Option<f64> {
    let text = raw.trim().trim_matches(['"', '\'']).trim();
    let (text, divisor) = text.strip_suffix('%').map_or((text, 1.0), |text| (text, 100.0));
    let text = text.replace(['_', ' '], "");
    let text = if text.contains('.') { text } else { text.replacen(',', ".", 1) };
    let first = text.trim_start_matches(['+', '-']).chars().next()?;
    if !first.is_ascii_digit() && first != '.' {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    value.is_finite().then_some(value / divisor)
}

/// The flag that is written in a way that TOML does not take, such as `True` or `"no"`.
fn flag(raw: &str) -> Option<String> {
    match raw.trim_matches(['"', '\'']).to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some("true".to_owned()),
        "false" | "no" | "off" | "0" => Some("false".to_owned()),
        _ => None,
    }
}

fn word(words: &[&str], raw: &str) -> String {
    let plain = raw.trim_matches(['"', '\'']);
    if words.contains(&plain) {
        return format!("; write \"{plain}\"");
    }
    nearest(words, plain).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// What a person may have meant with an unknown key of a table whose keys are `known`, as the end of an
/// error's sentence: the key's own table, the nearest key, or else all keys.
pub(super) fn key(known: &[(&str, Kind)], unknown: &str) -> String {
    let tables = keys::tables_with(unknown);
    if !tables.is_empty() {
        return format!("; `{unknown}` is a key of {}", tables.join(" and "));
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    match nearest(&names, unknown) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!("; the keys here are{}", lines(&names)),
    }
}

/// The one of `names` that is nearest to `wrong`, if any is near: a few letters differ, or one name contains
/// the other.
fn nearest<'a>(names: &[&'a str], wrong: &str) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let wrong = plain(wrong);
    if wrong.is_empty() {
        return None;
    }
    let distance = |name: &str| {
        let name = plain(name);
        let distance = strsim::damerau_levenshtein(&name, &wrong);
        let is_within = wrong.len() > 2 && name.contains(&wrong) || wrong.contains(&name);
        (is_within || distance <= 1.max(name.len() / 3)).then_some(distance)
    };
    let near = names.iter().filter_map(|name| Some((distance(name)?, *name)));
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// The names in lines of their own, indented.
fn lines(names: &[&str]) -> String {
    let mut text = String::new();
    let mut width = LINE;
    for (i, name) in names.iter().enumerate() {
        let end = if i + 1 < names.len() { "," } else { "" };
        if width + 1 + name.len() + end.len() > LINE {
            text.push_str("\n ");
            width = 1;
        }
        width += 1 + name.len() + end.len();
        text.extend([" ", name, end]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them_become_numbers_of_toml() {
        let written = |raw| value(&Kind::Number, raw);
        for (raw, better) in [
            (".001", "0.001"),
            ("1.", "1.0"),
            ("+.5", "0.5"),
            ("-.5", "-0.5"),
            ("1_000.", "1000.0"),
            ("1,5", "1.5"),
            ("\"0.1\"", "0.1"),
            ("007", "7.0"),
            ("5 %", "0.05"),
            ("1.e-3", "0.001"),
        ] {
            assert_eq!(written(raw), format!("; write {better}"));
        }
        for raw in ["", "abc", "1,2,3", "1/3", "e5", "inf", "-", "1.5.2", "true"] {
            assert_eq!(written(raw), "", "{raw}");
        }
    }

    #[test]
    fn a_whole_number_is_offered_only_if_it_means_the_same() {
        let written = |raw| value(&Kind::Whole { least: 1 }, raw);
        for (raw, better) in [("3.0", "3"), ("1e3", "1000"), ("1,000", "1000"), ("'5'", "5"), ("08", "8")] {
            assert_eq!(written(raw), format!("; write {better}"));
        }
        for raw in ["1.5", "-2", "0", "0.0", "1e300", "1,5", "three"] {
            assert_eq!(written(raw), "", "{raw}");
        }
    }

    #[test]
    fn a_key_is_looked_for_in_its_own_table_first() {
        let known = [("split_seed", Kind::Number), ("dataset", Kind::Number)];
        assert_eq!(key(&[("pool", Kind::Number)], "foo"), "; the keys here are\n  pool");
        assert_eq!(key(&[("pool", Kind::Number)], "poll"), "; did you mean `pool`?");
        assert_eq!(key(&known, "seed"), "; `seed` is a key of [train]");
        assert_eq!(key(&known, "dropout"), "; `dropout` is a key of [model] and [[model.units]]");
        assert_eq!(key(&known, "Data-Set"), "; did you mean `dataset`?");
        assert_eq!(key(&known, "set"), "; did you mean `dataset`?");
        assert_eq!(key(&known, "lr"), "; the keys here are\n  split_seed, dataset");
    }

    #[test]
    fn a_list_of_keys_is_wrapped() {
        let names = ["warmup_fraction"; 12];
        let text = lines(&names);
        assert!(text.lines().skip(1).all(|line| line.starts_with("  ") && line.len() <= LINE + 2), "{text}");
        assert_eq!(text.matches("warmup_fraction").count(), 12);
        assert_eq!(text.lines().count(), 1 + 3);
    }
}
