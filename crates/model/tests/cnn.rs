//! The network computes what its description says, and its weights survive a round trip.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first thing that goes wrong"
)]
#![cfg(feature = "ndarray")]

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData, Tolerance};
use model::{Cnn, Masks, device, input};
use network::config::{Activation, Normalization, Padding, Pool, UnitConfig};
use network::{Architecture, ModelConfig};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

// A part of this program and not one of its own, so that Burn is linked only once.
#[path = "cnn/feature_maps.rs"]
mod feature_maps;
#[path = "cnn/naive.rs"]
mod naive;
#[path = "cnn/slices.rs"]
mod slices;
#[path = "cnn/vocabulary.rs"]
mod vocabulary;

fn cpu() -> Device {
    device::open(Some(device::Backend::Ndarray)).unwrap().device
}

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn architecture(units: Vec<UnitConfig>, dense: Vec<usize>, dropout: f64, size: usize) -> Architecture {
    let config = ModelConfig { units, dense, dropout, ..ModelConfig::default() };
    Architecture::new(&config, [1, size, size], 10).unwrap()
}

fn cnn(architecture: &Architecture, device: &Device) -> Cnn {
    Cnn::new(architecture, &architecture.initial_tensors(&mut rng(1)), device).unwrap()
}

fn images(n: usize, size: usize, device: &Device) -> Tensor<4> {
    let pixels: Vec<u8> = (0..n * size * size).map(|i| (i * 37 % 256) as u8).collect();
    input::to_input(&pixels, n, size, size, device)
}

/// A unit computed by hand: convolution with loops, then activation, then max-pooling.
fn unit_by_hand(
    image: &[f32],
    size: usize,
    kernel: &[f32],
    bias: f32,
    activation: fn(f32) -> f32,
) -> Vec<f32> {
    let at = |y: isize, x: isize| {
        let inside = (0..size as isize).contains(&y) && (0..size as isize).contains(&x);
        if inside { image[y as usize * size + x as usize] } else { 0.0 }
    };
    let mut maps = vec![0.0; size * size];
    for y in 0..size {
        for x in 0..size {
            let mut sum = bias;
            for (i, weight) in kernel.iter().enumerate() {
                let (dy, dx) = ((i / 3) as isize - 1, (i % 3) as isize - 1);
                sum += weight * at(y as isize + dy, x as isize + dx);
            }
            maps[y * size + x] = activation(sum);
        }
    }
    let half = size / 2;
    (0..half * half)
        .map(|i| {
            let (y, x) = (2 * (i / half), 2 * (i % half));
            [(0, 0), (0, 1), (1, 0), (1, 1)]
                .into_iter()
                .map(|(dy, dx)| maps[(y + dy) * size + x + dx])
                .fold(f32::NEG_INFINITY, f32::max)
        })
        .collect()
}

