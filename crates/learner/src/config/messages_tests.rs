//! Tests that a wrong value of any key is refused in words for the person who wrote it, and that the list of
//! keys says the same as the tables.

use dataset::Name;
use network::ModelConfig;

use super::*;
use crate::config::tables::LARGEST_WHOLE;

/// A place of the configuration: the header of its table in a file, the key there, the key in an assignment,
/// and what it holds.
struct Place {
    header: &'static str,
    key: &'static str,
    full: String,
    kind: &'static Kind,
}

/// Every key that is not a table of its own.
fn places() -> Vec<Place> {
    let mut places = Vec::new();
    for (table, kind) in keys_of(&ROOT) {
        for (key, kind) in keys_of(kind) {
            let header = match *table {
                "data" => "[data]",
                "augment" => "[augment]",
                "model" => "[model]",
                _ => "[train]",
            };
            places.push(Place { header, key, full: format!("{table}.{key}"), kind });
            if let Kind::List(element @ Kind::Table(_)) = kind {
                let unit = |(key, kind): &'static (&'static str, Kind)| Place {
                    header: "[[model.units]]",
                    key,
                    full: format!("{table}.units.0.{key}"),
                    kind,
                };
                places.extend(keys_of(element).iter().map(unit));
            }
        }
    }
    places
}

fn keys_of(kind: &'static Kind) -> &'static [(&'static str, Kind)] {
    if let Kind::Table(keys) = kind { keys } else { panic!("{kind:?} is not a table") }
}

fn refusal(text: &str, assignments: &[&str]) -> String {
    let assignments: Vec<String> = assignments.iter().map(|&a| a.to_owned()).collect();
    match parse("a.toml", text, &assignments) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("accepted: {text:?} {assignments:?}"),
    }
}

/// Values that the key must not hold, as a person might write them.
fn wrong_values(kind: &Kind) -> Vec<&'static str> {
    let numbers = ["-3", "0.5", "1.", ".5", "1,5", "1e3", "007", "50%", "99999999999999999999999999"];
    let words = ["adm", "\"adm\"", "True", "true", "None", "", "1979-05-27", "\"3\"", "3 4"];
    let compounds = ["[1, \"a\"]", "{a = 1}", "[[1]]", "[{filters = .5}]", "[.5]", "[-1]", "\"\"\"\n\"\"\""];
    let is_taken = |raw: &str| match kind {
        Kind::Number => raw == "0.5" || raw == "1e3" || raw == "-3",
        Kind::Flag => raw == "true",
        // A shell takes quotes away, so these are names. Whether there are such data sets is another question.
        Kind::DataSet => raw.trim_matches('"').parse::<Name>().is_ok(),
        Kind::Word(words) => words.contains(&raw.to_lowercase().as_str()) && raw != "None",
        _ => false,
    };
    [&numbers[..], &words, &compounds].concat().into_iter().filter(|raw| !is_taken(raw)).collect()
}

const RUSTS_WORDS: [&str; 17] = [
    "usize",
    "nonzero",
    "u64",
    "i64",
    "i128",
    "u128",
    "f64",
    "f32",
    "struct",
    "variant",
    "invalid type",
    "invalid value",
    "newtype",
    "sequence",
    "map",
    "deserialize",
    "field",
];

#[test]
fn no_message_needs_knowledge_of_rust() {
    for Place { header, key, full, kind } in places() {
        for raw in wrong_values(kind) {
            let in_file = refusal(&format!("{header}\n{key} = {raw} # why\n"), &[]);
            let assigned = refusal("", &[&format!("{full}={raw}")]);
            for message in [&in_file, &assigned] {
                for word in RUSTS_WORDS {
                    let is_there = message.replace(key, "").to_lowercase().contains(word);
                    assert!(!is_there, "{word} in: {message}");
                }
                let is_explained =
                    ["expected", "unknown key", "write "].iter().any(|said| message.contains(said));
                assert!(is_explained, "{message}");
            }
            assert!(in_file.starts_with("a.toml:2:"), "{in_file}");
            let begin = format!("the assignment {full}={raw}: ");
            assert!(assigned.starts_with(begin.trim_end()), "{assigned}");
        }
    }
}

