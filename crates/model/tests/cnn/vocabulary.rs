//! Networks of every kind, drawn at random, compute what loops in double precision compute: forward, in
//! training, and their gradients.

use burn::module::ParamId;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use model::{Cnn, Masks, device};
use network::config::{Activation, Normalization, Padding, Pool, Stage, UnitConfig};
use network::{Architecture, ModelConfig, NamedTensors};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt};

use crate::naive::{self, Maps, Weights};
use crate::rng;

pub(crate) const NETWORKS: u64 = 60;

/// Both CPU backends that are compiled in.
fn devices() -> Vec<Device> {
    let cpus = [device::Backend::Ndarray, device::Backend::Flex];
    let compiled = cpus.into_iter().filter(|backend| device::Backend::COMPILED.contains(backend));
    compiled.map(|backend| device::open(Some(backend)).unwrap().device).collect()
}

fn one_of<T: Clone>(rng: &mut impl Rng, choices: &[T]) -> T {
    choices[rng.random_range(0..choices.len())].clone()
}

/// A unit for feature maps of so many channels, which may be impossible. So many units before it keep the shape of
/// their feature maps.
fn unit(rng: &mut impl Rng, channels: usize, kept: usize) -> UnitConfig {
    let mut order = Stage::ALL;
    for last in (1..order.len()).rev() {
        order.swap(last, rng.random_range(0..=last));
    }
    // A shortcut needs a convolution that keeps the shape, and a unit that only pools behind the sum.
    let keeps_shape = rng.random_range(0..2) == 0;
    let groups = one_of(rng, &[1, 1, 2, 3, channels]);
    UnitConfig {
        filters: if keeps_shape { channels } else { groups * rng.random_range(1..4) },
        kernel_size: rng.random_range(1..6),
        stride: if keeps_shape { 1 } else { one_of(rng, &[1, 1, 2, 3]) },
        padding: if keeps_shape { Padding::Same } else { one_of(rng, &[Padding::Same, Padding::Valid]) },
        groups,
        normalization: one_of(rng, &[Normalization::None, Normalization::Batch]),
        residual: if keeps_shape { rng.random_range(0..=kept + 1) } else { 0 },
        activation: one_of(rng, &ACTIVATIONS),
        pool: if keeps_shape && rng.random() { Pool::None } else { one_of(rng, &POOLS) },
        pool_size: rng.random_range(1..4),
        order,
        dropout: 0.0,
    }
}

const POOLS: [Pool; 4] = [Pool::Max, Pool::Average, Pool::GlobalAverage, Pool::None];
const ACTIVATIONS: [Activation; 5] =
    [Activation::Relu, Activation::Gelu, Activation::Tanh, Activation::Sigmoid, Activation::None];

/// A network of one to four units and up to two hidden dense layers.
pub(crate) fn network(rng: &mut ChaCha8Rng) -> Architecture {
    let input = [rng.random_range(1..4), rng.random_range(5..12), rng.random_range(5..12)];
    let mut config = ModelConfig {
        units: Vec::new(),
        dense: one_of(rng, &[vec![], vec![5], vec![7, 3]]),
        dense_normalization: one_of(rng, &[Normalization::None, Normalization::Batch]),
        dense_activation: one_of(rng, &ACTIVATIONS),
        dropout: 0.0,
    };
    let count = rng.random_range(1..5);
    loop {
        match Architecture::new(&config, input, 4) {
            Ok(net) if config.units.len() == count => return net,
            Ok(_) => (),
            // The last unit is impossible, and another one is drawn in its place.
            Err(_) => drop(config.units.pop()),
        }
        let channels = config.units.last().map_or(input[0], |unit| unit.filters);
        let kept = config.units.iter().rev().take_while(|unit| {
            unit.filters == channels
                && unit.stride == 1
                && unit.padding == Padding::Same
                && unit.pool == Pool::None
        });
        let kept = kept.count();
        config.units.push(unit(rng, channels, kept));
    }
}

/// Weights with batch statistics and scales that are not those of the beginning.
pub(crate) fn random_weights(net: &Architecture, rng: &mut ChaCha8Rng) -> NamedTensors {
    let mut weights = net.initial_tensors(rng);
    for spec in net.tensor_specs().into_iter().filter(|spec| spec.name.contains(".norm.")) {
        let least = if spec.name.ends_with("var") { 0.5 } else { -1.0 };
        let values = (0..spec.shape[0]).map(|_| rng.random_range(least..1.5)).collect();
        weights.insert(spec.name, spec.shape, values);
    }
    weights
}