#[test]
fn a_unit_is_convolution_activation_pooling() {
    let device = cpu();
    type Function = fn(f32) -> f32;
    let functions: [(Activation, Function); 4] = [
        (Activation::Relu, |x| x.max(0.0)),
        (Activation::Tanh, f32::tanh),
        (Activation::Sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
        (Activation::None, |x| x),
    ];
    for (activation, function) in functions {
        let unit = UnitConfig { filters: 1, kernel_size: 3, activation, ..UnitConfig::default() };
        let architecture = architecture(vec![unit], vec![], 0.0, 6);
        let weights = architecture.initial_tensors(&mut rng(2));
        let kernel = weights.get("units.0.conv.weight").unwrap().1;
        let bias = weights.get("units.0.conv.bias").unwrap().1[0];
        let image = images(1, 6, &device);
        let by_hand = unit_by_hand(image.to_data().as_slice::<f32>().unwrap(), 6, kernel, bias, function);
        let (_, head) = weights.get("head.weight").unwrap();
        let head_bias = weights.get("head.bias").unwrap().1;
        let expected: Vec<f32> = (0..10)
            .map(|class| {
                head_bias[class]
                    + by_hand.iter().enumerate().map(|(i, x)| x * head[i * 10 + class]).sum::<f32>()
            })
            .collect();
        let logits = Cnn::new(&architecture, &weights, &device).unwrap().forward(image);
        logits
            .into_data()
            .assert_approx_eq::<f32>(&TensorData::new(expected, [1, 10]), Tolerance::absolute(1e-5));
    }
}

#[test]
fn every_kind_of_unit_runs_with_the_shapes_of_the_table() {
    let device = cpu();
    for padding in [Padding::Same, Padding::Valid] {
        for pool in [Pool::Max, Pool::Average, Pool::None] {
            for (stride, activation, normalization) in
                [(1, Activation::Gelu, Normalization::None), (2, Activation::Relu, Normalization::Batch)]
            {
                let unit = UnitConfig {
                    filters: 4,
                    stride,
                    padding,
                    pool,
                    activation,
                    normalization,
                    ..UnitConfig::default()
                };
                let architecture = architecture(vec![unit], vec![7], 0.0, 13);
                // Flattened feature maps of another size than the table's would not fit the dense layer.
                let logits = cnn(&architecture, &device).forward(images(3, 13, &device));
                assert_eq!(logits.dims(), [3, 10]);
            }
        }
    }
}

#[test]
fn weights_survive_the_round_trip_through_a_network() {
    let unit = UnitConfig { filters: 3, normalization: Normalization::Batch, ..UnitConfig::default() };
    let architecture = architecture(vec![unit], vec![5], 0.0, 8);
    let weights = architecture.initial_tensors(&mut rng(4));
    for device in [cpu(), cpu().autodiff()] {
        assert_eq!(Cnn::new(&architecture, &weights, &device).unwrap().weights(), weights);
    }
}

#[test]
fn batch_statistics_reach_the_weights() {
    let unit = UnitConfig { filters: 3, normalization: Normalization::Batch, ..UnitConfig::default() };
    let architecture = architecture(vec![unit], vec![], 0.0, 8);
    let device = cpu().autodiff();
    let cnn = cnn(&architecture, &device);
    cnn.forward_train(images(4, 8, &device), Masks::draw(&mut rng(0)));
    let weights = cnn.weights();
    let mean = weights.get("units.0.norm.running_mean").unwrap().1;
    assert!(mean.iter().all(|m| *m != 0.0), "{mean:?}");
}

#[test]
fn dropout_acts_in_training_alone_and_only_by_its_generator() {
    let architecture = architecture(vec![], vec![50], 0.5, 4);
    let device = cpu();
    let cnn = cnn(&architecture, &device);
    let run = |seed| cnn.forward_train(images(2, 4, &device), Masks::draw(&mut rng(seed))).into_data();
    let plain = || cnn.forward(images(2, 4, &device)).into_data();
    assert_eq!(plain(), plain());
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    assert_ne!(run(1), plain());
}

#[test]
fn dropout_keeps_the_mean() {
    let architecture = architecture(vec![], vec![], 0.3, 4);
    let device = cpu();
    let cnn = cnn(&architecture, &device);
    let image = images(1, 4, &device);
    let mean = cnn.forward_train(image.clone().repeat_dim(0, 20_000), Masks::draw(&mut rng(3))).mean_dim(0);
    mean.into_data().assert_approx_eq::<f32>(&cnn.forward(image).into_data(), Tolerance::absolute(0.02));
}

#[test]
fn parameter_ids_are_the_same_in_every_network() {
    let architecture = architecture(vec![UnitConfig::default()], vec![5], 0.0, 8);
    let ids = || burn::module::list_param_ids(&cnn(&architecture, &cpu()));
    assert_eq!(ids(), ids());
    let mut unique = ids();
    unique.dedup();
    assert_eq!(unique.len(), architecture.tensor_specs().len());
}

#[test]
fn foreign_weights_build_no_network() {
    let small = architecture(vec![], vec![5], 0.0, 8);
    let large = architecture(vec![], vec![6], 0.0, 8);
    let weights = small.initial_tensors(&mut rng(1));
    let error = Cnn::new(&large, &weights, &cpu()).unwrap_err().to_string();
    assert!(error.starts_with("tensor dense.0.weight has shape [64, 5], expected [64, 6]"), "{error}");
}

#[test]
fn training_moves_every_parameter() {
    let unit = UnitConfig { filters: 3, normalization: Normalization::Batch, ..UnitConfig::default() };
    let architecture = architecture(vec![unit], vec![5], 0.0, 8);
    let device = cpu().autodiff();
    let cnn = cnn(&architecture, &device);
    let loss = cnn.forward_train(images(4, 8, &device), Masks::draw(&mut rng(0))).powi_scalar(2).mean();
    let gradients = burn::optim::GradientsParams::from_grads(loss.backward(), &cnn);
    // All but batch normalization's two running statistics.
    assert_eq!(gradients.len(), architecture.tensor_specs().len() - 2);
    assert!(cnn.num_params() > 0);
}

#[test]
fn a_backend_that_is_not_compiled_in_is_named() {
    for backend in [device::Backend::Ndarray, device::Backend::Flex, device::Backend::Wgpu] {
        if !device::Backend::COMPILED.contains(&backend) {
            let message = device::open(Some(backend)).unwrap_err().to_string();
            assert!(message.contains(&format!("the Cargo feature `{}`", backend.name())), "{message}");
        }
    }
}
