//! The forward pass on slices gives the bits that the network on Burn gives.

use burn::tensor::{Tensor, TensorData};
use model::Cnn;
use network::config::{Activation, Normalization, Padding, Pool, Stage, UnitConfig};
use network::forward::Predictor;
use network::{Architecture, ModelConfig};
use rand::Rng;
use rand::rngs::ChaCha8Rng;

use crate::vocabulary::{NETWORKS, network, random_weights};
use crate::{cpu, rng};

/// Half of the pixels are background, as in images of digits.
fn pixels(net: &Architecture, n: usize, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let input = net.input();
    let count = n * input.channels * input.height * input.width;
    (0..count).map(|_| (rng.next_u32() % 511).saturating_sub(255) as u8).collect()
}

/// The logits of both ways for `n` images.
fn both(net: &Architecture, n: usize, seed: u64) -> [Vec<f32>; 2] {
    let mut rng = rng(seed);
    let weights = random_weights(net, &mut rng);
    let pixels = pixels(net, n, &mut rng);
    let slices = Predictor::new(net.clone(), &weights).unwrap();
    let input = net.input();
    let scaled: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    let images = TensorData::new(scaled, [n, input.channels, input.height, input.width]);
    let cnn = Cnn::new(net, &weights, &cpu()).unwrap();
    let logits = cnn.forward(Tensor::<4>::from_data(images, &cpu())).into_data();
    [slices.logits(&pixels, n), logits.iter::<f32>().collect()]
}

fn assert_same_bits(net: &Architecture, n: usize, seed: u64) {
    let [slices, burn] =
        both(net, n, seed).map(|logits| logits.into_iter().map(f32::to_bits).collect::<Vec<_>>());
    assert_eq!(slices.len(), n * net.classes());
    assert!(slices == burn, "{n} images: {:?}", net.config());
}

fn of_size(units: Vec<UnitConfig>, size: [usize; 3], classes: usize) -> Architecture {
    let config = ModelConfig { units, ..ModelConfig::default() };
    Architecture::new(&config, size, classes).unwrap()
}

#[test]
fn networks_of_the_whole_vocabulary_have_the_same_bits() {
    for seed in 0..2 * NETWORKS {
        let net = network(&mut rng(seed));
        for n in [1, 7, 128] {
            assert_same_bits(&net, n, seed);
        }
    }
}

/// Channels and filters enough for Winograd's filtering, in every pooling and order that decides which kernel runs.
#[test]
fn wide_units_have_the_same_bits() {
    let [normalization, residual, activation, pool] = Stage::ALL;
    let orders = [
        Stage::ALL,
        [activation, pool, normalization, residual],
        [pool, normalization, residual, activation],
    ];
    let mut seed = 0;
    for kernel_size in [3, 5] {
        for order in orders {
            for (kind, groups, residual) in [
                (Pool::Max, 1, 0),
                (Pool::Max, 1, 1),
                (Pool::None, 1, 1),
                (Pool::Average, 4, 0),
                (Pool::Max, 16, 0),
            ] {
                let unit = UnitConfig {
                    filters: 16,
                    kernel_size,
                    groups,
                    residual: if order == Stage::ALL { residual } else { 0 },
                    order,
                    normalization: Normalization::Batch,
                    activation: if groups == 4 { Activation::Gelu } else { Activation::Relu },
                    pool: kind,
                    ..UnitConfig::default()
                };
                let first = UnitConfig { filters: 16, ..UnitConfig::default() };
                let net = of_size(
                    vec![first, unit.clone(), UnitConfig { pool: Pool::GlobalAverage, ..unit }],
                    [1, 28, 28],
                    10,
                );
                for n in [1, 7, 40] {
                    assert_same_bits(&net, n, seed);
                }
                seed += 1;
            }
        }
    }
}

#[test]
fn large_images_and_many_classes_have_the_same_bits() {
    let unit = |filters, stride| UnitConfig { filters, stride, kernel_size: 3, ..UnitConfig::default() };
    let net = of_size(vec![unit(8, 2), unit(16, 1), unit(16, 2)], [1, 256, 200], 256);
    assert_same_bits(&net, 5, 1);
    let valid = UnitConfig { padding: Padding::Valid, ..unit(9, 3) };
    assert_same_bits(&of_size(vec![valid], [3, 97, 64], 256), 7, 2);
    assert_same_bits(&of_size(vec![], [1, 28, 28], 10), 600, 3);
}

/// The kernels take none of these windows, so that both ways compute with loops of their own.
#[test]
fn what_has_no_kernel_agrees_within_a_ten_thousandth() {
    let large = |change: fn(&mut UnitConfig)| {
        let mut unit = UnitConfig { filters: 6, pool_size: 17, ..UnitConfig::default() };
        change(&mut unit);
        of_size(vec![unit], [1, 36, 35], 10)
    };
    let nets = [
        large(|_| ()),
        large(|unit| unit.pool_size = 16),
        large(|unit| unit.activation = Activation::Gelu),
        large(|unit| unit.normalization = Normalization::Batch),
        large(|unit| (unit.groups, unit.activation) = (1, Activation::Tanh)),
        large(|unit| {
            unit.normalization = Normalization::Batch;
            unit.order = [Stage::Activation, Stage::Normalization, Stage::Residual, Stage::Pool];
        }),
    ];
    for (net, seed) in nets.iter().zip(0..) {
        assert!(!net.parts_without_kernel().is_empty(), "{:?}", net.config());
        let [slices, burn] = both(net, 3, seed);
        for (slices, burn) in slices.iter().zip(&burn) {
            assert!((slices - burn).abs() < 1e-4, "{slices} instead of {burn}: {:?}", net.config());
        }
    }
}

#[test]
fn no_images_have_no_logits_and_foreign_weights_build_no_predictor() {
    let net = of_size(vec![UnitConfig::default()], [1, 8, 8], 10);
    let weights = net.initial_tensors(&mut rng(1));
    assert!(Predictor::new(net, &weights).unwrap().logits(&[], 0).is_empty());
    let other = of_size(vec![], [1, 8, 8], 10);
    assert!(Predictor::new(other, &weights).unwrap_err().to_string().contains("head.weight"));
}
