//! A configuration that was checked as a whole: data, network and training.

use network::Architecture;

use crate::config::checkpoint_size;
use crate::config::error::ConfigError;
use crate::config::tables::{DataConfig, Tables, TrainConfig};

/// The largest number of epochs. This bound keeps the number of steps from overflowing.
const MOST_EPOCHS: usize = 1_000_000;

/// Shape of an image, `[channels, height, width]`. Every data set of this project has grey images of 28x28
/// pixels.
pub const IMAGE_SHAPE: [usize; 3] = [1, 28, 28];

/// A valid configuration: each value is in its range, and the network that it describes can be built and saved.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    data: DataConfig,
    train: TrainConfig,
    architecture: Architecture,
}

impl Config {
    /// Checks the three tables of a configuration together.
    ///
    /// # Errors
    /// Names the first value that is out of its range, the first layer that cannot be built, or the file of a
    /// checkpoint that would be too large.
    pub fn new(tables: Tables) -> Result<Self, ConfigError> {
        let Tables { data, model, train } = tables;
        for (key, value, allowed, expected) in ranges(&data, &train) {
            if !allowed {
                return Err(ConfigError::Value { key, value, expected });
            }
        }
        let architecture = Architecture::new(&model, IMAGE_SHAPE, data.dataset.classes().len())?;
        checkpoint_size::check(&architecture, &train)?;
        Ok(Self { data, train, architecture })
    }

    /// The table `[data]`.
    pub fn data(&self) -> &DataConfig {
        &self.data
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
    pub fn with_seed(&self, seed: u64) -> Self {
        let mut config = self.clone();
        config.train.seed = seed;
        config
    }

    /// The tables from which [`Self::new`] makes this configuration again.
    pub fn tables(&self) -> Tables {
        Tables {
            data: self.data.clone(),
            model: self.architecture.config().clone(),
            train: self.train.clone(),
        }
    }
}

/// For each number that has a range: its key, its value, whether the value is in the range, and the range
/// in words.
fn ranges(data: &DataConfig, train: &TrainConfig) -> Vec<(&'static str, f64, bool, &'static str)> {
    const SHARE: &str = "a number from 0 to below 1";
    const POSITIVE: &str = "a number above 0";
    let epochs = train.epochs.get();
    let share = |key, value: f64| (key, value, (0.0..1.0).contains(&value), SHARE);
    let positive = |key, value: f64| (key, value, value.is_finite() && value > 0.0, POSITIVE);
    let fraction = data.validation_fraction;
    vec![
        (
            "data.validation_fraction",
            fraction,
            fraction > 0.0 && fraction < 1.0,
            "a number above 0 and below 1: the best model is chosen on validation",
        ),
        ("train.epochs", epochs as f64, epochs <= MOST_EPOCHS, "a number from 1 to 1000000"),
        positive("train.learning_rate", train.learning_rate),
        positive("train.epsilon", train.epsilon),
        share("train.warmup_fraction", train.warmup_fraction),
        share("train.momentum", train.momentum),
        share("train.beta_1", train.beta_1),
        share("train.beta_2", train.beta_2),
        share("train.label_smoothing", train.label_smoothing),
        share("train.weight_decay", train.weight_decay),
    ]
}
