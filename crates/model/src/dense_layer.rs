//! A dense layer: weights and biases, then normalization, then activation.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};
use network::config::{Activation, Normalization};

use crate::batch_norm::BatchNorm;
use crate::dropout::Mode;

/// A dense layer, whose values stand in the network's file beside each other: `dense.0.weight`, `dense.0.bias`,
/// `dense.0.norm.gamma` and so on.
#[derive(Module, Debug)]
pub(crate) struct DenseLayer {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
    norm: Option<BatchNorm>,
    #[module(skip)]
    activation: Activation,
}

impl DenseLayer {
    /// A layer whose weights are all zero until the network is given its own.
    pub(crate) fn new(
        [inputs, outputs]: [usize; 2],
        normalization: Normalization,
        activation: Activation,
        device: &Device,
    ) -> Self {
        Self {
            weight: Initializer::Zeros.init([inputs, outputs], device),
            bias: Initializer::Zeros.init([outputs], device),
            norm: (normalization == Normalization::Batch).then(|| BatchNorm::new(outputs, device)),
            activation,
        }
    }

    pub(crate) fn norm(&self) -> Option<&BatchNorm> {
        self.norm.as_ref()
    }

    /// `[n, inputs]` to `[n, outputs]`.
    pub(crate) fn forward(&self, x: Tensor<2>, mode: Mode) -> Tensor<2> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        let activation = self.activation.into();
        match &self.norm {
            Some(norm) => norm.forward_features(ops::dense(x, weight, bias), activation, mode),
            None => ops::dense_activated(x, weight, bias, activation),
        }
    }
}
