//! The lecture's unit: a convolution, and what follows it before the next one.

use burn::module::Module;
use burn::nn::Initializer;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};
use network::config::{NORMALIZATION_EPSILON, Normalization, UnitConfig};
use network::plan::{First, Pass, Plan};
use ops::{Dropout, FinishOptions};

use crate::batch_norm::BatchNorm;
use crate::dropout::{Mode, drop_some};

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
    /// The plan of a unit whose normalization is part of its filters, if inference can do that.
    #[module(skip)]
    folded: Option<Plan>,
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
                .then(|| BatchNorm::new(config.filters, device)),
            config: config.clone(),
            plan: Plan::new(config),
            folded: Plan::folded(config),
        }
    }

    pub(crate) fn norm(&self) -> Option<&BatchNorm> {
        self.norm.as_ref()
    }

    /// How many units a shortcut to this unit spans, counted with this one; 0 is none.
    pub(crate) fn residual(&self) -> usize {
        self.config.residual
    }

    /// The probability with which training drops a value after the last stage.
    pub(crate) fn dropout(&self) -> f64 {
        self.config.dropout
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
        mode: Mode,
        dropout: Option<Dropout>,
    ) -> Tensor<4> {
        assert_eq!(shortcut.is_some(), self.config.residual > 0, "a unit with a shortcut is given one");
        let (plan, parameters) = match (&self.folded, &self.norm) {
            (Some(folded), Some(norm)) if !mode.is_training() => {
                let (weight, bias) = self.parameters();
                (folded, ops::fold_normalization(weight, bias, norm.running(), NORMALIZATION_EPSILON))
            }
            _ => (&self.plan, self.parameters()),
        };
        let first = match plan.first {
            First::Convolution => self.convolve(maps, parameters, ops::conv2d),
            First::PooledConvolution { activation } => {
                let (pool, activation) = (self.config.pool_size, activation.into());
                self.convolve(maps, parameters, |maps, weight, bias, options| {
                    ops::conv2d_max_pool2d(maps, weight, bias, options, pool, activation)
                })
            }
        };
        self.finish(first, shortcut, plan, mode, dropout)
    }

    /// Does the stages that the first operator has left, and dropout: those up to the pooling in one pass, and
    /// those behind it in another.
    fn finish(
        &self,
        mut maps: Tensor<4>,
        shortcut: Option<Tensor<4>>,
        plan: &Plan,
        mode: Mode,
        dropout: Option<Dropout>,
    ) -> Tensor<4> {
        let [_n, _filters, height, width] = maps.dims();
        for Pass { stages, pooling, is_last } in plan.passes(&self.config, [height, width]) {
            let options = FinishOptions {
                stages,
                pooling,
                dropout: dropout.filter(|_| is_last),
                epsilon: NORMALIZATION_EPSILON,
                is_of_batch: mode.is_training(),
            };
            let norm = self.norm.as_ref().filter(|_| stages.normalizes());
            let normalization = norm.map(|norm| norm.normalization(&maps, shortcut.as_ref(), stages, mode));
            maps = ops::finish(maps, shortcut.clone(), normalization, options);
        }
        // If the first operator has done all stages, no pass has drawn the mask yet.
        if plan.then.is_empty() { drop_some(maps, dropout) } else { maps }
    }

    /// The filters `[filters, channels of a group, kernel, kernel]` and the biases `[filters]`.
    fn parameters(&self) -> (Tensor<4>, Tensor<1>) {
        let weight = self.conv.weight.val();
        let zeros = || Tensor::zeros([self.config.filters], &weight.device());
        let bias = self.conv.bias.as_ref().map_or_else(zeros, |bias| bias.val());
        (weight, bias)
    }

    /// Calls an operator with the feature maps `[n, channels, height, width]`, the filters `[filters, channels
    /// of a group, kernel, kernel]`, the biases `[filters]`, and stride, padding and groups.
    fn convolve(
        &self,
        maps: Tensor<4>,
        (weight, bias): (Tensor<4>, Tensor<1>),
        operator: impl Fn(Tensor<4>, Tensor<4>, Tensor<1>, ConvOptions<2>) -> Tensor<4>,
    ) -> Tensor<4> {
        let [_n, _channels, height, width] = maps.dims();
        let &UnitConfig { stride, groups, .. } = &self.config;
        let padding = [height, width].map(|size| self.config.zeros_around(size));
        let options = ConvOptions::new_with_padding([stride; 2], padding, [1; 2], groups);
        operator(maps, weight, bias, options)
    }
}