#[test]
fn the_words_of_an_error_are_those_of_the_key() {
    for (text, message) in [
        ("[train]\nepochs = 0", "a.toml:2:10: train.epochs = 0: expected a whole number of at least 1"),
        (
            "[train]\nlearning_rate = .001 # small",
            "a.toml:2:17: train.learning_rate = .001: expected a number; write 0.001",
        ),
        ("[train]\nmomentum = 0,9\r\n", "a.toml:2:12: train.momentum = 0,9: expected a number; write 0.9"),
        (
            "[train]\n  optimizer = sgd",
            "a.toml:2:15: train.optimizer = sgd: expected one of \"adam\", \"adamw\", \"sgd\"; write \"sgd\"",
        ),
        (
            "[train]\nschedule = \"One_Cycle\"",
            "a.toml:2:12: train.schedule = \"One_Cycle\": expected one of \"constant\", \"cosine\", \"one-cycle\"; \
             did you mean `one-cycle`?",
        ),
        (
            "[train]\nepochs = 3.0",
            "a.toml:2:10: train.epochs = 3.0: expected a whole number of at least 1; write 3",
        ),
        (
            "[train]\nepochs =\n",
            "a.toml:2:9: train.epochs: found nothing, expected a whole number of at least 1",
        ),
        (
            "[[model.units]]\nfilters = 8\n[[model.units]]\nfilters = .5",
            "a.toml:4:11: model.units.filters = .5: expected a whole number of at least 1",
        ),
        ("[model]\nunits = [{dropout = .5}]", "a.toml:2:21: invalid mantissa, expected digits; write 0.5"),
        (
            "model.dense.x = 3",
            "a.toml:1:7: model.dense: found a table, expected a list of whole numbers, such as [128, 64]",
        ),
        (
            "[[model.units]]\norder = [\"pool\", \"pool\", \"activation\", \"residual\"]",
            "a.toml:2:9: model.units.0.order = [\"pool\", \"pool\", \"activation\", \"residual\"]: expected each stage once, \
             such as [\"normalization\", \"residual\", \"activation\", \"pool\"]",
        ),
        (
            "[[model.units]]\npool = \"global_average\"",
            "a.toml:2:8: model.units.0.pool = \"global_average\": expected one of \"max\", \"average\", \"global-average\", \
             \"none\"; did you mean `global-average`?",
        ),
        ("[train]\nlr = 1\nepochs = 0", "a.toml:2:1: unknown key `lr`; the keys here are"),
        ("epochs = 3", "a.toml:1:1: unknown key `epochs`; `epochs` is a key of [train]"),
    ] {
        let found = refusal(text, &[]);
        assert!(
            found.starts_with(message) && (found.len() == message.len() || text.contains("lr")),
            "{found}"
        );
    }
    for (assignment, message) in [
        ("train.epochs=0", "expected a whole number of at least 1"),
        ("train.learning_rate=.001", "expected a number; write 0.001"),
        ("train.epochs=", "expected a whole number of at least 1"),
        ("model.units=[{filters = 0}]", "model.units.0.filters = 0: expected a whole number of at least 1"),
        ("epochs=3", "unknown key `epochs`; `epochs` is a key of [train]"),
        ("train.seed.x=3", "there is no `x` here"),
        (
            "model.units.0.order=[pool, activation]",
            "expected each stage once, such as [\"normalization\", \"residual\", \"activation\", \"pool\"]",
        ),
        ("model.units.0.order.0=pool", "there is no `0` here"),
        ("model.units.2.filters=3", "there is no `2` in this list, which counts from 0 and has 2"),
    ] {
        assert_eq!(refusal("", &[assignment]), format!("the assignment {assignment}: {message}"));
    }
}

#[test]
fn whole_numbers_that_toml_does_not_guarantee_are_refused_as_they_are_read() {
    let whole = places().into_iter().filter_map(|place| match place.kind {
        Kind::Whole { least } => Some((place, least)),
        _ => None,
    });
    for (Place { header, key, full, .. }, least) in whole {
        for large in ["9223372036854775808", "18446744073709551615", "0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"] {
            let expected = format!("expected a whole number from {least} to 9223372036854775807");
            let message = refusal(&format!("{header}\n{key} = {large}"), &[]);
            assert!(message.contains(&format!("{key} = {large}: {expected}")), "{message}");
            let message = refusal("", &[&format!("{full}={large}")]);
            assert_eq!(message, format!("the assignment {full}={large}: {expected}"));
        }
    }
    let largest = |key: &str| {
        let text = format!("{key}={LARGEST_WHOLE}");
        parse("", "", &[text]).map(|config| crate::config::resume::check(&config, &config))
    };
    assert_eq!(largest("train.seed"), Ok(Ok(())));
    assert_eq!(largest("data.split_seed"), Ok(Ok(())));
}

