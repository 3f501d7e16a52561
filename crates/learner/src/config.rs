//! What a run does: data, network and training, checked as a whole.

use std::num::NonZeroUsize;

use dataset::Name;
use network::{Architecture, ModelConfig};
use serde::{Deserialize, Serialize};

use crate::config_text::ConfigError;

/// Longer than any run; steps are counted in whole numbers that must not overflow.
const MOST_EPOCHS: usize = 1_000_000;

/// Every data set here has grey pictures of this size, `[channels, height, width]`.
pub const PICTURE: [usize; 3] = [1, 28, 28];

/// A configuration that makes sense: its values are in range and its network exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    data: DataConfig,
    train: TrainConfig,
    architecture: Architecture,
}

/// The three tables of a configuration file, before anything was checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tables {
    pub data: DataConfig,
    pub model: ModelConfig,
    pub train: TrainConfig,
}

/// `[data]`: which pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// "mnist", "fashion-mnist", or "sample" (1,200 digits that are part of the program).
    pub dataset: Name,
    /// Share of the training pictures that is held out for validation.
    pub validation_fraction: f64,
    /// Decides which pictures are held out; apart from `train.seed`, so that runs with several seeds validate on the same pictures.
    pub split_seed: u64,
    /// Train on this many pictures only; absent: on all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_limit: Option<NonZeroUsize>,
}

impl Default for DataConfig {
    fn default() -> Self {
        // 5,000 of MNIST's 60,000 training pictures.
        Self { dataset: Name::Mnist, validation_fraction: 0.08333, split_seed: 0, train_limit: None }
    }
}

/// `[train]`: how the network learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Decides the first weights, the order of the pictures and the dropout masks.
    pub seed: u64,
    /// Passes over the training pictures.
    pub epochs: NonZeroUsize,
    /// Pictures a step.
    pub batch_size: NonZeroUsize,
    pub optimizer: Optimizer,
    /// The peak of the schedule.
    pub learning_rate: f64,
    pub schedule: Schedule,
    /// Share of all steps in which the learning rate rises to its peak.
    pub warmup_fraction: f64,
    /// Pull of the weights towards zero (AdamW: decoupled; Adam and SGD: added to the gradient).
    pub weight_decay: f64,
    /// SGD's momentum.
    pub momentum: f64,
    /// Adam's and AdamW's decay of the gradients' mean.
    pub beta_1: f64,
    /// Adam's and AdamW's decay of the squared gradients' mean.
    pub beta_2: f64,
    /// Adam's and AdamW's guard against division by zero.
    pub epsilon: f64,
    /// Share of the target probability spread over all classes (Szegedy et al. 2016).
    pub label_smoothing: f64,
    /// Steps between two lines of `metrics.jsonl`; also how often the loss is checked for NaN.
    pub log_every_steps: NonZeroUsize,
    /// Steps between two checkpoints; 0: one at the end of each epoch only.
    pub checkpoint_every_steps: usize,
    /// Epochs in a row without a better score on validation that end the run early; 0: none do.
    pub patience: usize,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            epochs: positive(3),
            batch_size: positive(128),
            optimizer: Optimizer::Adam,
            learning_rate: 3e-3,
            schedule: Schedule::OneCycle,
            warmup_fraction: 0.0,
            weight_decay: 0.0,
            momentum: 0.9,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            label_smoothing: 0.0,
            log_every_steps: positive(20),
            checkpoint_every_steps: 0,
            patience: 0,
        }
    }
}

fn positive(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap_or(NonZeroUsize::MIN)
}

/// The rule that turns gradients into steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    /// Kingma and Ba 2015.
    Adam,
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    Adamw,
    /// Stochastic gradient descent with momentum.
    Sgd,
}

/// How the learning rate moves in the course of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    Constant,
    Cosine,
    OneCycle,
}

impl Config {
    /// Checks three tables as a whole.
    ///
    /// # Errors
    /// The first value out of range, or the first layer that cannot exist.
    pub fn new(tables: Tables) -> Result<Self, ConfigError> {
        let Tables { data, model, train } = tables;
        for (key, value, allowed, expected) in ranges(&data, &train) {
            if !allowed {
                return Err(ConfigError::Value { key, value, expected });
            }
        }
        let architecture = Architecture::new(&model, PICTURE, data.dataset.classes().len())?;
        Ok(Self { data, train, architecture })
    }

    pub fn data(&self) -> &DataConfig {
        &self.data
    }

    pub fn train(&self) -> &TrainConfig {
        &self.train
    }

    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The same with another seed.
    pub fn with_seed(&self, seed: u64) -> Self {
        let mut config = self.clone();
        config.train.seed = seed;
        config
    }

    /// The tables that give this configuration again.
    pub fn tables(&self) -> Tables {
        Tables {
            data: self.data.clone(),
            model: self.architecture.config().clone(),
            train: self.train.clone(),
        }
    }
}

/// Key, value, whether it is in range, and the range in words.
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
