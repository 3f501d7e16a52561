//! Batch normalization with the running statistics.

use crate::config::NORMALIZATION_EPSILON;
use crate::tensors::{NamedTensors, TensorsError};

/// What normalizes each channel: `[channels]` each.
#[derive(Clone, Debug)]
pub(super) struct BatchNorm {
    gamma: Vec<f32>,
    beta: Vec<f32>,
    mean: Vec<f32>,
    variance: Vec<f32>,
}

impl BatchNorm {
    /// The normalization whose tensors' names begin with `layer`, such as `units.0`.
    pub(super) fn new(layer: &str, weights: &NamedTensors) -> Result<Self, TensorsError> {
        let values = |field| values_of(weights, format!("{layer}.norm.{field}"));
        Ok(Self {
            gamma: values("gamma")?,
            beta: values("beta")?,
            mean: values("running_mean")?,
            variance: values("running_var")?,
        })
    }

    /// The normalization as the kernels take it.
    pub(super) fn for_kernels(&self) -> kernels::Normalization<'_> {
        kernels::Normalization {
            mean: &self.mean,
            variance: &self.variance,
            gamma: &self.gamma,
            beta: &self.beta,
            epsilon: NORMALIZATION_EPSILON,
            is_of_batch: false,
        }
    }
}

/// A copy of a tensor's values in row order.
pub(super) fn values_of(weights: &NamedTensors, name: String) -> Result<Vec<f32>, TensorsError> {
    match weights.get(&name) {
        Some((_shape, values)) => Ok(values.to_vec()),
        None => Err(TensorsError::Missing { name }),
    }
}
