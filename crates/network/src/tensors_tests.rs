//! The weights file is canonical, and damaged or foreign weights are refused.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use super::*;
use crate::config::{ModelConfig, Normalization, UnitConfig};

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

fn weights(seed: u64) -> Weights {
    Weights::initial(&architecture(), &mut ChaCha8Rng::seed_from_u64(seed))
}

#[test]
fn a_file_gives_back_the_same_weights_and_the_same_bytes() {
    let bytes = weights(1).to_bytes().unwrap();
    let read = Weights::from_bytes(&bytes).unwrap();
    assert_eq!(read, weights(1));
    assert_eq!(read.to_bytes().unwrap(), bytes);
    assert_ne!(weights(2).sha256().unwrap(), weights(1).sha256().unwrap());
}

#[test]
fn first_weights_fill_their_range() {
    let weights = weights(3);
    let (_, values) = weights.get("dense.0.weight").unwrap();
    let bound = 1.0 / (27f32).sqrt();
    assert!(values.iter().all(|v| v.abs() <= bound));
    assert!(values.iter().any(|v| *v > 0.8 * bound) && values.iter().any(|v| *v < -0.8 * bound));
    assert_eq!(weights.get("units.0.norm.gamma").unwrap().1, [1.0; 3]);
}

type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

#[test]
fn foreign_weights_are_named() {
    let check = |change: fn(&mut Tensors)| {
        let mut weights = weights(1);
        change(&mut weights.tensors);
        weights.check(&architecture()).unwrap_err().to_string()
    };
    assert!(check(|t| drop(t.remove("head.bias"))).starts_with("tensor head.bias is missing"));
    assert!(
        check(|t| drop(t.insert("tail".into(), (vec![1], vec![0.0])))).starts_with("tensor tail is not in")
    );
    assert!(
        check(|t| t.get_mut("dense.0.bias").unwrap().0 = vec![1, 5]).contains("shape [1, 5], expected [5]")
    );
    assert!(
        check(|t| t.get_mut("dense.0.bias").unwrap().1[2] = f32::NAN).contains("holds NaN at position 2")
    );
}

#[test]
fn damaged_files_are_refused() {
    let bytes = weights(1).to_bytes().unwrap();
    for length in [0, 7, 8, 100, bytes.len() - 1] {
        assert!(
            matches!(Weights::from_bytes(&bytes[..length]), Err(WeightsError::Format { .. })),
            "{length}"
        );
    }
    let mut long = bytes;
    long.push(0);
    assert!(matches!(Weights::from_bytes(&long), Err(WeightsError::Format { .. })));
}
