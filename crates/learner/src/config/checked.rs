//! A configuration that was checked as a whole: data, network and training.

use std::num::NonZeroUsize;

use dataset::{Augmentation, Description, DescriptionError, Name};
use network::Architecture;

use crate::config::checkpoint_size;
use crate::config::error::ConfigError;
use crate::config::single_precision::{epsilon, positive, share, zero_or_positive};
use crate::config::tables::{DataConfig, LARGEST_WHOLE, Tables, TrainConfig};

/// The largest number of epochs. This bound keeps the number of steps from overflowing.
const MOST_EPOCHS: u64 = 1_000_000;

/// Finds out what the data set of a configuration is: its size and classes decide about the network.
pub type Describe<'a> = &'a dyn Fn(Name) -> Result<Description, DescriptionError>;

/// A valid configuration: each value is in its range, its data set is known, and the network that it describes can be
/// built for it and saved.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    data: DataConfig,
    description: Description,
    augment: Augmentation,
    train: TrainConfig,
    architecture: Architecture,
}

impl Config {
    /// Checks the tables of a configuration together. `describe` is asked once, for their data set.
    ///
    /// # Errors
    /// Names the first value that is out of its range, a data set that is not there or has a single class, the first
    /// layer that cannot be built, or the file of a checkpoint that would be too large.
    pub fn new(tables: Tables, describe: Describe<'_>) -> Result<Self, ConfigError> {
        let Tables { data, augment, model, train } = tables;
        for (key, value, checked) in ranges(&data, &train).into_iter().chain(augment_ranges(&augment)) {
            checked.map_err(|expected| ConfigError::Value { key, value, expected })?;
        }
        let name = data.dataset;
        let description = describe(name).map_err(|error| ConfigError::Data {
            place: Box::default(),
            name,
            is_unknown: matches!(error, DescriptionError::Unknown(_)),
            problem: error.to_string().into(),
        })?;
        if let [class] = description.classes.as_slice() {
            return Err(ConfigError::OneClass { name, class: class.clone() });
        }
        continental_fits(&augment, name, &description)?;
        let architecture = Architecture::new(&model, description.input_shape(), description.classes.len())?;
        checkpoint_size::check(&architecture, &train)?;
        Ok(Self { data, description, augment, train, architecture })
    }

    /// The table `[data]`.
    pub fn data(&self) -> &DataConfig {
        &self.data
    }

    /// What the data set is.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The table `[augment]`.
    pub fn augment(&self) -> &Augmentation {
        &self.augment
    }

    /// The table `[train]`.
    pub fn train(&self) -> &TrainConfig {
        &self.train
    }

    /// The network that the table `[model]` describes.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// A copy of this configuration in which only `train.seed` differs.
    ///
    /// # Errors
    /// If the seed is larger than [`LARGEST_WHOLE`].
    pub fn with_seed(&self, seed: u64) -> Result<Self, ConfigError> {
        let mut tables = self.tables();
        tables.train.seed = seed;
        Self::new(tables, &|_| Ok(self.description.clone()))
    }

    /// The tables from which [`Self::new`] makes this configuration again, if the data set is still the same.
    pub fn tables(&self) -> Tables {
        Tables {
            data: self.data.clone(),
            augment: self.augment.clone(),
            model: self.architecture.config().clone(),
            train: self.train.clone(),
        }
    }
}

