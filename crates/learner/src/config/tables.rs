//! The tables of a configuration file and their defaults, before anything is checked.

use std::num::NonZeroUsize;

use dataset::Name;
use network::ModelConfig;
use serde::{Deserialize, Serialize};

/// The three tables of a configuration file, before anything was checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tables {
    pub data: DataConfig,
    pub model: ModelConfig,
    pub train: TrainConfig,
}

/// `[data]`: which images are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// "mnist", "fashion-mnist", or "sample" (1,200 digits that are part of the program).
    pub dataset: Name,
    /// Share of the training images that is held out for validation.
    pub validation_fraction: f64,
    /// Decides which images are held out; apart from `train.seed`, so that runs with several seeds validate on the same images.
    pub split_seed: u64,
    /// Train on this many images only; absent: on all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_limit: Option<NonZeroUsize>,
}

impl Default for DataConfig {
    fn default() -> Self {
        // 5,000 of MNIST's 60,000 training images.
        Self { dataset: Name::Mnist, validation_fraction: 0.08333, split_seed: 0, train_limit: None }
    }
}

/// `[train]`: how the network learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Decides the first weights, the order of the images and the dropout masks.
    pub seed: u64,
    /// Passes over the training images.
    pub epochs: NonZeroUsize,
    /// Images in a step.
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
