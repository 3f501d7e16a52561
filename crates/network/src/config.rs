//! The keys of `[model]` in a configuration: which network the user wants.

use serde::{Deserialize, Serialize};

/// A network: convolution units, then hidden dense layers, then an output layer with a logit for each class.
///
/// The default is the lecture's network: two units of 5x5 convolution (32 and 64 filters, SAME padding),
/// ReLU and 2x2 max-pooling, and no hidden dense layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Widths of the hidden dense layers between the units and the output layer.
    pub dense: Vec<usize>,
    /// Activation function after each hidden dense layer.
    pub dense_activation: Activation,
    /// Probability with which training drops a value before each dense layer, in `[0, 1)`.
    pub dropout: f64,
    /// The convolution units, in order. A network without units is dense.
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
    /// What the convolution reads beyond the border.
    pub padding: Padding,
    /// Normalization between convolution and activation.
    pub normalization: Normalization,
    /// Activation function after the convolution and its normalization.
    pub activation: Activation,
    /// How a window of neighbouring values becomes one value.
    pub pool: Pool,
    /// Height, width and stride of the pooling window, in pixels.
    pub pool_size: usize,
    /// Probability with which training drops a value after pooling, in `[0, 1)`.
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

/// What a convolution reads beyond the border of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// It reads zeros, so the output is as large as the input divided by the stride, rounded up.
    Same,
    /// It reads nothing: the kernel stays inside, so the output is smaller than the input.
    Valid,
}

/// A function applied to each value after a layer. Without one, layers in a row equal a single matrix.
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
    /// Whether `a <= b` implies `f(a) <= f(b)`. Such a function gives the same after a max-pool as before it.
    pub fn is_non_decreasing(self) -> bool {
        !matches!(self, Self::Gelu)
    }
}

/// How a convolution's output is normalized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalization {
    None,
    /// Batch normalization, with a mean and a variance for each channel (Ioffe and Szegedy 2015).
    Batch,
}

/// How a window of neighbouring values becomes one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pool {
    Max,
    Average,
    /// There is no pooling; `pool_size` is not used.
    None,
}