/// Random images `[n, channels, height, width]`, as a tensor of 32 bits and in double precision.
fn images(net: &Architecture, n: usize, rng: &mut ChaCha8Rng) -> (TensorData, Maps) {
    let dims = [n, net.input().channels, net.input().height, net.input().width];
    let values: Vec<f32> = (0..dims.iter().product()).map(|_| rng.random_range(-1.0..1.0)).collect();
    let double = values.iter().map(|&value| f64::from(value)).collect();
    (TensorData::new(values, dims), Maps { dims, values: double })
}

fn assert_near(found: TensorData, expected: &Maps, place: &str) {
    let greatest = expected.values.iter().fold(1.0_f64, |greatest, value| greatest.max(value.abs()));
    let found: Vec<f32> = found.iter::<f32>().collect();
    assert_eq!(found.len(), expected.values.len(), "{place}");
    for (found, expected) in found.iter().zip(&expected.values) {
        let gap = (f64::from(*found) - expected).abs();
        assert!(gap <= 2e-4 * greatest, "{place}: {found} instead of {expected}");
    }
}

/// If the drawing changes, the other tests must not silently lose a part of the vocabulary.
#[test]
fn the_drawn_networks_have_every_word() {
    let nets: Vec<Architecture> = (0..NETWORKS).map(|seed| network(&mut rng(seed))).collect();
    let units = || nets.iter().flat_map(Architecture::units);
    let in_a_unit = |has: fn(&UnitConfig) -> bool| units().filter(|(unit, _)| has(unit)).count() >= 4;
    for pool in POOLS {
        assert!(units().filter(|(unit, _)| unit.pool == pool).count() >= 4, "{pool:?}");
    }
    let spans = |residual: usize| units().filter(|(unit, _)| unit.residual == residual).count();
    assert!(
        spans(1) >= 4 && spans(2) + spans(3) + spans(4) >= 4,
        "{:?}",
        [spans(1), spans(2), spans(3), spans(4)]
    );
    assert!(in_a_unit(|unit| unit.residual > 0 && unit.pool != Pool::None));
    assert!(in_a_unit(|unit| unit.groups > 1 && unit.filters > unit.groups));
    assert!(
        units().filter(|(unit, shape)| unit.groups > 1 && unit.groups == shape.input.channels).count() >= 4
    );
    assert!(
        units().filter(|(unit, shape)| unit.groups > 1 && unit.groups < shape.input.channels).count() >= 4
    );
    assert!(in_a_unit(|unit| unit.kernel_size == 4 && unit.padding == Padding::Same));
    let normalized = |net: &&Architecture| net.config().dense_normalization == Normalization::Batch;
    assert!(nets.iter().filter(normalized).filter(|net| net.dense().len() > 2).count() >= 4);
}

#[test]
fn feature_maps_and_logits_are_those_of_loops_in_double_precision() {
    for seed in 0..NETWORKS {
        let mut rng = rng(seed);
        let net = network(&mut rng);
        let weights = random_weights(&net, &mut rng);
        let (pixels, double) = images(&net, 1 + seed as usize % 3, &mut rng);
        let expected = naive::run(&net, &naive::weights(&weights), double, false);
        for ((_, shape), maps) in net.units().zip(&expected) {
            let output = shape.output;
            assert_eq!([output.channels, output.height, output.width], maps.dims[1..], "{:?}", net.config());
        }
        for device in devices() {
            let place = format!("network {seed} on {device:?}: {:?}", net.config());
            let cnn = Cnn::new(&net, &weights, &device).unwrap();
            let pixels = Tensor::<4>::from_data(pixels.clone(), &device);
            let maps = cnn.feature_maps(pixels.clone());
            let shapes: Vec<[usize; 4]> = maps.iter().map(Tensor::dims).collect();
            assert_eq!(
                shapes,
                expected[..maps.len()].iter().map(|maps| maps.dims).collect::<Vec<_>>(),
                "{place}"
            );
            for (maps, expected) in maps.into_iter().zip(&expected) {
                assert_near(maps.into_data(), expected, &place);
            }
            assert_near(cnn.forward(pixels).into_data(), expected.last().unwrap(), &place);
            assert_eq!(cnn.weights(), weights);
        }
    }
}

