//! The keys of a configuration, and what each of them may hold.
//!
//! `tables` says the same as Rust types. This list is there so that an error can use the words of a person who
//! writes a configuration, not those of a type. A test compares the two.

use crate::config::tables::LARGEST_WHOLE;

/// What a key may hold.
#[derive(Debug)]
pub(super) enum Kind {
    Table(&'static [(&'static str, Kind)]),
    List(&'static Kind),
    /// A whole number from `least` to [`LARGEST_WHOLE`].
    Whole {
        least: u64,
    },
    /// A number that need not be whole. Its range is checked with the whole configuration.
    Number,
    /// `true` or `false`.
    Flag,
    /// The name of a data set, which need not be there.
    DataSet,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of all these words, each of them once.
    Order(&'static [&'static str]),
}

/// The names of the catalog's data sets.
pub(super) const DATA_SETS: [&str; 3] = ["mnist", "fashion-mnist", "sample"];

const COUNT: Kind = Kind::Whole { least: 1 };
const COUNT_OR_ZERO: Kind = Kind::Whole { least: 0 };
const ACTIVATION: Kind = Kind::Word(&["relu", "gelu", "tanh", "sigmoid", "none"]);
const NORMALIZATION: Kind = Kind::Word(&["none", "batch"]);

const DATA: &[(&str, Kind)] = &[
    ("dataset", Kind::DataSet),
    ("validation_fraction", Kind::Number),
    ("split_seed", COUNT_OR_ZERO),
    ("train_limit", COUNT),
];
const AUGMENT: &[(&str, Kind)] = &[
    ("rotation", Kind::Number),
    ("shift", Kind::Number),
    ("zoom", Kind::Number),
    ("shear", Kind::Number),
    ("elastic", Kind::Number),
    ("elastic_smoothness", Kind::Number),
    ("stroke_width", Kind::Number),
    ("erase", Kind::Number),
    ("flip", Kind::Flag),
    ("outliers", Kind::Number),
    ("continental", Kind::Number),
];
const MODEL: &[(&str, Kind)] = &[
    ("dense", Kind::List(&COUNT)),
    ("dense_normalization", NORMALIZATION),
    ("dense_activation", ACTIVATION),
    ("dropout", Kind::Number),
    ("units", Kind::List(&Kind::Table(UNIT))),
];
const UNIT: &[(&str, Kind)] = &[
    ("filters", COUNT),
    ("kernel_size", COUNT),
    ("stride", COUNT),
    ("padding", Kind::Word(&["same", "valid"])),
    ("groups", COUNT),
    ("normalization", NORMALIZATION),
    ("residual", COUNT_OR_ZERO),
    ("activation", ACTIVATION),
    ("pool", Kind::Word(&["max", "average", "global-average", "none"])),
    ("pool_size", COUNT),
    ("order", Kind::Order(&["normalization", "residual", "activation", "pool"])),
    ("dropout", Kind::Number),
];
const TRAIN: &[(&str, Kind)] = &[
    ("seed", COUNT_OR_ZERO),
    ("epochs", COUNT),
    ("batch_size", COUNT),
    ("shards", COUNT),
    ("optimizer", Kind::Word(&["adam", "adamw", "sgd"])),
    ("learning_rate", Kind::Number),
    ("schedule", Kind::Word(&["constant", "cosine", "one-cycle"])),
    ("warmup_fraction", Kind::Number),
    ("weight_decay", Kind::Number),
    ("decay_biases", Kind::Flag),
    ("clip_norm", Kind::Number),
    ("ema_decay", Kind::Number),
    ("momentum", Kind::Number),
    ("beta_1", Kind::Number),
    ("beta_2", Kind::Number),
    ("epsilon", Kind::Number),
    ("label_smoothing", Kind::Number),
    ("log_every_steps", COUNT),
    ("checkpoint_every_steps", COUNT_OR_ZERO),
    ("patience", COUNT_OR_ZERO),
];
/// The configuration as a whole.
pub(super) const ROOT: Kind = Kind::Table(&[
    ("data", Kind::Table(DATA)),
    ("augment", Kind::Table(AUGMENT)),
    ("model", Kind::Table(MODEL)),
    ("train", Kind::Table(TRAIN)),
]);

/// The tables as they are written in a file, with their keys.
const TABLES: [(&str, &[(&str, Kind)]); 5] = [
    ("[data]", DATA),
    ("[augment]", AUGMENT),
    ("[model]", MODEL),
    ("[[model.units]]", UNIT),
    ("[train]", TRAIN),
];

/// The tables that have a key of this name, as they are written in a file.
pub(super) fn tables_with(key: &str) -> Vec<&'static str> {
    let has_it = |keys: &[(&str, Kind)]| keys.iter().any(|(name, _)| *name == key);
    TABLES.iter().filter(|(_, keys)| has_it(keys)).map(|(name, _)| *name).collect()
}

impl Kind {
    /// What a key of this table holds. `None` if there is no such key, or if this is not a table.
    pub(super) fn of_key(&self, key: &str) -> Option<&'static Self> {
        let Self::Table(keys) = self else { return None };
        keys.iter().find(|(name, _)| *name == key).map(|(_, kind)| kind)
    }

    /// What a person should write here, in words.
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Table(_) => "a table of keys".to_owned(),
            Self::List(Self::Whole { .. }) => "a list of whole numbers, such as [128, 64]".to_owned(),
            Self::List(_) => "a list of tables, such as [{filters = 32}]".to_owned(),
            Self::Whole { least } => format!("a whole number of at least {least}"),
            Self::Number => "a number".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::DataSet => format!("the name of a data set, such as {}", quoted(&DATA_SETS)),
            Self::Word(words) => format!("one of {}", quoted(words)),
            Self::Order(words) => format!("each stage once, such as [{}]", quoted(words)),
        }
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

/// The range of whole numbers from `least` on, in words.
pub(super) fn whole_range(least: u64) -> String {
    format!("a whole number from {least} to {LARGEST_WHOLE}")
}
