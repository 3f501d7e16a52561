//! A network's tensors as PyTorch names them and lays them out, as a safetensors file.
//!
//! PyTorch has the weights of a dense layer as `[outputs, inputs]`, whereas this project has them as
//! `[inputs, outputs]`; filters are `[filters, channels, height, width]` in both. The names are those of a module
//! whose parts are called `units.N.conv`, `units.N.norm`, `dense.N.linear`, `dense.N.norm` and `head`.

use safetensors::tensor::{Dtype, TensorView};

use crate::architecture::Architecture;
use crate::tensors::{NamedTensors, TensorsError};

/// The bytes of a safetensors file that `load_state_dict` of such a module takes.
///
/// # Errors
/// If the tensors are not this architecture's.
pub fn pytorch(architecture: &Architecture, weights: &NamedTensors) -> Result<Vec<u8>, TensorsError> {
    architecture.check(weights)?;
    let format = |error: safetensors::SafeTensorError| TensorsError::Format { reason: error.to_string() };
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = weights
        .iter()
        .map(|(name, shape, values)| {
            let (shape, values) = match *shape {
                [inputs, outputs] => (vec![outputs, inputs], transposed([inputs, outputs], values)),
                _ => (shape.to_vec(), values.to_vec()),
            };
            (name_of(name), shape, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        })
        .collect();
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| {
            Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(format)?))
        })
        .collect::<Result<Vec<_>, TensorsError>>()?;
    // The metadata is a hash map, whose order changes, so it must never have more than this one entry.
    let metadata = [("format".to_owned(), "pt".to_owned())];
    safetensors::serialize(views, Some(metadata.into_iter().collect())).map_err(format)
}

/// The name that PyTorch's module has for one of the network's tensors.
pub(crate) fn name_of(own: &str) -> String {
    if let Some(layer) = own.strip_suffix(".norm.gamma") {
        return format!("{layer}.norm.weight");
    }
    if let Some(layer) = own.strip_suffix(".norm.beta") {
        return format!("{layer}.norm.bias");
    }
    match own.rsplit_once('.') {
        Some((layer, field)) if layer.starts_with("dense.") && !layer.ends_with(".norm") => {
            format!("{layer}.linear.{field}")
        }
        _ => own.to_owned(),
    }
}

/// The transpose of a matrix `[rows, columns]`.
pub(crate) fn transposed([rows, columns]: [usize; 2], values: &[f32]) -> Vec<f32> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect()
}

#[cfg(test)]
mod tests {
    use safetensors::SafeTensors;

    use super::*;
    use crate::config::{ModelConfig, Normalization};

    #[test]
    fn names_are_those_of_modules_and_dense_weights_are_transposed() {
        let config = ModelConfig {
            units: Vec::new(),
            dense: vec![2],
            dense_normalization: Normalization::Batch,
            ..ModelConfig::default()
        };
        let architecture = Architecture::new(&config, [1, 1, 3], 2).unwrap();
        let mut weights = NamedTensors::default();
        for spec in architecture.tensor_specs() {
            let count: usize = spec.shape.iter().product();
            weights.insert(spec.name, spec.shape, (0..count).map(|i| i as f32).collect());
        }
        let bytes = pytorch(&architecture, &weights).unwrap();
        assert_eq!(bytes, pytorch(&architecture, &weights).unwrap());
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let names = [
            "dense.0.linear.bias",
            "dense.0.linear.weight",
            "dense.0.norm.bias",
            "dense.0.norm.running_mean",
            "dense.0.norm.running_var",
            "dense.0.norm.weight",
            "head.bias",
            "head.weight",
        ];
        let mut found = file.names();
        found.sort_unstable();
        assert_eq!(found, names);
        let dense = file.tensor("dense.0.linear.weight").unwrap();
        assert_eq!(dense.shape(), [2, 3]);
        let values: Vec<u8> = [0_f32, 2.0, 4.0, 1.0, 3.0, 5.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(dense.data(), values);
        assert_eq!(name_of("units.12.conv.weight"), "units.12.conv.weight");
        assert_eq!(name_of("units.12.norm.gamma"), "units.12.norm.weight");
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(metadata.metadata().as_ref().unwrap()["format"], "pt");
        assert!(pytorch(&architecture, &NamedTensors::default()).is_err());
    }
}
