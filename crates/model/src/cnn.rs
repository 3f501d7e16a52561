//! The network: convolution units, hidden dense layers, and one logit a class.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData, activation};
use rand::Rng;

use crate::architecture::Architecture;
use crate::config::Activation;
use crate::conv_unit::{ConvUnit, activate};
use crate::regularize::{Mode, dropout};
use crate::weights::{Weights, WeightsError};

/// The lecture's convolutional network, or any other that an [`Architecture`] describes.
#[derive(Module, Debug)]
pub struct Cnn {
    units: Vec<ConvUnit>,
    dense: Vec<Linear>,
    head: Linear,
    #[module(skip)]
    dense_activation: Activation,
    dropout: f64,
}

impl Cnn {
    /// Builds the network on a device, with the given weights.
    ///
    /// On a device with autodiff the parameters collect gradients.
    ///
    /// # Errors
    /// If the weights are not exactly this architecture's: names, shapes, finite values.
    pub fn new(
        architecture: &Architecture,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsError> {
        weights.check(architecture)?;
        let linear = |&[inputs, outputs]: &[usize; 2]| {
            LinearConfig::new(inputs, outputs).with_initializer(Initializer::Zeros).init(device)
        };
        let [hidden @ .., head] = architecture.dense() else {
            return Err(WeightsError::Missing { name: "head.weight".into() });
        };
        let zeros = Self {
            units: architecture
                .units()
                .map(|(config, shape)| ConvUnit::new(shape.input.channels, config, device))
                .collect(),
            dense: hidden.iter().map(linear).collect(),
            head: linear(head),
            dense_activation: architecture.config().dense_activation,
            dropout: architecture.config().dropout,
        };
        Ok(zeros.map(&mut Fill { weights, device, path: Vec::new(), next_id: 1 }))
    }

    /// Logits `[n, classes]` of pictures `[n, 1, height, width]`, as in use: nothing is dropped.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.run(images, &mut Mode::Infer)
    }

    /// The maps after each unit, `[n, channels, height, width]`, on the way to [`Cnn::forward`]'s logits.
    pub fn maps(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let next = |maps: &mut Tensor<4>, unit: &ConvUnit| {
            *maps = unit.forward(maps.clone(), &mut Mode::Infer);
            Some(maps.clone())
        };
        self.units.iter().scan(images, next).collect()
    }

    /// Logits as in training: dropout masks come from `rng`, normalization uses the batch.
    pub fn forward_train(&self, images: Tensor<4>, rng: &mut dyn Rng) -> Tensor<2> {
        self.run(images, &mut Mode::Train(rng))
    }

    fn run(&self, images: Tensor<4>, mode: &mut Mode<'_>) -> Tensor<2> {
        let maps = self.units.iter().fold(images, |maps, unit| unit.forward(maps, mode));
        // [n, channels, height, width] -> [n, channels * height * width]
        let mut features = ops::flatten(maps);
        for layer in &self.dense {
            let dropped = dropout(features, self.dropout, mode);
            features = activate(apply(layer, dropped), self.dense_activation);
        }
        apply(&self.head, dropout(features, self.dropout, mode))
    }

    /// A copy of the weights on the host.
    pub fn weights(&self) -> Weights {
        // `valid` first: batch normalization keeps its newest statistics aside until then.
        let mut read = Read { weights: Weights::default(), path: Vec::new() };
        self.valid().visit(&mut read);
        read.weights
    }
}

/// `[n, inputs]` to `[n, outputs]`: the layer holds the weights, the operator of `ops` uses them.
fn apply(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    let weight = layer.weight.val();
    let [_inputs, outputs] = weight.dims();
    let zeros = || Tensor::zeros([outputs], &weight.device());
    let bias = layer.bias.as_ref().map_or_else(zeros, |bias| bias.val());
    ops::dense(x, weight, bias)
}

/// Probabilities `[n, classes]` from logits; each row sums to one.
pub fn probabilities(logits: Tensor<2>) -> Tensor<2> {
    activation::softmax(logits, 1)
}

/// Puts weights into a network, and gives its parameters ids that are the same in every process.
struct Fill<'a> {
    weights: &'a Weights,
    device: &'a Device,
    path: Vec<String>,
    next_id: u64,
}

impl ModuleMapper for Fill<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // `Weights::check` has seen every name; a parameter without values keeps its zeros.
        let Some((shape, values)) = self.weights.get(&self.path.join(".")) else { return param };
        let data = TensorData::new(values.to_vec(), shape.to_vec());
        let tensor = Tensor::from_data(data, self.device);
        let id = ParamId::from(self.next_id);
        self.next_id += 1;
        // Burn panics if a tensor without autodiff is asked to collect gradients.
        Param::initialized(id, if self.device.is_autodiff() { tensor.require_grad() } else { tensor })
    }
}

struct Read {
    weights: Weights,
    path: Vec<String>,
}

impl ModuleVisitor for Read {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        let values = tensor.into_data().convert::<f32>().iter::<f32>().collect();
        self.weights.insert(self.path.join("."), shape, values);
    }
}
