//! The lecture's unit: a convolution, and what follows it before the next one.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Initializer};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, module};
use network::config::{Activation, Normalization, Padding, Pool, Stage, UnitConfig};
use network::plan::{First, Plan};

use crate::dropout::{Mode, dropout};

/// A convolution, then the stages in their configured order (normalization, shortcut, activation, pooling),
/// then dropout.
#[derive(Module, Debug)]
pub struct ConvUnit {
    /// Only holds the filters; the operators are those of `ops`.
    conv: Conv2d,
    norm: Option<BatchNorm>,
    #[module(skip)]
    config: UnitConfig,
    #[module(skip)]
    plan: Plan,
}

impl ConvUnit {
    /// A unit whose weights are all zero until the network is given its own.
    pub(crate) fn new(channels: usize, config: &UnitConfig, device: &Device) -> Self {
        Self {
            conv: Conv2dConfig::new([channels, config.filters], [config.kernel_size; 2])
                .with_stride([config.stride; 2])
                .with_groups(config.groups)
                .with_initializer(Initializer::Zeros)
                .init(device),
            norm: (config.normalization == Normalization::Batch)
                .then(|| BatchNormConfig::new(config.filters).init(device)),
            config: config.clone(),
            plan: Plan::new(config),
        }
    }

    /// How many units a shortcut to this unit spans, counted with this one; 0 is none.
    pub(crate) fn residual(&self) -> usize {
        self.config.residual
    }

    /// Feature maps `[n, channels, height, width]` to `[n, filters, pooled height, pooled width]`.
    ///
    /// `shortcut` has the shape of the feature maps that it is added to.
    ///
    /// # Panics
    /// If the unit has a shortcut and none is given. That is a mistake of the caller.
    pub(crate) fn forward(
        &self,
        maps: Tensor<4>,
        shortcut: Option<Tensor<4>>,
        mode: &mut Mode<'_>,
    ) -> Tensor<4> {
        assert_eq!(shortcut.is_some(), self.config.residual > 0, "a unit with a shortcut is given one");
        let first = match self.plan.first {
            First::Convolution => self.convolve(maps, ops::conv2d),
            First::PooledConvolution { activation } => self.convolve(maps, |maps, weight, bias, options| {
                ops::conv2d_max_pool2d(
                    maps,
                    weight,
                    bias,
                    options,
                    self.config.pool_size,
                    operator_of(activation),
                )
            }),
        };
        dropout(self.finish(first, shortcut), self.config.dropout, mode)
    }

    /// The stages that the first operator has left.
    fn finish(&self, maps: Tensor<4>, shortcut: Option<Tensor<4>>) -> Tensor<4> {
        self.plan.then.iter().fold(maps, |maps, stage| match stage {
            Stage::Normalization => match &self.norm {
                Some(norm) => norm.forward(maps),
                None => maps,
            },
            Stage::Residual => match &shortcut {
                Some(shortcut) => maps + shortcut.clone(),
                None => maps,
            },
            Stage::Activation => activate(maps, self.config.activation),
            Stage::Pool => self.pool(maps),
        })
    }

    /// Calls an operator with the feature maps `[n, channels, height, width]`, the filters `[filters, channels
    /// of a group, kernel, kernel]`, the biases `[filters]`, and stride, padding and groups.
    fn convolve(
        &self,
        maps: Tensor<4>,
        operator: impl Fn(Tensor<4>, Tensor<4>, Tensor<1>, ConvOptions<2>) -> Tensor<4>,
    ) -> Tensor<4> {
        let [_n, _channels, height, width] = maps.dims();
        let weight = self.conv.weight.val();
        let &UnitConfig { filters, kernel_size, stride, groups, padding, .. } = &self.config;
        let padding = [height, width].map(|size| match padding {
            Padding::Same => same_padding(size, kernel_size, stride),
            Padding::Valid => (0, 0),
        });
        let options = ConvOptions::new_with_padding([stride; 2], padding, [1; 2], groups);
        let zeros = || Tensor::zeros([filters], &weight.device());
        let bias = self.conv.bias.as_ref().map_or_else(zeros, |bias| bias.val());
        operator(maps, weight, bias, options)
    }

    fn pool(&self, maps: Tensor<4>) -> Tensor<4> {
        let [_n, _filters, height, width] = maps.dims();
        let size = [self.config.pool_size; 2];
        match self.config.pool {
            Pool::Max => module::max_pool2d(maps, MaxPoolOptions::new(size)),
            Pool::Average => module::avg_pool2d(maps, AvgPoolOptions::new(size)),
            Pool::GlobalAverage => module::avg_pool2d(maps, AvgPoolOptions::new([height, width])),
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
    ops::activate(x, operator_of(function))
}

/// The activation as the operators name it.
pub(crate) fn operator_of(function: Activation) -> ops::Activation {
    match function {
        Activation::Relu => ops::Activation::Relu,
        Activation::Gelu => ops::Activation::Gelu,
        Activation::Tanh => ops::Activation::Tanh,
        Activation::Sigmoid => ops::Activation::Sigmoid,
        Activation::None => ops::Activation::None,
    }
}
