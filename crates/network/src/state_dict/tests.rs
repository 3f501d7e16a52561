//! Initial weights fill their range, and tensors of another network are refused by name.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use super::*;
use crate::config::{ModelConfig, UnitConfig};

fn architecture() -> Architecture {
    let unit = UnitConfig {
        filters: 3,
        kernel_size: 3,
        normalization: Normalization::Batch,
        ..UnitConfig::default()
    };
    let config = ModelConfig { units: vec![unit], dense: vec![5], ..ModelConfig::default() };
    Architecture::new(&config, [1, 6, 6], 10).unwrap()
}

fn initial(seed: u64) -> NamedTensors {
    architecture().initial_tensors(&mut ChaCha8Rng::seed_from_u64(seed))
}

#[test]
fn initial_weights_fill_their_range() {
    let tensors = initial(3);
    let (_, values) = tensors.get("dense.0.weight").unwrap();
    let bound = 1.0 / (27f32).sqrt();
    assert!(values.iter().all(|v| v.abs() <= bound));
    assert!(values.iter().any(|v| *v > 0.8 * bound) && values.iter().any(|v| *v < -0.8 * bound));
    assert_eq!(tensors.get("units.0.norm.gamma").unwrap().1, [1.0; 3]);
}

#[test]
fn another_seed_draws_other_weights() {
    assert_eq!(initial(1), initial(1));
    assert_ne!(initial(1), initial(2));
}

/// The names are those of the weights' file and the order is that of the parameters' ids, so neither may change.
#[test]
fn each_layer_has_its_tensors_in_the_order_of_the_modules() {
    let unit = UnitConfig { filters: 6, kernel_size: 4, groups: 2, ..UnitConfig::default() };
    let units = vec![UnitConfig { normalization: Normalization::Batch, ..unit.clone() }, unit];
    let config = ModelConfig {
        units,
        dense: vec![5],
        dense_normalization: Normalization::Batch,
        ..ModelConfig::default()
    };
    let net = Architecture::new(&config, [4, 8, 8], 10).unwrap();
    let specs: Vec<_> =
        net.tensor_specs().into_iter().map(|spec| format!("{} {:?}", spec.name, spec.shape)).collect();
    let expected = [
        "units.0.conv.weight [6, 2, 4, 4]",
        "units.0.conv.bias [6]",
        "units.0.norm.gamma [6]",
        "units.0.norm.beta [6]",
        "units.0.norm.running_mean [6]",
        "units.0.norm.running_var [6]",
        "units.1.conv.weight [6, 3, 4, 4]",
        "units.1.conv.bias [6]",
        "dense.0.weight [24, 5]",
        "dense.0.bias [5]",
        "dense.0.norm.gamma [5]",
        "dense.0.norm.beta [5]",
        "dense.0.norm.running_mean [5]",
        "dense.0.norm.running_var [5]",
        "head.weight [5, 10]",
        "head.bias [10]",
    ];
    assert_eq!(specs, expected);
    // A filter of two groups reads half of the channels.
    let fan_in = |bound: f32| (1.0 / bound.powi(2)).round();
    let Initial::Uniform { bound } = net.tensor_specs()[0].initial else { panic!("constant weights") };
    assert_eq!(fan_in(bound), 32.0);
}

type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// What the check says after the initial weights were changed.
fn refusal(change: fn(&mut Tensors)) -> String {
    let own = |(name, shape, values): (&str, &[usize], &[f32])| {
        (name.to_owned(), (shape.to_vec(), values.to_vec()))
    };
    let mut changed: Tensors = initial(1).iter().map(own).collect();
    change(&mut changed);
    let mut tensors = NamedTensors::default();
    for (name, (shape, values)) in changed {
        tensors.insert(name, shape, values);
    }
    architecture().check(&tensors).unwrap_err().to_string()
}

#[test]
fn tensors_of_another_network_are_named() {
    assert_eq!(architecture().check(&initial(1)), Ok(()));
    assert!(refusal(|t| drop(t.remove("head.bias"))).starts_with("tensor head.bias is missing"));
    assert!(
        refusal(|t| drop(t.insert("tail".into(), (vec![1], vec![0.0])))).starts_with("tensor tail is not in")
    );
    assert!(
        refusal(|t| t.get_mut("dense.0.bias").unwrap().0 = vec![1, 5]).contains("shape [1, 5], expected [5]")
    );
    assert!(
        refusal(|t| t.get_mut("dense.0.bias").unwrap().1[2] = f32::NAN).contains("holds NaN at position 2")
    );
}