/// Tables that a program fills in are checked as those of a file are.
#[test]
fn numbers_that_toml_cannot_hold_are_refused_in_tables_too() {
    let refused = |change: fn(&mut Tables)| {
        let mut tables = Tables::default();
        change(&mut tables);
        Config::new(tables, &Description::in_catalog).unwrap_err().to_string()
    };
    let most = "= 18446744073709551615: expected a whole number from 0 to 9223372036854775807";
    assert_eq!(refused(|t| t.train.seed = u64::MAX), format!("train.seed {most}"));
    assert_eq!(refused(|t| t.data.split_seed = u64::MAX), format!("data.split_seed {most}"));
    assert_eq!(refused(|t| t.train.patience = usize::MAX), format!("train.patience {most}"));
    assert_eq!(
        refused(|t| t.train.checkpoint_every_steps = usize::MAX),
        format!("train.checkpoint_every_steps {most}")
    );
    let most = most.replace("from 0", "from 1");
    let large = || std::num::NonZeroUsize::MAX;
    assert_eq!(
        refused(|t| t.train.batch_size = std::num::NonZeroUsize::MAX),
        format!("train.batch_size {most}")
    );
    let mut tables = Tables::default();
    tables.train.log_every_steps = large();
    assert_eq!(
        Config::new(tables, &Description::in_catalog).unwrap_err().to_string(),
        format!("train.log_every_steps {most}")
    );
    let mut tables = Tables::default();
    tables.data.train_limit = Some(large());
    assert_eq!(
        Config::new(tables, &Description::in_catalog).unwrap_err().to_string(),
        format!("data.train_limit {most}")
    );
    assert!(refused(|t| t.model.units[0].stride = usize::MAX).contains("stride = 18446744073709551615"));
    assert!(
        refused(|t| t.model.units[0].pool_size = usize::MAX).contains("pool_size = 18446744073709551615")
    );
}

/// The names in backticks of serde's message about an unknown name.
fn names_in(message: &str) -> Vec<String> {
    message.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_list_of_keys_says_the_same_as_the_tables() {
    fn serdes(text: &str) -> Vec<String> {
        names_in(toml::from_str::<Tables>(text).unwrap_err().message())
    }
    let names =
        |kind: &'static Kind| keys_of(kind).iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&ROOT), serdes("x = 1"));
    for table in ["data", "augment", "model", "train"] {
        assert_eq!(names(ROOT.of_key(table).unwrap()), serdes(&format!("[{table}]\nx = 1")));
    }
    let Some(Kind::List(unit)) = ROOT.of_key("model").unwrap().of_key("units") else { panic!("no units") };
    assert_eq!(names(unit), serdes("[[model.units]]\nx = 1"));

    for Place { header, key, kind, .. } in places() {
        let takes = |raw: &str| toml::from_str::<Tables>(&format!("{header}\n{key} = {raw}")).is_ok();
        match kind {
            Kind::Word(words) => {
                let all = serdes(&format!("{header}\n{key} = \"x\""));
                assert_eq!(all, words.iter().map(ToString::to_string).collect::<Vec<_>>(), "{key}");
            }
            Kind::DataSet => {
                assert!(takes("\"mine\"") && takes("\"3\"") && !takes("\"Mine\"") && !takes("3"), "{key}");
            }
            Kind::Flag => assert!(takes("true") && takes("false") && !takes("1"), "{key}"),
            Kind::Number => assert!(takes("0.5") && takes("3") && !takes("\"a\""), "{key}"),
            Kind::Whole { least } => {
                assert!(takes("1") && takes(&LARGEST_WHOLE.to_string()) && !takes("0.5"), "{key}");
                // Zero filters can be read, but no network has a layer without them.
                assert!(*least == 1 || takes("0"), "{key}");
            }
            Kind::Order(words) => {
                let quoted: Vec<String> = words.iter().rev().map(|word| format!("\"{word}\"")).collect();
                assert!(
                    takes(&format!("[{}]", quoted.join(", "))) && !takes("[]") && !takes("[\"x\"]"),
                    "{key}"
                );
            }
            Kind::List(_) => assert!(takes("[]") && !takes("3"), "{key}"),
            Kind::Table(_) => panic!("{key} is a table"),
        }
    }
    assert_eq!(ModelConfig::default(), parse("", "[model]", &[]).unwrap().architecture().config().clone());
}
