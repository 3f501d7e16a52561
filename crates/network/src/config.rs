//! The keys of `[model]` in a configuration: which network the user wants.

use serde::{Deserialize, Serialize};

/// Is added to each variance by which a normalization divides.
pub const NORMALIZATION_EPSILON: f64 = 1e-5;

/// A network: convolution units, then hidden dense layers, then an output layer with a logit for each class.
///
/// The default is the lecture's network: two units of 5x5 convolution (32 and 64 filters, SAME padding),
/// ReLU and 2x2 max-pooling, and no hidden dense layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Widths of the hidden dense layers between the units and the output layer.
    pub dense: Vec<usize>,
    /// Normalization between each hidden dense layer and its activation.
    pub dense_normalization: Normalization,
    /// Activation function after each hidden dense layer and its normalization.
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
            dense_normalization: Normalization::None,
            dense_activation: Activation::Relu,
            dropout: 0.0,
            units: vec![
                UnitConfig { filters: 32, ..UnitConfig::default() },
                UnitConfig { filters: 64, ..UnitConfig::default() },
            ],
        }
    }
}

/// One unit: a convolution, then the stages in their [`order`](Self::order), then dropout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UnitConfig {
    /// Number of filters, which is the number of output channels.
    pub filters: usize,
    /// Height and width of the (square) convolution kernel, in pixels.
    pub kernel_size: usize,
    /// Step of the convolution, in pixels.
    pub stride: usize,
    /// What the convolution reads beyond the border.
    pub padding: Padding,
    /// Into how many groups the channels and the filters are divided, which must both be divisible. The filters
    /// of a group read the channels of that group alone. With as many groups as channels the convolution is
    /// depthwise.
    pub groups: usize,
    /// Normalization of the feature maps.
    pub normalization: Normalization,
    /// How many units a shortcut spans, counted with this one; 0 is none. The feature maps that entered that many
    /// units ago are added to this unit's (He et al. 2016).
    pub residual: usize,
    /// Activation function, applied to each value.
    pub activation: Activation,
    /// How a window of neighbouring values becomes one value.
    pub pool: Pool,
    /// Height, width and stride of the pooling window, in pixels.
    pub pool_size: usize,
    /// The order of the stages after the convolution, each of them once.
    pub order: [Stage; 4],
    /// Probability with which training drops a value after the last stage, in `[0, 1)`.
    pub dropout: f64,
}

impl Default for UnitConfig {
    fn default() -> Self {
        Self {
            filters: 32,
            kernel_size: 5,
            stride: 1,
            padding: Padding::Same,
            groups: 1,
            normalization: Normalization::None,
            residual: 0,
            activation: Activation::Relu,
            pool: Pool::Max,
            pool_size: 2,
            order: Stage::ALL,
            dropout: 0.0,
        }
    }
}

impl UnitConfig {
    /// The stages that do something, in their order.
    pub fn stages(&self) -> impl Iterator<Item = Stage> {
        self.order.into_iter().filter(|stage| match stage {
            Stage::Normalization => self.normalization != Normalization::None,
            Stage::Residual => self.residual > 0,
            Stage::Activation => self.activation != Activation::None,
            Stage::Pool => self.pool != Pool::None,
        })
    }

    /// Whether `first` comes before `second` in this unit's order.
    pub fn is_before(&self, first: Stage, second: Stage) -> bool {
        let place = |stage| self.order.iter().position(|&other| other == stage);
        place(first) < place(second)
    }
}

/// What a unit does with the feature maps after its convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Stage {
    Normalization,
    Residual,
    Activation,
    Pool,
}

impl Stage {
    /// Every stage, in the order that a unit has if its configuration names none.
    pub const ALL: [Self; 4] = [Self::Normalization, Self::Residual, Self::Activation, Self::Pool];

    /// The stage's word in a configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Normalization => "normalization",
            Self::Residual => "residual",
            Self::Activation => "activation",
            Self::Pool => "pool",
        }
    }
}

/// What a convolution reads beyond the border of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Padding {
    /// It reads zeros, so the output is as large as the input divided by the stride, rounded up.
    Same,
    /// It reads nothing: the kernel stays inside, so the output is smaller than the input.
    Valid,
}

/// A function applied to each value after a layer. Without one, layers in a row equal a single matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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

/// How the output of a layer is normalized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Normalization {
    None,
    /// Batch normalization, with a mean and a variance for each channel or output (Ioffe and Szegedy 2015).
    Batch,
}

/// How a window of neighbouring values becomes one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Pool {
    Max,
    Average,
    /// The mean of each whole feature map (Lin et al. 2014); `pool_size` is not used.
    GlobalAverage,
    /// There is no pooling; `pool_size` is not used.
    None,
}