#[test]
fn shortcuts_may_begin_at_the_same_place() {
    let unit = |residual| UnitConfig {
        filters: 2,
        kernel_size: 1,
        activation: Activation::Tanh,
        pool: Pool::None,
        residual,
        ..UnitConfig::default()
    };
    let units = [0, 1, 2, 3, 2].map(unit).to_vec();
    let net = Architecture::new(&ModelConfig { units, ..ModelConfig::default() }, [2, 5, 6], 3).unwrap();
    let weights = net.initial_tensors(&mut rng(1));
    let (pixels, double) = images(&net, 3, &mut rng(2));
    let expected = naive::run(&net, &naive::weights(&weights), double, false);
    for device in devices() {
        let cnn = Cnn::new(&net, &weights, &device).unwrap();
        let logits = cnn.forward(Tensor::from_data(pixels.clone(), &device));
        assert_near(logits.into_data(), expected.last().unwrap(), "shortcuts");
    }
}

/// The numbers with which the logits are multiplied to get one number whose gradient is taken.
fn coefficient(i: usize) -> f64 {
    ((i * 29 % 17) as f64 - 8.0) / 8.0
}

fn objective(net: &Architecture, weights: &Weights, images: &Maps) -> f64 {
    let logits = naive::run(net, weights, images.clone(), true).pop().unwrap();
    logits.values.iter().enumerate().map(|(i, logit)| coefficient(i) * logit).sum()
}

/// The gradient of one weight, from the objective a little beside it on both sides.
fn finite_difference(net: &Architecture, weights: &Weights, images: &Maps, name: &str, i: usize) -> f64 {
    const STEP: f64 = 1e-6;
    let beside = |step: f64| {
        let mut moved = weights.clone();
        moved.get_mut(name).unwrap()[i] += step;
        objective(net, &moved, images)
    };
    (beside(STEP) - beside(-STEP)) / (2.0 * STEP)
}

/// The gradient of a parameter of any rank, by its place among the tensors.
fn gradient(gradients: &GradientsParams, place: usize, rank: usize) -> Option<Vec<f32>> {
    let id = ParamId::from(place as u64 + 1);
    let data = match rank {
        1 => gradients.get::<1>(id)?.into_data(),
        2 => gradients.get::<2>(id)?.into_data(),
        _ => gradients.get::<4>(id)?.into_data(),
    };
    Some(data.iter::<f32>().collect())
}

#[test]
fn gradients_are_finite_differences_and_training_uses_the_batchs_statistics() {
    for seed in 0..NETWORKS {
        let mut rng = rng(1000 + seed);
        let net = network(&mut rng);
        let weights = random_weights(&net, &mut rng);
        let (pixels, double) = images(&net, 5, &mut rng);
        let expected = naive::run(&net, &naive::weights(&weights), double.clone(), true).pop().unwrap();
        for device in devices().into_iter().map(Device::autodiff) {
            let place = format!("network {seed} on {device:?}: {:?}", net.config());
            let cnn = Cnn::new(&net, &weights, &device).unwrap();
            let logits = cnn.forward_train(Tensor::from_data(pixels.clone(), &device), Masks::draw(&mut rng));
            assert_near(logits.to_data(), &expected, &place);
            let coefficients: Vec<f32> = (0..expected.values.len()).map(|i| coefficient(i) as f32).collect();
            let coefficients = TensorData::new(coefficients, logits.dims());
            let sum = (logits * Tensor::from_data(coefficients, &device)).sum();
            let gradients = GradientsParams::from_grads(sum.backward(), &cnn);
            compare_gradients(&net, &naive::weights(&weights), &double, &gradients, &place);
        }
    }
}

/// Compares a few weights of each tensor.
fn compare_gradients(
    net: &Architecture,
    weights: &Weights,
    images: &Maps,
    gradients: &GradientsParams,
    place: &str,
) {
    for (at, spec) in net.tensor_specs().into_iter().enumerate() {
        let found = gradient(gradients, at, spec.shape.len());
        assert_eq!(found.is_none(), spec.name.contains("running"), "{}, {place}", spec.name);
        let Some(found) = found else { continue };
        let greatest = found.iter().fold(1.0_f32, |greatest, value| greatest.max(value.abs()));
        for i in [0, found.len() / 2, found.len() - 1] {
            let expected = finite_difference(net, weights, images, &spec.name, i);
            let gap = (f64::from(found[i]) - expected).abs();
            // Where batch normalization divides by a small deviation, single precision loses two more digits.
            assert!(
                gap < 1e-2 * f64::from(greatest),
                "{} {i}: {} instead of {expected}; {place}",
                spec.name,
                found[i]
            );
        }
    }
}
