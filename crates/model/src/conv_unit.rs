//! The lecture's unit: convolution, activation, pooling.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Initializer};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, activation, module};
use network::config::{Activation, Normalization, Padding, Pool, UnitConfig};

use crate::dropout::{Mode, dropout};

/// Convolution, normalization, activation, pooling and dropout, in this order.
#[derive(Module, Debug)]
pub struct ConvUnit {
    /// Only holds the filters; the operators are those of `ops`.
    conv: Conv2d,
    norm: Option<BatchNorm>,
    #[module(skip)]
    settings: Settings,
    dropout: f64,
}

/// What a unit does besides applying its weights.
#[derive(Clone, Copy, Debug)]
struct Settings {
    padding: Padding,
    activation: Activation,
    pool: Pool,
    pool_size: usize,
}

impl ConvUnit {
    /// A unit whose weights are all zero until the network is given its own.
    pub(crate) fn new(channels: usize, config: &UnitConfig, device: &Device) -> Self {
        let &UnitConfig { padding, activation, pool, pool_size, dropout, .. } = config;
        Self {
            conv: Conv2dConfig::new([channels, config.filters], [config.kernel_size; 2])
                .with_stride([config.stride; 2])
                .with_initializer(Initializer::Zeros)
                .init(device),
            norm: (config.normalization == Normalization::Batch)
                .then(|| BatchNormConfig::new(config.filters).init(device)),
            settings: Settings { padding, activation, pool, pool_size },
            dropout,
        }
    }

    /// Feature maps `[n, channels, height, width]` to `[n, filters, pooled height, pooled width]`.
    pub(crate) fn forward(&self, maps: Tensor<4>, mode: &mut Mode<'_>) -> Tensor<4> {
        let Settings { activation, pool, pool_size, .. } = self.settings;
        // A non-decreasing function commutes with the maximum. So it may follow the pooling, which
        // gives the same result and gradient for a quarter of the work, and the pooling applies ReLU itself.
        let maps = if pool == Pool::Max && self.norm.is_none() && activation.is_non_decreasing() {
            let relu = activation == Activation::Relu;
            let pooled = self.convolve(maps, |maps, weight, bias, options| {
                ops::conv2d_max_pool2d(maps, weight, bias, options, pool_size, relu)
            });
            if relu { pooled } else { activate(pooled, activation) }
        } else {
            let mut maps = self.convolve(maps, ops::conv2d);
            if let Some(norm) = &self.norm {
                maps = norm.forward(maps);
            }
            self.pool(activate(maps, activation))
        };
        dropout(maps, self.dropout, mode)
    }

    /// Calls an operator with the feature maps `[n, channels, height, width]`, the filters
    /// `[filters, channels, kernel, kernel]`, the biases `[filters]`, and stride and padding.
    fn convolve(
        &self,
        maps: Tensor<4>,
        operator: impl Fn(Tensor<4>, Tensor<4>, Tensor<1>, ConvOptions<2>) -> Tensor<4>,
    ) -> Tensor<4> {
        let [_n, _channels, height, width] = maps.dims();
        let weight = self.conv.weight.val();
        let [filters, _channels, kernel, _kernel] = weight.dims();
        let stride = self.conv.stride[0];
        let padding = [height, width].map(|size| match self.settings.padding {
            Padding::Same => same_padding(size, kernel, stride),
            Padding::Valid => (0, 0),
        });
        let options = ConvOptions::new_with_padding([stride; 2], padding, [1; 2], 1);
        let zeros = || Tensor::zeros([filters], &weight.device());
        let bias = self.conv.bias.as_ref().map_or_else(zeros, |bias| bias.val());
        operator(maps, weight, bias, options)
    }

    fn pool(&self, maps: Tensor<4>) -> Tensor<4> {
        let size = [self.settings.pool_size; 2];
        match self.settings.pool {
            Pool::Max => module::max_pool2d(maps, MaxPoolOptions::new(size)),
            Pool::Average => module::avg_pool2d(maps, AvgPoolOptions::new(size)),
            Pool::None => maps,
        }
    }
}

/// How many zeros SAME padding puts before and after `size` pixels, so that there is an output for each
/// `stride` of them. If the number of zeros is odd, one more comes after than before.
pub(crate) fn same_padding(size: usize, kernel: usize, stride: usize) -> (usize, usize) {
    let needed = (size.div_ceil(stride).max(1) - 1) * stride + kernel;
    let total = needed.saturating_sub(size);
    (total / 2, total - total / 2)
}

/// Applies an activation function to each value.
pub(crate) fn activate<const D: usize>(x: Tensor<D>, function: Activation) -> Tensor<D> {
    match function {
        Activation::Relu => activation::relu(x),
        Activation::Gelu => activation::gelu(x),
        Activation::Tanh => activation::tanh(x),
        Activation::Sigmoid => activation::sigmoid(x),
        Activation::None => x,
    }
}
