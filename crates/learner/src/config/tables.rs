//! The tables of a configuration file with their default values. Ranges are not checked here.

use std::num::NonZeroUsize;

use dataset::{Augmentation, Name};
use network::ModelConfig;
use serde::{Deserialize, Serialize};
use toml::Value;

/// The largest whole number of a configuration, seeds among them. TOML guarantees no larger one, so a run with
/// a larger one could not be resumed.
pub const LARGEST_WHOLE: u64 = i64::MAX as u64;

/// The tables of a configuration file, whose values may still be out of range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tables {
    pub data: DataConfig,
    /// A file need not have it, and those of earlier versions do not. So it is left out where it has its default values.
    #[serde(skip_serializing_if = "Augmentation::is_default")]
    pub augment: Augmentation,
    pub model: ModelConfig,
    pub train: TrainConfig,
}

impl Tables {
    /// All keys with their values, those of `[augment]` among them even where it has its default values.
    pub(super) fn complete(&self) -> Result<Value, toml::ser::Error> {
        let mut value = Value::try_from(self)?;
        if let Value::Table(tables) = &mut value {
            tables.insert("augment".to_owned(), Value::try_from(&self.augment)?);
        }
        Ok(value)
    }
}

/// `[data]`: which images are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// "mnist", "fashion-mnist", "sample" (1,200 digits that are part of the program), or the name of a data set of
    /// one's own.
    pub dataset: Name,
    /// Share of the training images that is held out for validation.
    pub validation_fraction: f64,
    /// Decides which images are held out. This seed is not `train.seed`, so that runs with different seeds
    /// validate on the same images.
    pub split_seed: u64,
    /// The number of images to train on. If the key is absent, the run trains on all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_limit: Option<NonZeroUsize>,
}

impl Default for DataConfig {
    fn default() -> Self {
        // This share of MNIST's 60,000 training images is 5,000 images.
        Self { dataset: Name::MNIST, validation_fraction: 0.08333, split_seed: 0, train_limit: None }
    }
}

/// `[train]`: how the network learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Decides the first weights, the order of the images and the dropout masks.
    pub seed: u64,
    /// Number of passes over the training images.
    pub epochs: NonZeroUsize,
    /// Number of images in a step.
    pub batch_size: NonZeroUsize,
    /// Number of equal parts of each batch whose gradients are computed apart and added in a fixed order, so that up to as
    /// many processes can share a step. Batch normalization takes the statistics of each part by itself (Hoffer et al.
    /// 2017). It must be a power of two that divides the batch.
    pub shards: NonZeroUsize,
    pub optimizer: Optimizer,
    /// The learning rate at the peak of the schedule.
    pub learning_rate: f64,
    pub schedule: Schedule,
    /// Share of all steps in which the learning rate rises to its peak. With 0, one-cycle takes a share of
    /// 0.3 and the other schedules do not rise.
    pub warmup_fraction: f64,
    /// Strength of the weights' pull towards zero. AdamW applies it to the weights themselves; Adam and SGD
    /// add it to the gradient.
    pub weight_decay: f64,
    /// Whether weight decay also applies to biases, and to the scales and shifts of normalization. Without this,
    /// it applies to weights only, which are the parameters of two or more dimensions.
    pub decay_biases: bool,
    /// The largest norm that all gradients together may have. Larger ones are scaled down to it (Pascanu et al.
    /// 2013). With 0 there is no limit.
    pub clip_norm: f64,
    /// How much of the weights' average over the steps is kept in each step (Polyak and Juditsky 1992). The run
    /// validates, saves and tests the averaged weights. With 0 there is no average.
    pub ema_decay: f64,
    /// SGD's momentum.
    pub momentum: f64,
    /// Decay rate of the mean of the gradients, for Adam and AdamW.
    pub beta_1: f64,
    /// Decay rate of the mean of the squared gradients, for Adam and AdamW.
    pub beta_2: f64,
    /// The number that Adam and AdamW add to a denominator so that they never divide by zero.
    pub epsilon: f64,
    /// Share of the target probability that is spread evenly over all classes (Szegedy et al. 2016).
    pub label_smoothing: f64,
    /// Steps in a logging window. At its end a line is written to `metrics.jsonl`, after a check that the
    /// losses and the gradients are finite.
    pub log_every_steps: NonZeroUsize,
    /// Steps between two checkpoints within an epoch. With 0 there are none; the end of an epoch always has
    /// one.
    pub checkpoint_every_steps: usize,
    /// The run ends early after this many epochs in a row without a better score on validation. With 0 it
    /// never ends early.
    pub patience: usize,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            epochs: positive(3),
            batch_size: positive(128),
            shards: positive(1),
            optimizer: Optimizer::Adam,
            learning_rate: 3e-3,
            schedule: Schedule::OneCycle,
            warmup_fraction: 0.0,
            weight_decay: 0.0,
            decay_biases: true,
            clip_norm: 0.0,
            ema_decay: 0.0,
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

impl TrainConfig {
    /// The strength of the weight decay for a parameter with so many dimensions.
    pub(crate) fn decay(&self, dimensions: usize) -> f64 {
        if self.decay_biases || dimensions > 1 { self.weight_decay } else { 0.0 }
    }
}

fn positive(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap_or(NonZeroUsize::MIN)
}

/// The rule by which gradients change the weights.
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

/// How the learning rate changes in the course of a run; see [`crate::train::schedule`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    Constant,
    Cosine,
    OneCycle,
}
