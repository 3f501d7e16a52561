//! The keys of `[model]`: what a user may ask of the network.

use serde::{Deserialize, Serialize};

/// A network: convolution units, then hidden dense layers, then one logit a class.
///
/// The default is the lecture's: two units of 5x5 convolution (32 and 64 filters, SAME),
/// ReLU and 2x2 max-pooling, and no hidden dense layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Widths of the hidden dense layers between the units and the output layer.
    pub dense: Vec<usize>,
    /// Activation after each hidden dense layer.
    pub dense_activation: Activation,
    /// Probability of dropping a value before each dense layer while training, in [0, 1).
    pub dropout: f64,
    /// The convolution units, in order. Without any, the network is dense.
    pub units: Vec<UnitConfig>,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            dense: Vec::new(),
            dense_activation: Activation::Relu,
            dropout: 0.0,
            units: vec![
                UnitConfig { filters: 32, ..UnitConfig::default() },
                UnitConfig { filters: 64, ..UnitConfig::default() },
            ],
        }
    }
}

/// One unit: convolution, normalization, activation, pooling, dropout, in this order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnitConfig {
    /// Number of filters, which is the number of output channels.
    pub filters: usize,
    /// Height and width of the (square) convolution kernel, in pixels.
    pub kernel_size: usize,
    /// Step of the convolution, in pixels.
    pub stride: usize,
    /// What the convolution sees beyond the border.
    pub padding: Padding,
    /// Normalization between convolution and activation.
    pub normalization: Normalization,
    /// The non-linear function.
    pub activation: Activation,
    /// How neighbouring outputs are summarised.
    pub pool: Pool,
    /// Height, width and stride of the pooling window, in pixels.
    pub pool_size: usize,
    /// Probability of dropping a value after pooling while training, in [0, 1).
    pub dropout: f64,
}

impl Default for UnitConfig {
    fn default() -> Self {
        Self {
            filters: 32,
            kernel_size: 5,
            stride: 1,
            padding: Padding::Same,
            normalization: Normalization::None,
            activation: Activation::Relu,
            pool: Pool::Max,
            pool_size: 2,
            dropout: 0.0,
        }
    }
}

/// What a convolution sees beyond the border of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// Zeros, so that the output is as large as the input divided by the stride, rounded up.
    Same,
    /// Nothing: the kernel stays inside, and the output is smaller than the input.
    Valid,
}

/// The function that makes a network more than one matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `max(0, x)`.
    Relu,
    /// `x` weighted by the normal distribution's cumulative probability (Hendrycks and Gimpel 2016).
    Gelu,
    /// Hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// The identity: the layer stays linear.
    None,
}

impl Activation {
    /// Whether `a <= b` implies `f(a) <= f(b)`; such a function may follow a max-pool instead of preceding it.
    pub fn is_non_decreasing(self) -> bool {
        !matches!(self, Self::Gelu)
    }
}

/// Normalization of a convolution's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalization {
    None,
    /// Batch normalization, a mean and a variance a channel (Ioffe and Szegedy 2015).
    Batch,
}

/// How a window of outputs becomes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pool {
    Max,
    Average,
    None,
}
