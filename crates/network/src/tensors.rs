//! Weights on the host: drawn, read, written canonically, and compared.
//!
//! Two models are the same when the SHA-256 of their files is. So the file is canonical:
//! safetensors with `f32` tensors in the order of their names and fixed metadata.

use std::collections::{BTreeMap, HashMap};

use rand::{Rng, RngExt};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::architecture::{Architecture, Initial};

/// Every tensor of a network by name, in `f32`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

/// Why weights are not usable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WeightsError {
    #[error("not a safetensors file: {reason}")]
    Format { reason: String },
    #[error("tensor {name} holds {found}, expected F32")]
    Type { name: String, found: String },
    #[error("tensor {name} is missing; the weights are of another network than the configuration says")]
    Missing { name: String },
    #[error(
        "tensor {name} is not in this network; the weights are of another network than the configuration says"
    )]
    Unexpected { name: String },
    #[error(
        "tensor {name} has shape {found:?}, expected {expected:?}; the weights are of another network than the configuration says"
    )]
    Shape { name: String, found: Vec<usize>, expected: Vec<usize> },
    #[error("tensor {name} holds {value} at position {position}; weights must be finite")]
    NotFinite { name: String, value: String, position: usize },
}

impl Weights {
    /// Draws the first weights of a network, tensor by tensor in module order.
    ///
    /// Only the generator decides the values, so every backend starts from the same ones.
    pub fn initial(architecture: &Architecture, rng: &mut impl Rng) -> Self {
        let mut weights = Self::default();
        for spec in architecture.tensors() {
            let count = spec.shape.iter().product();
            let values = match spec.initial {
                Initial::Constant(value) => vec![value; count],
                Initial::Uniform { bound } => {
                    (0..count).map(|_| (2.0 * rng.random::<f32>() - 1.0) * bound).collect()
                }
            };
            weights.insert(spec.name, spec.shape, values);
        }
        weights
    }

    /// Puts a tensor in: `shape`'s product of values, in row order.
    pub fn insert(&mut self, name: String, shape: Vec<usize>, values: Vec<f32>) {
        self.tensors.insert(name, (shape, values));
    }

    /// Shape and values of one tensor.
    pub fn get(&self, name: &str) -> Option<(&[usize], &[f32])> {
        self.tensors.get(name).map(|(shape, values)| (shape.as_slice(), values.as_slice()))
    }

    /// Name, shape and values of each tensor, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[usize], &[f32])> {
        self.tensors
            .iter()
            .map(|(name, (shape, values))| (name.as_str(), shape.as_slice(), values.as_slice()))
    }

    /// Checks that these are exactly an architecture's tensors and all their values are finite.
    ///
    /// # Errors
    /// The first tensor that is missing, unexpected, of another shape or not finite.
    pub fn check(&self, architecture: &Architecture) -> Result<(), WeightsError> {
        let specs = architecture.tensors();
        for spec in &specs {
            let name = spec.name.clone();
            let Some((shape, _values)) = self.get(&name) else { return Err(WeightsError::Missing { name }) };
            if shape != spec.shape {
                return Err(WeightsError::Shape {
                    name,
                    found: shape.to_vec(),
                    expected: spec.shape.clone(),
                });
            }
        }
        if let Some((name, position, value)) = self.first_not_finite() {
            return Err(WeightsError::NotFinite {
                name: name.to_owned(),
                value: value.to_string(),
                position,
            });
        }
        match self.tensors.keys().find(|name| specs.iter().all(|spec| spec.name != **name)) {
            Some(name) => Err(WeightsError::Unexpected { name: name.clone() }),
            None => Ok(()),
        }
    }

    /// Name, position and value of the first number that is NaN or infinite.
    pub fn first_not_finite(&self) -> Option<(&str, usize, f32)> {
        self.iter().find_map(|(name, _shape, values)| {
            let position = values.iter().position(|value| !value.is_finite())?;
            Some((name, position, values[position]))
        })
    }

    /// The canonical file: equal weights give equal bytes.
    ///
    /// # Errors
    /// If the format cannot express the tensors, which no network's are.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WeightsError> {
        let raw: Vec<(&str, &[usize], Vec<u8>)> = self
            .iter()
            .map(|(name, shape, values)| (name, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
            .collect();
        let views = raw
            .iter()
            .map(|(name, shape, bytes)| {
                Ok((*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).map_err(format)?))
            })
            .collect::<Result<Vec<_>, WeightsError>>()?;
        // One entry only: the order of several would depend on the hash map.
        let metadata = HashMap::from([("format".to_owned(), "mnist-cnn weights 1".to_owned())]);
        safetensors::serialize(views, Some(metadata)).map_err(format)
    }

    /// Reads a weights file.
    ///
    /// # Errors
    /// If the bytes are not safetensors or hold something other than `f32`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        let file = SafeTensors::deserialize(bytes).map_err(format)?;
        let mut weights = Self::default();
        for (name, view) in file.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(WeightsError::Type {
                    name: name.to_owned(),
                    found: format!("{:?}", view.dtype()),
                });
            }
            let values = view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            weights.insert(name.to_owned(), view.shape().to_vec(), values);
        }
        Ok(weights)
    }

    /// SHA-256 of the canonical file, in hexadecimal.
    ///
    /// # Errors
    /// As [`Weights::to_bytes`].
    pub fn sha256(&self) -> Result<String, WeightsError> {
        Ok(Sha256::digest(self.to_bytes()?).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

fn format(error: safetensors::SafeTensorError) -> WeightsError {
    WeightsError::Format { reason: error.to_string() }
}

#[cfg(test)]
#[path = "weights_tests.rs"]
mod tests;
