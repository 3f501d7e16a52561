//! Compares a network on several backends: they start from the same weights, and their steps and logits are
//! nearly the same.

use learner::eval::predict::predict;
use learner::random::{Stream, generator};
use model::Cnn;
use model::device::{self, Backend};
use network::{ModelConfig, NamedTensors};

use crate::learning::network_of_every_kind;
use crate::memory::{cpu, digits, sample_test, small_network, training};

/// The relative difference ||a - b|| / ||b|| of each tensor, with the tensor's name.
fn differences(a: &NamedTensors, b: &NamedTensors) -> Vec<(String, f64)> {
    let square = |x: f64| x * x;
    a.iter()
        .zip(b.iter())
        .map(|((name, _, a), (_, _, b))| {
            let gap: f64 = a.iter().zip(b).map(|(x, y)| square(f64::from(x - y))).sum();
            let norm: f64 = b.iter().map(|y| square(f64::from(*y))).sum();
            (name.to_owned(), (gap / norm).sqrt())
        })
        .collect()
}

/// The weights of a tiny network without dropout after its first four steps.
fn first_steps(backend: Backend) -> NamedTensors {
    let (memory, result) = digits(32, 8, &small_network()).fit(&training(1, 8, 1e-3), backend);
    result.unwrap();
    memory.weights().clone()
}

fn trains_like_the_cpu(backend: Backend) {
    let (expected, found) = (first_steps(cpu()), first_steps(backend));
    for (name, difference) in differences(&found, &expected) {
        assert!(difference < 1e-3, "{name}: {difference}");
    }
}

fn starts_from_the_same_weights(backend: Backend) {
    for model in [small_network(), network_of_every_kind()] {
        starts_from_the_same_weights_of(backend, &model);
    }
}

fn starts_from_the_same_weights_of(backend: Backend, model: &ModelConfig) {
    let task = digits(8, 8, model);
    let drawn = task.architecture.initial_tensors(&mut generator(1, Stream::Weights, 0, 0));
    let device = device::open(Some(backend)).unwrap().device;
    let on_device = Cnn::new(&task.architecture, &drawn, &device).unwrap().weights();
    assert_eq!(on_device.sha256().unwrap(), drawn.sha256().unwrap());
}

fn predicts_like_the_cpu(backend: Backend) {
    for model in [small_network(), network_of_every_kind()] {
        predicts_like_the_cpu_with(backend, &model);
    }
}

fn predicts_like_the_cpu_with(backend: Backend, model: &ModelConfig) {
    let task = digits(200, 20, model);
    let (memory, result) = task.fit(&training(4, 20, 0.01), cpu());
    result.unwrap();
    let logits = |backend| {
        let device = device::open(Some(backend)).unwrap().device;
        let cnn = Cnn::new(&task.architecture, memory.weights(), &device).unwrap();
        predict(&cnn, sample_test().subset(), &device, &mut |_| ())
    };
    let (expected, found) = (logits(cpu()), logits(backend));
    for (i, ((_, a), (_, b))) in found.rows().zip(expected.rows()).enumerate() {
        let gap = a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
        assert!(gap < 1e-3, "image {i}: logits differ by {gap}");
    }
}

#[cfg(all(feature = "ndarray", feature = "flex"))]
#[test]
fn ndarray_and_flex_agree() {
    starts_from_the_same_weights(Backend::Ndarray);
    starts_from_the_same_weights(Backend::Flex);
    trains_like_the_cpu(Backend::Ndarray);
    predicts_like_the_cpu(Backend::Ndarray);
}

#[cfg(feature = "wgpu")]
#[test]
fn wgpu_starts_trains_and_predicts_like_the_cpu() {
    starts_from_the_same_weights(Backend::Wgpu);
    trains_like_the_cpu(Backend::Wgpu);
    predicts_like_the_cpu(Backend::Wgpu);
}

#[test]
fn differences_are_relative_to_the_norm() {
    let task = digits(8, 8, &small_network());
    let weights = |seed| task.architecture.initial_tensors(&mut generator(seed, Stream::Weights, 0, 0));
    assert!(differences(&weights(1), &weights(1)).iter().all(|(_, d)| *d == 0.0));
    assert!(differences(&weights(1), &weights(2)).iter().all(|(_, d)| *d > 0.1));
}
