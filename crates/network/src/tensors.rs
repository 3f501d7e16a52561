//! Tensors by name, on the host: read, written canonically, and compared.
//!
//! A network's weights and the state of its optimizer are both kept so. Two models are the same when
//! the SHA-256 of their files is the same, so the file is canonical: it is a safetensors file with
//! `f32` tensors in the order of their names and fixed metadata.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use thiserror::Error;

/// Largest size of a file of tensors, in bytes: a thousand times what the lecture's network needs. A reader
/// refuses a larger file before it takes memory for it, so no larger file may be written.
pub const LARGEST_FILE: u64 = 1 << 30;

const METADATA: (&str, &str) = ("format", "mnist-cnn weights 1");

/// Tensors of `f32` by name: a network's weights, or the state of its optimizer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamedTensors {
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

/// Why tensors cannot be used: the file is damaged, or they are not the network's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TensorsError {
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

impl NamedTensors {
    /// Puts a tensor in. `values` are in row order, as many as the product of `shape`.
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

    /// Name, position and value of the first number that is NaN or infinite.
    pub fn first_not_finite(&self) -> Option<(&str, usize, f32)> {
        self.iter().find_map(|(name, _shape, values)| {
            let position = values.iter().position(|value| !value.is_finite())?;
            Some((name, position, values[position]))
        })
    }

    /// The same tensors with rounded weights, for a file that is as long as before and compresses to less than half.
    ///
    /// In each tensor of 1,000 values or more they become multiples of a power of two, at most 1/128 of their root mean
    /// square. So a value near 0, which counts little, keeps fewer digits than a large one. Smaller tensors, such as the
    /// first filters and all biases, count more than they take.
    #[must_use]
    pub fn rounded(&self) -> Self {
        let tensors = self.tensors.iter().map(|(name, (shape, values))| {
            let values = if values.len() < FEW { values.clone() } else { multiples(values) };
            (name.clone(), (shape.clone(), values))
        });
        Self { tensors: tensors.collect() }
    }

    /// The canonical file: equal tensors give equal bytes.
    ///
    /// # Errors
    /// If a tensor's shape and number of values disagree, which no network's do.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TensorsError> {
        self.to_bytes_with(METADATA)
    }

    /// The same with another entry of the metadata, a name and a text.
    pub(crate) fn to_bytes_with(&self, (name, text): (&str, &str)) -> Result<Vec<u8>, TensorsError> {
        let raw: Vec<(&str, &[usize], Vec<u8>)> = self
            .iter()
            .map(|(name, shape, values)| (name, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
            .collect();
        let views = raw
            .iter()
            .map(|(name, shape, bytes)| {
                Ok((*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).map_err(format)?))
            })
            .collect::<Result<Vec<_>, TensorsError>>()?;
        // The metadata is a hash map, whose order changes, so it must never have more than this one entry.
        let metadata = [(name.to_owned(), text.to_owned())];
        safetensors::serialize(views, Some(metadata.into_iter().collect())).map_err(format)
    }

    /// Length in bytes of the canonical file of tensors with these names and shapes. The tensors themselves
    /// are not needed for it.
    pub fn file_length<'a>(tensors: impl IntoIterator<Item = (&'a str, &'a [usize])>) -> u64 {
        let tensors: BTreeMap<&str, &[usize]> = tensors.into_iter().collect();
        let mut header = format!(r#"{{"__metadata__":{{"{}":"{}"}}"#, METADATA.0, METADATA.1);
        let mut end = 0u64;
        for (name, shape) in tensors {
            let count = shape.iter().fold(1u64, |count, &size| count.saturating_mul(size as u64));
            let begin = end;
            end = end.saturating_add(count.saturating_mul(size_of::<f32>() as u64));
            let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
            let shape = sizes.join(",");
            header +=
                &format!(r#","{name}":{{"dtype":"F32","shape":[{shape}],"data_offsets":[{begin},{end}]}}"#);
        }
        header.push('}');
        // The file begins with the length of the header, and the header is filled up with spaces.
        let header = (header.len() as u64).next_multiple_of(8);
        end.saturating_add(8 + header)
    }

    /// Reads a safetensors file.
    ///
    /// # Errors
    /// If the bytes are not safetensors or hold something other than `f32`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TensorsError> {
        let file = SafeTensors::deserialize(bytes).map_err(format)?;
        let mut tensors = Self::default();
        for (name, view) in file.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(TensorsError::Type {
                    name: name.to_owned(),
                    found: format!("{:?}", view.dtype()),
                });
            }
            let values = view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            tensors.insert(name.to_owned(), view.shape().to_vec(), values);
        }
        Ok(tensors)
    }

    /// SHA-256 of the canonical file, in hexadecimal.
    ///
    /// # Errors
    /// As [`NamedTensors::to_bytes`].
    #[cfg(feature = "sha256")]
    pub fn sha256(&self) -> Result<String, TensorsError> {
        use sha2::{Digest, Sha256};
        Ok(hex::encode(Sha256::digest(self.to_bytes()?)))
    }
}

fn format(error: safetensors::SafeTensorError) -> TensorsError {
    TensorsError::Format { reason: error.to_string() }
}

/// Tensors of fewer values are not rounded.
const FEW: usize = 1000;
/// How many steps between neighbouring values a root mean square has, at least.
const STEPS: f64 = 128.0;

/// Each value as the nearest multiple of a power of two, of which the values' root mean square has 128 or more.
fn multiples(values: &[f32]) -> Vec<f32> {
    let squares: f64 = values.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
    let mean = libm::sqrt(squares / values.len().max(1) as f64);
    // The exponent of a double is that of the largest power of two which is not above it.
    let step = f64::from_bits((mean / STEPS).to_bits() & 0x7ff0_0000_0000_0000);
    if !step.is_normal() {
        return values.to_vec();
    }
    let nearest = |value: f32| {
        // Adding 0 makes of a negative zero a positive one.
        let rounded = (libm::rint(f64::from(value) / step) * step + 0.0) as f32;
        // Twice the largest power of two would be infinite.
        if rounded.is_finite() { rounded } else { value }
    };
    values.iter().map(|&value| nearest(value)).collect()
}

#[cfg(test)]
mod tests;
