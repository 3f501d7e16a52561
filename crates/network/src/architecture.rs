//! A configuration whose shapes were checked: the only thing a network is built from.

use thiserror::Error;

use crate::config::{Activation, ModelConfig, Normalization, Padding, Pool, UnitConfig};

/// More than this many numbers in one tensor (4 GiB of `f32`) is taken for a typing mistake.
const LARGEST_TENSOR: usize = 1 << 30;

/// Why a network cannot exist. The layer is named as in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{layer}: {problem}")]
pub struct ShapeError {
    pub layer: String,
    pub problem: String,
}

/// A network whose every shape is known and possible.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    input: MapShape,
    classes: usize,
    config: ModelConfig,
    units: Vec<UnitShape>,
    /// Inputs and outputs of each dense layer, the output layer last.
    dense: Vec<[usize; 2]>,
}

/// Shape of one picture's maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapShape {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
}

impl MapShape {
    fn len(self) -> Option<usize> {
        self.channels.checked_mul(self.height)?.checked_mul(self.width)
    }
}

/// Shapes inside one convolution unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitShape {
    pub input: MapShape,
    /// After the convolution, before pooling.
    pub convolved: MapShape,
    pub output: MapShape,
}

/// One line of the layer table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub name: String,
    /// What the layer does, in words.
    pub kind: String,
    /// Output shape for one picture.
    pub output: Vec<usize>,
    /// Numbers that training changes.
    pub parameters: usize,
    /// Multiply-adds for one picture, forward.
    pub multiply_adds: usize,
}

/// A tensor of the network: its name, its shape and how it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorSpec {
    pub name: String,
    pub shape: Vec<usize>,
    pub initial: Initial,
}

/// The distribution that a tensor's first values are drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// Uniform in `[-bound, bound)`; with `bound = 1 / sqrt(fan_in)` the scale of LeCun et al. 1998.
    Uniform {
        bound: f32,
    },
    Constant(f32),
}

impl Architecture {
    /// Checks a configuration against pictures of `[channels, height, width]` and a number of classes.
    ///
    /// # Errors
    /// The first layer that cannot exist, with the reason.
    pub fn new(config: &ModelConfig, input: [usize; 3], classes: usize) -> Result<Self, ShapeError> {
        let [channels, height, width] = input;
        let input = MapShape { channels, height, width };
        let mut shape = input;
        let mut units = Vec::with_capacity(config.units.len());
        for (i, unit) in config.units.iter().enumerate() {
            let checked = unit_shape(shape, unit)
                .map_err(|problem| ShapeError { layer: format!("model.units[{i}]"), problem })?;
            shape = checked.output;
            units.push(checked);
        }
        let fail = |layer: &str, problem: String| Err(ShapeError { layer: layer.into(), problem });
        if let Err(problem) = probability(config.dropout) {
            return fail("model.dropout", problem);
        }
        let mut dense = Vec::with_capacity(config.dense.len() + 1);
        let mut width = shape.len().unwrap_or(usize::MAX);
        for (i, &outputs) in config.dense.iter().chain([&classes]).enumerate() {
            let layer =
                if i < config.dense.len() { format!("model.dense[{i}]") } else { "output layer".into() };
            if outputs == 0 {
                return fail(&layer, "a dense layer needs at least one output".into());
            }
            if width.checked_mul(outputs).is_none_or(|n| n > LARGEST_TENSOR) {
                return fail(
                    &layer,
                    format!("a weight of {width} x {outputs} is larger than {LARGEST_TENSOR} numbers"),
                );
            }
            dense.push([width, outputs]);
            width = outputs;
        }
        Ok(Self { input, classes, config: config.clone(), units, dense })
    }

    /// Shape of a picture.
    pub fn input(&self) -> MapShape {
        self.input
    }

    pub fn classes(&self) -> usize {
        self.classes
    }

    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Each unit's configuration beside its shapes.
    pub fn units(&self) -> impl Iterator<Item = (&UnitConfig, &UnitShape)> {
        self.config.units.iter().zip(&self.units)
    }

    /// Inputs and outputs of each dense layer, the output layer last.
    pub fn dense(&self) -> &[[usize; 2]] {
        &self.dense
    }

    /// The layer table, in forward order.
    pub fn layers(&self) -> Vec<Layer> {
        let mut layers = Vec::new();
        for (i, (config, shape)) in self.units().enumerate() {
            layers.extend(unit_layers(i, config, shape));
        }
        for (i, &[inputs, outputs]) in self.dense.iter().enumerate() {
            let is_head = i + 1 == self.dense.len();
            let (name, kind) = if is_head {
                ("head".to_owned(), "dense, softmax".to_owned())
            } else {
                (format!("dense.{i}"), format!("dense{}", then(self.config.dense_activation)))
            };
            layers.push(Layer {
                name,
                kind,
                output: vec![outputs],
                parameters: inputs * outputs + outputs,
                multiply_adds: inputs * outputs,
            });
        }
        layers
    }