/// A number that has a range: its key, its value, and what is expected if the value is out of the range.
type Ranged = (&'static str, String, Result<(), String>);

fn ranges(data: &DataConfig, train: &TrainConfig) -> Vec<Ranged> {
    let fraction = data.validation_fraction;
    let is_part = fraction > 0.0 && fraction < 1.0;
    let part = "a number above 0 and below 1: the best model is chosen on validation";
    let limit = data.train_limit.map_or(1, NonZeroUsize::get);
    vec![
        number("data.validation_fraction", fraction, if is_part { Ok(()) } else { Err(part) }),
        whole("data.split_seed", data.split_seed, 0, LARGEST_WHOLE),
        whole("data.train_limit", limit as u64, 1, LARGEST_WHOLE),
        whole("train.seed", train.seed, 0, LARGEST_WHOLE),
        whole("train.epochs", train.epochs.get() as u64, 1, MOST_EPOCHS),
        whole("train.batch_size", train.batch_size.get() as u64, 1, LARGEST_WHOLE),
        shards(train),
        number("train.learning_rate", train.learning_rate, positive(train.learning_rate)),
        number("train.epsilon", train.epsilon, epsilon(train.epsilon)),
        number("train.warmup_fraction", train.warmup_fraction, share(train.warmup_fraction)),
        number("train.momentum", train.momentum, share(train.momentum)),
        number("train.beta_1", train.beta_1, share(train.beta_1)),
        number("train.beta_2", train.beta_2, share(train.beta_2)),
        number("train.label_smoothing", train.label_smoothing, share(train.label_smoothing)),
        number("train.weight_decay", train.weight_decay, share(train.weight_decay)),
        number("train.clip_norm", train.clip_norm, zero_or_positive(train.clip_norm)),
        number("train.ema_decay", train.ema_decay, share(train.ema_decay)),
        whole("train.log_every_steps", train.log_every_steps.get() as u64, 1, LARGEST_WHOLE),
        whole("train.checkpoint_every_steps", train.checkpoint_every_steps as u64, 0, LARGEST_WHOLE),
        whole("train.patience", train.patience as u64, 0, LARGEST_WHOLE),
    ]
}

/// A batch is cut into equal shards, and their gradients are added in pairs.
fn shards(train: &TrainConfig) -> Ranged {
    let (shards, batch_size) = (train.shards.get(), train.batch_size.get());
    let is_right = shards.is_power_of_two() && batch_size.is_multiple_of(shards);
    let expected = || {
        let largest = 1usize << batch_size.trailing_zeros();
        format!("a power of two that divides train.batch_size = {batch_size}, so {largest} at most")
    };
    ("train.shards", shards.to_string(), if is_right { Ok(()) } else { Err(expected()) })
}

/// The ranges of `[augment]`. What is beyond them leaves nothing to learn from.
fn augment_ranges(augment: &Augmentation) -> Vec<Ranged> {
    let range = |key, value: f64, least: f64, largest: f64, of: &str| {
        let is_within = (least..=largest).contains(&value);
        (
            key,
            shortest(value),
            if is_within { Ok(()) } else { Err(format!("{of} from {least} to {largest}")) },
        )
    };
    let share = "a share of the image's size";
    vec![
        range("augment.rotation", augment.rotation, 0.0, 180.0, "degrees"),
        range("augment.shift", augment.shift, 0.0, 0.5, share),
        range("augment.zoom", augment.zoom, 0.0, 0.9, share),
        range("augment.shear", augment.shear, 0.0, 2.0, "pixels sideways for each pixel upwards,"),
        range("augment.elastic", augment.elastic, 0.0, 0.5, share),
        range("augment.elastic_smoothness", augment.elastic_smoothness, 0.05, 1.0, share),
        range("augment.stroke_width", augment.stroke_width, 0.0, 0.25, share),
        range("augment.erase", augment.erase, 0.0, 1.0, "a share of the image's area"),
        range("augment.outliers", augment.outliers, 0.0, 0.5, "a share of the batch's images"),
        range("augment.continental", augment.continental, 0.0, 1.0, "a share of the ones and sevens"),
    ]
}

/// The strokes of continental handwriting are for images of the digits 1 and 7.
fn continental_fits(
    augment: &Augmentation,
    name: Name,
    description: &Description,
) -> Result<(), ConfigError> {
    if augment.continental == 0.0 {
        return Ok(());
    }
    let class = |digit: usize| description.classes.get(digit).map_or("missing", String::as_str);
    let Some(digit) = [1, 7].into_iter().find(|digit| class(*digit) != digit.to_string()) else {
        return Ok(());
    };
    Err(ConfigError::Value {
        key: "augment.continental",
        value: shortest(augment.continental),
        expected: format!(
            "0, because class {digit} of data set {name} is {}: only the digits 1 and 7 are written that way",
            class(digit)
        ),
    })
}

fn whole(key: &'static str, value: u64, least: u64, largest: u64) -> Ranged {
    let is_within = (least..=largest).contains(&value);
    let expected = || format!("a whole number from {least} to {largest}");
    (key, value.to_string(), if is_within { Ok(()) } else { Err(expected()) })
}

fn number(key: &'static str, value: f64, checked: Result<(), &'static str>) -> Ranged {
    (key, shortest(value), checked.map_err(str::to_owned))
}

/// The number as text. Without an exponent, a tiny number would be a long row of zeros.
fn shortest(value: f64) -> String {
    let is_short = value == 0.0 || (1e-5..1e16).contains(&value.abs());
    if is_short { value.to_string() } else { format!("{value:?}") }
}
