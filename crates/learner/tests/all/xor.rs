//! Tests the lecture's claim that a linear model cannot compute XOR and that a network with one hidden layer
//! can.

use dataset::TrainSet;
use dataset::idx::{Images, Labels};
use learner::config::TrainConfig;
use network::{Architecture, ModelConfig};

use crate::memory::{Task, cpu, training};

/// A task with the four images of two pixels that are black or white. The class is 1 if exactly one pixel is
/// set.
fn xor(dense: Vec<usize>) -> Task {
    // The network is trained and validated on the same four images.
    let images = Images::new(8, 1, 2, [0, 0, 0, 255, 255, 0, 255, 255].repeat(2)).unwrap();
    let labels = Labels::new([0, 1, 1, 0].repeat(2), 2).unwrap();
    let (train, validation) = TrainSet::from_images(images, labels, 2).unwrap().split_at(4).unwrap();
    let model = ModelConfig { units: vec![], dense, ..ModelConfig::default() };
    Task { train, validation, architecture: Architecture::new(&model, [1, 1, 2], 2).unwrap() }
}

fn best_accuracy(dense: &[usize], seed: u64) -> f64 {
    let config = TrainConfig { seed, ..training(400, 4, 0.02) };
    xor(dense.to_vec()).fit(&config, cpu()).1.unwrap().score.accuracy
}

#[test]
fn a_linear_model_fails_on_xor() {
    for seed in 1..=3 {
        let accuracy = best_accuracy(&[], seed);
        assert!(accuracy <= 0.75, "seed {seed}: {accuracy}");
    }
}

#[test]
fn one_hidden_relu_layer_solves_xor() {
    for seed in 1..=3 {
        assert_eq!(best_accuracy(&[16], seed), 1.0, "seed {seed}");
    }
}