    /// Every tensor of the network in module order, as the weights file names them.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let mut tensors = Vec::new();
        let mut push = |name: String, shape: &[usize], initial| {
            tensors.push(TensorSpec { name, shape: shape.to_vec(), initial });
        };
        for (i, (config, shape)) in self.units().enumerate() {
            let [filters, channels, k] = [config.filters, shape.input.channels, config.kernel_size];
            let initial = scaled(channels * k * k);
            push(format!("units.{i}.conv.weight"), &[filters, channels, k, k], initial);
            push(format!("units.{i}.conv.bias"), &[filters], initial);
            if config.normalization == Normalization::Batch {
                for (field, value) in
                    [("gamma", 1.0), ("beta", 0.0), ("running_mean", 0.0), ("running_var", 1.0)]
                {
                    push(format!("units.{i}.norm.{field}"), &[filters], Initial::Constant(value));
                }
            }
        }
        for (i, &[inputs, outputs]) in self.dense.iter().enumerate() {
            let name = if i + 1 == self.dense.len() { "head".to_owned() } else { format!("dense.{i}") };
            push(format!("{name}.weight"), &[inputs, outputs], scaled(inputs));
            push(format!("{name}.bias"), &[outputs], scaled(inputs));
        }
        tensors
    }
}

fn scaled(fan_in: usize) -> Initial {
    Initial::Uniform { bound: 1.0 / (fan_in as f32).sqrt() }
}

fn probability(p: f64) -> Result<(), String> {
    if (0.0..1.0).contains(&p) {
        Ok(())
    } else {
        Err(format!("dropout = {p}: expected a probability from 0 to below 1"))
    }
}

fn unit_shape(input: MapShape, unit: &UnitConfig) -> Result<UnitShape, String> {
    let positive = [
        ("filters", unit.filters),
        ("kernel_size", unit.kernel_size),
        ("stride", unit.stride),
        ("pool_size", unit.pool_size),
    ];
    if let Some((key, _)) = positive.iter().find(|(_, value)| *value == 0) {
        return Err(format!("{key} = 0: expected at least 1"));
    }
    probability(unit.dropout)?;
    let k = unit.kernel_size;
    let weight = [unit.filters, input.channels, k, k].iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    if weight.is_none_or(|n| n > LARGEST_TENSOR) {
        return Err(format!(
            "{} filters of {}x{k}x{k} are more than {LARGEST_TENSOR} numbers",
            unit.filters, input.channels
        ));
    }
    let convolved = match unit.padding {
        Padding::Same => MapShape {
            channels: unit.filters,
            height: input.height.div_ceil(unit.stride),
            width: input.width.div_ceil(unit.stride),
        },
        Padding::Valid => {
            if k > input.height || k > input.width {
                return Err(format!(
                    "a {k}x{k} kernel does not fit into {}x{} with padding = \"valid\"",
                    input.height, input.width
                ));
            }
            MapShape {
                channels: unit.filters,
                height: (input.height - k) / unit.stride + 1,
                width: (input.width - k) / unit.stride + 1,
            }
        }
    };
    if convolved.len().is_none_or(|n| n > LARGEST_TENSOR) {
        return Err(format!(
            "its output of {}x{}x{} is larger than {LARGEST_TENSOR} numbers",
            convolved.channels, convolved.height, convolved.width
        ));
    }
    let pool = if unit.pool == Pool::None { 1 } else { unit.pool_size };
    if pool > convolved.height || pool > convolved.width {
        return Err(format!(
            "a {pool}x{pool} pooling window does not fit into {}x{}",
            convolved.height, convolved.width
        ));
    }
    let output =
        MapShape { channels: unit.filters, height: convolved.height / pool, width: convolved.width / pool };
    Ok(UnitShape { input, convolved, output })
}

fn unit_layers(i: usize, config: &UnitConfig, shape: &UnitShape) -> Vec<Layer> {
    let [k, filters, channels] = [config.kernel_size, config.filters, shape.input.channels];
    let weights = filters * channels * k * k;
    let maps = |s: MapShape| vec![s.channels, s.height, s.width];
    let stride = if config.stride == 1 { String::new() } else { format!(", stride {}", config.stride) };
    let norm = if config.normalization == Normalization::Batch { ", batch norm" } else { "" };
    let mut layers = vec![Layer {
        name: format!("units.{i}.conv"),
        kind: format!("convolution {k}x{k}{stride}{norm}{}", then(config.activation)),
        output: maps(shape.convolved),
        parameters: weights
            + filters
            + if config.normalization == Normalization::Batch { 2 * filters } else { 0 },
        multiply_adds: weights * shape.convolved.height * shape.convolved.width,
    }];
    let kind = match config.pool {
        Pool::Max => "max-pool",
        Pool::Average => "average-pool",
        Pool::None => return layers,
    };
    let kind = format!("{kind} {0}x{0}", config.pool_size);
    layers.push(Layer {
        name: format!("units.{i}.pool"),
        kind,
        output: maps(shape.output),
        parameters: 0,
        multiply_adds: 0,
    });
    layers
}

fn then(activation: Activation) -> String {
    match activation {
        Activation::Relu => ", ReLU".into(),
        Activation::Gelu => ", GELU".into(),
        Activation::Tanh => ", tanh".into(),
        Activation::Sigmoid => ", sigmoid".into(),
        Activation::None => String::new(),
    }
}

#[cfg(test)]
#[path = "architecture_tests.rs"]
mod tests;
