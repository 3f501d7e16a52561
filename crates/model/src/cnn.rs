//! The network: convolution units, hidden dense layers, and an output layer with one logit for each class.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId, RunningState};
use burn::tensor::{Device, Tensor, TensorData};
use network::config::{Activation, Normalization};
use network::{Architecture, NamedTensors, NetworkMemory, TensorsError};

use crate::batch_norm::{BatchNorm, replace};
use crate::conv_unit::ConvUnit;
use crate::dense_layer::DenseLayer;
use crate::dropout::{Masks, Mode, drop_some};
use crate::shortcuts::Shortcuts;

/// The lecture's convolutional network, or any other that an [`Architecture`] describes.
#[derive(Module, Debug)]
pub struct Cnn {
    units: Vec<ConvUnit>,
    dense: Vec<DenseLayer>,
    head: DenseLayer,
    #[module(skip)]
    memory: NetworkMemory,
    dropout: f64,
}

impl Cnn {
    /// Builds the network on a device, with the given weights.
    ///
    /// On a device with autodiff the parameters collect gradients.
    ///
    /// # Errors
    /// If the weights' names or shapes are not exactly this architecture's, or a value is not finite.
    pub fn new(
        architecture: &Architecture,
        weights: &NamedTensors,
        device: &Device,
    ) -> Result<Self, TensorsError> {
        architecture.check(weights)?;
        let [hidden @ .., head] = architecture.dense() else {
            return Err(TensorsError::Missing { name: "head.weight".into() });
        };
        let config = architecture.config();
        let zeros = Self {
            units: architecture
                .units()
                .map(|(config, shape)| ConvUnit::new(shape.input.channels, config, device))
                .collect(),
            dense: hidden
                .iter()
                .map(|&shape| {
                    DenseLayer::new(shape, config.dense_normalization, config.dense_activation, device)
                })
                .collect(),
            head: DenseLayer::new(*head, Normalization::None, Activation::None, device),
            memory: architecture.memory(),
            dropout: config.dropout,
        };
        Ok(zeros.map(&mut Fill { weights, device, path: Vec::new(), next_id: 1 }))
    }

    /// An estimate of the memory that the network takes on a CPU.
    pub fn memory(&self) -> NetworkMemory {
        self.memory
    }

    /// Logits `[n, classes]` of images `[n, 1, height, width]`, as after training: nothing is dropped.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.run(images, Mode::Infer)
    }

    /// The feature maps `[n, channels, height, width]` after each unit, as [`Cnn::forward`] computes them on
    /// its way to the logits.
    pub fn feature_maps(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let mut each = Vec::with_capacity(self.units.len());
        self.run_units(images, Mode::Infer, |maps| each.push(maps.clone()));
        each
    }

    /// Logits `[n, classes]` as in training: values are dropped by these masks, and normalization uses the batch.
    pub fn forward_train(&self, images: Tensor<4>, masks: Masks) -> Tensor<2> {
        self.run(images, Mode::Train(masks))
    }

    fn run(&self, images: Tensor<4>, mode: Mode) -> Tensor<2> {
        let maps = self.run_units(images, mode, |_maps| ());
        // [n, channels, height, width] -> [n, channels * height * width]
        let mut features = ops::flatten(maps);
        // Dropout counts its layers: the units, then the dense layers.
        let dropout = |layer| mode.dropout(self.units.len() + layer, self.dropout);
        for (i, layer) in self.dense.iter().enumerate() {
            features = layer.forward(drop_some(features, dropout(i)), mode);
        }
        self.head.forward(drop_some(features, dropout(self.dense.len())), mode)
    }

    /// The last unit's feature maps; `after` sees those of each unit.
    fn run_units(&self, images: Tensor<4>, mode: Mode, mut after: impl FnMut(&Tensor<4>)) -> Tensor<4> {
        let mut shortcuts = Shortcuts::new(&self.units);
        let mut maps = images;
        for (i, unit) in self.units.iter().enumerate() {
            let (entering, shortcut) = shortcuts.enter(i, maps);
            maps = unit.forward(entering, shortcut, mode, mode.dropout(i, unit.dropout()));
            after(&maps);
        }
        maps
    }

    /// The running statistics of all normalizations, one behind another. They have moved with each batch that the
    /// network has seen in training.
    pub fn running_statistics(&self) -> Vec<f32> {
        let values = self.statistics().map(|statistics| statistics.value().into_data().convert::<f32>());
        values.flat_map(|data| data.iter::<f32>().collect::<Vec<_>>()).collect()
    }

    /// Puts running statistics into the network, in the order of [`Cnn::running_statistics`].
    ///
    /// # Panics
    /// If there are fewer than the network has. That is a mistake of the caller, never of the data.
    pub fn set_running_statistics(&self, values: &[f32]) {
        let mut rest = values;
        for statistics in self.statistics() {
            let old = statistics.value();
            let (now, later) = rest.split_at(old.dims()[0]);
            rest = later;
            let data = TensorData::new(now.to_vec(), [now.len()]);
            replace(statistics, Tensor::from_data(data, &old.device()));
        }
    }

    fn statistics(&self) -> impl Iterator<Item = &RunningState<Tensor<1>>> {
        let layers = self.dense.iter().chain([&self.head]).filter_map(DenseLayer::norm);
        self.units.iter().filter_map(ConvUnit::norm).chain(layers).flat_map(BatchNorm::statistics)
    }

    /// A copy of the weights on the host.
    pub fn weights(&self) -> NamedTensors {
        let mut read = Read { weights: NamedTensors::default(), path: Vec::new() };
        self.visit(&mut read);
        read.weights
    }
}

/// Puts weights into a network, and gives its parameters ids that are the same in every process.
struct Fill<'a> {
    weights: &'a NamedTensors,
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
        // `Architecture::check` has found every name, so no parameter is left with its zeros.
        let Some((shape, values)) = self.weights.get(&self.path.join(".")) else { return param };
        let data = TensorData::new(values.to_vec(), shape.to_vec());
        let tensor = Tensor::from_data(data, self.device);
        let id = ParamId::from(self.next_id);
        self.next_id += 1;
        // Burn panics if a tensor without autodiff is asked to collect gradients.
        Param::initialized(id, if self.device.is_autodiff() { tensor.require_grad() } else { tensor })
    }
}

/// Copies a network's parameters to the host, under the names of their places in the module.
struct Read {
    weights: NamedTensors,
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
