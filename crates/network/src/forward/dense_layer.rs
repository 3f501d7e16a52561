//! A dense layer: weights and biases, then normalization, then activation.

use kernels::{DenseShape, Finish, FinishShape, Level, Stage, Stages, dense_activated, finish};

use crate::architecture::Architecture;
use crate::config::{Activation, Normalization};
use crate::forward::buffers::{Buffer, Buffers};
use crate::forward::held::Held;
use crate::forward::normalization::{BatchNorm, values_of};
use crate::tensors::{NamedTensors, TensorsError};

/// A dense layer of the network.
#[derive(Clone, Debug)]
pub(super) struct DenseLayer {
    shape: DenseShape,
    /// `[inputs, outputs]`
    weight: Held,
    bias: Vec<f32>,
    norm: Option<BatchNorm>,
    activation: kernels::Activation,
}

impl DenseLayer {
    /// The layer whose tensors' names begin with `name`, such as `dense.0` or `head`.
    fn new(
        name: &str,
        [inputs, outputs]: [usize; 2],
        (normalization, activation): (Normalization, Activation),
        weights: &NamedTensors,
    ) -> Result<Self, TensorsError> {
        let is_normalized = normalization == Normalization::Batch;
        Ok(Self {
            shape: DenseShape { inputs, outputs },
            weight: Held::new(values_of(weights, format!("{name}.weight"))?),
            bias: values_of(weights, format!("{name}.bias"))?,
            norm: is_normalized.then(|| BatchNorm::new(name, weights)).transpose()?,
            activation: activation.into(),
        })
    }

    /// All dense layers of a network, the output layer last.
    pub(super) fn all(
        architecture: &Architecture,
        weights: &NamedTensors,
    ) -> Result<Vec<Self>, TensorsError> {
        let head = architecture.dense().len().saturating_sub(1);
        let config = architecture.config();
        let layer = |(i, &shape)| {
            if i == head {
                return Self::new("head", shape, (Normalization::None, Activation::None), weights);
            }
            let then = (config.dense_normalization, config.dense_activation);
            Self::new(&format!("dense.{i}"), shape, then, weights)
        };
        architecture.dense().iter().enumerate().map(layer).collect()
    }

    /// Features `[n, inputs]` to `[n, outputs]`.
    pub(super) fn forward(&self, n: usize, x: Buffer, buffers: &mut Buffers) -> Buffer {
        let Self { shape, weight, bias, norm, activation } = self;
        let of_product = if norm.is_some() { kernels::Activation::None } else { *activation };
        let mut out = buffers.take(n * shape.outputs);
        weight.kept(|keep| {
            let operands = [&*x, weight.values(), bias];
            dense_activated(Level::best(), *shape, of_product, operands, keep, &mut out, &mut []);
        });
        buffers.give(x);
        match norm {
            Some(norm) => self.normalized(n, norm, out, buffers),
            None => out,
        }
    }

    /// The features are the channels of one image with a pixel for each row.
    fn normalized(&self, n: usize, norm: &BatchNorm, x: Buffer, buffers: &mut Buffers) -> Buffer {
        let shape = FinishShape {
            height: n,
            width: 1,
            channels: self.shape.outputs,
            stages: Stages::new([Stage::Normalize, Stage::Activate(self.activation)]),
            pooling: None,
        };
        let normalization = Some(norm.for_kernels());
        let mut out = buffers.take(x.len());
        let call = Finish { shape, shortcut: &[], normalization, dropout: None };
        finish(Level::best(), &call, &x, &mut out, None);
        buffers.give(x);
        out
    }
}
