//! Batch normalization (Ioffe and Szegedy 2015): its parameters, and the statistics that inference uses.

use burn::module::{Module, Param, RunningState};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};
use network::config::NORMALIZATION_EPSILON;
use ops::{Activation, FinishOptions, Normalization, Stage, Stages};

use crate::dropout::Mode;

/// How much a batch's statistics count beside the running ones.
const MOMENTUM: f64 = 0.1;

/// Scale and shift of each channel, and the running statistics, which are not trained.
#[derive(Module, Debug)]
pub(crate) struct BatchNorm {
    gamma: Param<Tensor<1>>,
    beta: Param<Tensor<1>>,
    running_mean: RunningState<Tensor<1>>,
    running_var: RunningState<Tensor<1>>,
}

impl BatchNorm {
    /// A normalization that changes nothing until the network is given its own values.
    pub(crate) fn new(channels: usize, device: &Device) -> Self {
        Self {
            gamma: Initializer::Ones.init([channels], device),
            beta: Initializer::Zeros.init([channels], device),
            running_mean: RunningState::new(Tensor::zeros([channels], device)),
            running_var: RunningState::new(Tensor::ones([channels], device)),
        }
    }

    /// What normalizes the maps `[n, channels, height, width]` at its place among the stages. In training these
    /// are the batch's statistics, which also move the running ones; otherwise it is the running statistics.
    pub(crate) fn normalization(
        &self,
        maps: &Tensor<4>,
        shortcut: Option<&Tensor<4>>,
        stages: Stages,
        mode: Mode,
    ) -> Normalization {
        if !mode.is_training() {
            return self.running();
        }
        let [mean, variance] = ops::batch_statistics(maps.clone(), shortcut.cloned(), stages);
        move_towards(&self.running_mean, &mean);
        move_towards(&self.running_var, &variance);
        Normalization { gamma: self.gamma.val(), beta: self.beta.val(), mean, variance }
    }

    /// Normalization with the running statistics.
    pub(crate) fn running(&self) -> Normalization {
        Normalization {
            gamma: self.gamma.val(),
            beta: self.beta.val(),
            mean: self.running_mean.value(),
            variance: self.running_var.value(),
        }
    }

    /// The running mean and variance, which stay in place when they change.
    pub(crate) fn statistics(&self) -> [&RunningState<Tensor<1>>; 2] {
        [&self.running_mean, &self.running_var]
    }

    /// Normalizes features `[n, features]` and applies an activation function.
    pub(crate) fn forward_features(&self, x: Tensor<2>, activation: Activation, mode: Mode) -> Tensor<2> {
        let [n, features] = x.dims();
        // [n, features] -> [1, n, 1, features] -> [1, features, n, 1]: the features are the channels of one image
        let maps = x.reshape([1, n, 1, features]).permute([0, 3, 1, 2]);
        let stages = Stages::new([Stage::Normalize, Stage::Activate(activation)]);
        let normalization = self.normalization(&maps, None, stages, mode);
        let options = FinishOptions {
            stages,
            epsilon: NORMALIZATION_EPSILON,
            is_of_batch: mode.is_training(),
            ..FinishOptions::default()
        };
        let maps = ops::finish(maps, None, Some(normalization), options);
        // [1, features, n, 1] -> [1, n, 1, features] -> [n, features]
        maps.permute([0, 2, 3, 1]).reshape([n, features])
    }
}

/// Moves running statistics towards those of a batch.
fn move_towards(running: &RunningState<Tensor<1>>, batch: &Tensor<1>) {
    let old = running.value_sync().mul_scalar(1.0 - MOMENTUM);
    let new = old.add(batch.clone().detach().mul_scalar(MOMENTUM));
    replace(running, new.detach());
}

/// Puts a new value in the place of running statistics.
pub(crate) fn replace(running: &RunningState<Tensor<1>>, value: Tensor<1>) {
    running.update(value);
    // Without this the new value would stand aside until the next update.
    running.value_sync();
}
