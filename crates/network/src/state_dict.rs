//! Which tensors a network consists of: their names, shapes and initial values, and the check of given ones.

use rand::{Rng, RngExt};

use crate::architecture::Architecture;
use crate::config::Normalization;
use crate::tensors::{NamedTensors, TensorsError};

/// A tensor of the network: its name, its shape and how its first values are chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorSpec {
    pub name: String,
    pub shape: Vec<usize>,
    pub initial: Initial,
}

/// How a tensor's first values are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// Uniform in `[-bound, bound)`; with `bound = 1 / sqrt(fan_in)` the scale of LeCun et al. 1998.
    Uniform {
        bound: f32,
    },
    Constant(f32),
}

/// The tensors of a batch normalization, with their first values.
const BATCH_NORMALIZATION: [(&str, f32); 4] =
    [("gamma", 1.0), ("beta", 0.0), ("running_mean", 0.0), ("running_var", 1.0)];

impl Architecture {
    /// Every tensor of the network in module order, as the weights file names them.
    pub fn tensor_specs(&self) -> Vec<TensorSpec> {
        let mut specs = Vec::new();
        let mut push = |name: String, shape: &[usize], initial| {
            specs.push(TensorSpec { name, shape: shape.to_vec(), initial });
        };
        for (i, (config, shape)) in self.units().enumerate() {
            let channels = shape.input.channels / config.groups;
            let [filters, k] = [config.filters, config.kernel_size];
            let initial = scaled(channels * k * k);
            push(format!("units.{i}.conv.weight"), &[filters, channels, k, k], initial);
            push(format!("units.{i}.conv.bias"), &[filters], initial);
            if config.normalization == Normalization::Batch {
                for (field, value) in BATCH_NORMALIZATION {
                    push(format!("units.{i}.norm.{field}"), &[filters], Initial::Constant(value));
                }
            }
        }
        for (i, &[inputs, outputs]) in self.dense().iter().enumerate() {
            let is_head = i + 1 == self.dense().len();
            let name = if is_head { "head".to_owned() } else { format!("dense.{i}") };
            push(format!("{name}.weight"), &[inputs, outputs], scaled(inputs));
            push(format!("{name}.bias"), &[outputs], scaled(inputs));
            if !is_head && self.config().dense_normalization == Normalization::Batch {
                for (field, value) in BATCH_NORMALIZATION {
                    push(format!("{name}.norm.{field}"), &[outputs], Initial::Constant(value));
                }
            }
        }
        specs
    }

    /// Draws the initial weights, tensor by tensor in module order.
    ///
    /// The values depend on the generator alone, so every backend starts from the same weights.
    pub fn initial_tensors(&self, rng: &mut impl Rng) -> NamedTensors {
        let mut tensors = NamedTensors::default();
        for spec in self.tensor_specs() {
            let count = spec.shape.iter().product();
            let values = match spec.initial {
                Initial::Constant(value) => vec![value; count],
                Initial::Uniform { bound } => {
                    (0..count).map(|_| (2.0 * rng.random::<f32>() - 1.0) * bound).collect()
                }
            };
            tensors.insert(spec.name, spec.shape, values);
        }
        tensors
    }

    /// Checks that the given tensors are exactly this network's, and that all their values are finite.
    ///
    /// # Errors
    /// The first tensor that is missing, unexpected, of another shape or not finite.
    pub fn check(&self, tensors: &NamedTensors) -> Result<(), TensorsError> {
        let specs = self.tensor_specs();
        for spec in &specs {
            let name = spec.name.clone();
            let Some((shape, _values)) = tensors.get(&name) else {
                return Err(TensorsError::Missing { name });
            };
            if shape != spec.shape {
                let (found, expected) = (shape.to_vec(), spec.shape.clone());
                return Err(TensorsError::Shape { name, found, expected });
            }
        }
        if let Some((name, position, value)) = tensors.first_not_finite() {
            return Err(TensorsError::NotFinite {
                name: name.to_owned(),
                value: value.to_string(),
                position,
            });
        }
        let known = |name: &str| specs.iter().any(|spec| spec.name == name);
        match tensors.iter().find(|(name, ..)| !known(name)) {
            Some((name, ..)) => Err(TensorsError::Unexpected { name: name.to_owned() }),
            None => Ok(()),
        }
    }
}

fn scaled(fan_in: usize) -> Initial {
    Initial::Uniform { bound: 1.0 / (fan_in as f32).sqrt() }
}

#[cfg(test)]
mod tests;
