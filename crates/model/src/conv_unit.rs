//! The lecture's unit: convolution, activation, pooling.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Initializer, PaddingConfig2d};
use burn::tensor::{Device, Tensor, activation};

use crate::config::{Activation, Normalization, Padding, Pool, UnitConfig};
use crate::regularize::{Mode, dropout};

/// Convolution, normalization, activation, pooling and dropout, in this order.
#[derive(Module, Debug)]
pub struct ConvUnit {
    conv: Conv2d,
    norm: Option<BatchNorm>,
    max_pool: Option<MaxPool2d>,
    average_pool: Option<AvgPool2d>,
    #[module(skip)]
    activation: Activation,
    dropout: f64,
}

impl ConvUnit {
    /// A unit whose weights are all zero, until [`crate::Cnn::new`] gives it real ones.
    pub(crate) fn new(channels: usize, config: &UnitConfig, device: &Device) -> Self {
        let padding = match config.padding {
            Padding::Same => PaddingConfig2d::Same,
            Padding::Valid => PaddingConfig2d::Valid,
        };
        let window = [config.pool_size; 2];
        Self {
            conv: Conv2dConfig::new([channels, config.filters], [config.kernel_size; 2])
                .with_stride([config.stride; 2])
                .with_padding(padding)
                .with_initializer(Initializer::Zeros)
                .init(device),
            norm: (config.normalization == Normalization::Batch)
                .then(|| BatchNormConfig::new(config.filters).init(device)),
            max_pool: (config.pool == Pool::Max)
                .then(|| MaxPool2dConfig::new(window).with_strides(window).init()),
            average_pool: (config.pool == Pool::Average)
                .then(|| AvgPool2dConfig::new(window).with_strides(window).init()),
            activation: config.activation,
            dropout: config.dropout,
        }
    }

    /// `[n, channels, height, width]` to `[n, filters, pooled height, pooled width]`.
    pub(crate) fn forward(&self, maps: Tensor<4>, mode: &mut Mode<'_>) -> Tensor<4> {
        let mut maps = self.conv.forward(maps);
        if let Some(norm) = &self.norm {
            maps = norm.forward(maps);
        }
        maps = match (&self.max_pool, &self.average_pool) {
            // A non-decreasing function commutes with the maximum: the same result and
            // gradient from a quarter of the work.
            (Some(pool), _) if self.activation.is_non_decreasing() => {
                activate(pool.forward(maps), self.activation)
            }
            (Some(pool), _) => pool.forward(activate(maps, self.activation)),
            (None, Some(pool)) => pool.forward(activate(maps, self.activation)),
            (None, None) => activate(maps, self.activation),
        };
        dropout(maps, self.dropout, mode)
    }
}

/// Applies an activation function to each element.
pub(crate) fn activate<const D: usize>(x: Tensor<D>, function: Activation) -> Tensor<D> {
    match function {
        Activation::Relu => activation::relu(x),
        Activation::Gelu => activation::gelu(x),
        Activation::Tanh => activation::tanh(x),
        Activation::Sigmoid => activation::sigmoid(x),
        Activation::None => x,
    }
}
