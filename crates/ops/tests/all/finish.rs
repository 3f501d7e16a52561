//! What follows a convolution, against the same thing composed from Burn's operators.

use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData, activation, module};
use ops::{Activation, Dropout, FinishOptions, Normalization, PoolKind, Pooling, Stage, Stages};
use proptest::prelude::*;

use crate::agreement::devices;
use crate::cases::drawn;

const EPSILON: f64 = 1e-5;

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) dims: [usize; 4],
    pub(crate) stages: Vec<Stage>,
    pub(crate) pooling: Option<Pooling>,
    pub(crate) is_of_batch: bool,
    pub(crate) seed: u32,
}

/// Values that differ from each other so much that rounding cannot change their order.
pub(crate) fn values(seed: u32, count: usize) -> Vec<f32> {
    let mut places: Vec<usize> = (0..count).collect();
    let mut state = seed;
    for i in (1..count).rev() {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        places.swap(i, state as usize % (i + 1));
    }
    places.into_iter().map(|place| 4.0 * (place as f32 + 0.5) / count as f32 - 2.0).collect()
}

fn case() -> impl Strategy<Value = Case> {
    let activations =
        [Activation::Relu, Activation::Gelu, Activation::Tanh, Activation::Sigmoid, Activation::None];
    let stages = (0..5usize).prop_flat_map(move |i| {
        let all = vec![Stage::Normalize, Stage::Add, Stage::Activate(activations[i])];
        (Just(all).prop_shuffle(), 0..=3usize)
    });
    let stages = stages.prop_map(|(stages, count)| stages.into_iter().take(count).collect());
    let pooling = (0..3u8, 1..3usize, 1..3usize).prop_map(|(kind, height, width)| match kind {
        0 => None,
        1 => Some(Pooling { kind: PoolKind::Max, height, width }),
        _ => Some(Pooling { kind: PoolKind::Average, height, width }),
    });
    let dims = (2..4usize, prop_oneof![Just(1), Just(3), Just(9)], 2..6usize, 3..6usize);
    (dims, stages, pooling, any::<bool>(), any::<u32>()).prop_map(
        |((n, channels, height, width), stages, pooling, is_of_batch, seed)| Case {
            dims: [n, channels, height, width],
            stages,
            pooling,
            is_of_batch,
            seed,
        },
    )
}

/// Maps, shortcut, gamma and beta.
pub(crate) type Operands = (Tensor<4>, Tensor<4>, [Tensor<1>; 2]);

impl Case {
    fn statistics(&self, device: &Device) -> [Tensor<1>; 2] {
        let channels = self.dims[1];
        [7, 8].map(|i| vector(values(self.seed ^ i, channels), device).abs() + 0.5)
    }

    pub(crate) fn ours(&self, (maps, shortcut, [gamma, beta]): Operands) -> Tensor<4> {
        let stages = Stages::new(self.stages.iter().copied());
        let [mean, variance] = if self.is_of_batch {
            ops::batch_statistics(maps.clone(), Some(shortcut.clone()), stages)
        } else {
            self.statistics(&maps.device())
        };
        let options = FinishOptions {
            stages,
            pooling: self.pooling,
            dropout: None,
            epsilon: EPSILON,
            is_of_batch: self.is_of_batch,
        };
        let normalization = Normalization { gamma, beta, mean, variance };
        ops::finish(maps, Some(shortcut), Some(normalization), options)
    }

    pub(crate) fn burns(&self, (maps, shortcut, [gamma, beta]): Operands) -> Tensor<4> {
        let maps = self.stages.iter().fold(maps, |maps, stage| match stage {
            Stage::Add => maps + shortcut.clone(),
            Stage::Normalize if self.is_of_batch => {
                module::batch_norm_train(maps, gamma.clone(), beta.clone(), EPSILON).output
            }
            Stage::Normalize => {
                let [mean, variance] = self.statistics(&maps.device());
                module::batch_norm(maps, gamma.clone(), beta.clone(), mean, variance, EPSILON)
            }
            Stage::Activate(Activation::Relu) => activation::relu(maps),
            // The derivative of Burn's own GELU is that of an approximation.
            Stage::Activate(Activation::Gelu) => {
                let normal = ((maps.clone() / std::f32::consts::SQRT_2).erf() + 1.0) * 0.5;
                maps * normal
            }
            Stage::Activate(Activation::Tanh) => activation::tanh(maps),
            Stage::Activate(Activation::Sigmoid) => activation::sigmoid(maps),
            Stage::Activate(Activation::None) => maps,
        });
        match self.pooling {
            None => maps,
            Some(Pooling { kind: PoolKind::Max, height, width }) => {
                module::max_pool2d(maps, MaxPoolOptions::new([height, width]))
            }
            Some(Pooling { kind: PoolKind::Average, height, width }) => {
                module::avg_pool2d(maps, AvgPoolOptions::new([height, width]))
            }
        }
    }

    /// The output, and the gradients of the operands that the stages need.
    pub(crate) fn run(&self, device: &Device, operator: impl Fn(Operands) -> Tensor<4>) -> Vec<Vec<f32>> {
        let device = device.clone().autodiff();
        let count = self.dims.iter().product();
        let tensor = |seed| {
            let data = TensorData::new(values(self.seed ^ seed, count), self.dims);
            Tensor::<4>::from_data(data, &device).require_grad()
        };
        let (maps, shortcut) = (tensor(1), tensor(2));
        let scales = [3, 4].map(|i| vector(values(self.seed ^ i, self.dims[1]), &device).require_grad());
        let output = operator((maps.clone(), shortcut.clone(), scales.clone()));
        let dims = output.dims();
        let upstream = TensorData::new(values(self.seed ^ 5, dims.iter().product()), dims);
        let gradients = (output.clone() * Tensor::from_data(upstream, &device)).sum().backward();
        let read = |data: TensorData| data.iter::<f32>().collect::<Vec<f32>>();
        let mut results = vec![read(output.into_data()), read(maps.grad(&gradients).unwrap().into_data())];
        results.extend(shortcut.grad(&gradients).map(|gradient| read(gradient.into_data())));
        let scales = scales.iter().filter_map(|scale| scale.grad(&gradients));
        results.extend(scales.map(|gradient| read(gradient.into_data())));
        results
    }
}

/// Says where two runs differ by more than rounding, if they do.
pub(crate) fn disagreement(ours: &[Vec<f32>], burns: &[Vec<f32>]) -> Option<String> {
    if ours.len() != burns.len() {
        return Some(format!("{} results, and {} of Burn's", ours.len(), burns.len()));
    }
    for (i, (ours, burns)) in ours.iter().zip(burns).enumerate() {
        if ours.len() != burns.len() {
            return Some(format!("result {i}: {} values, and {} of Burn's", ours.len(), burns.len()));
        }
        let largest = burns.iter().fold(1.0f32, |most, x| most.max(x.abs()));
        let far = |(x, y): &(&f32, &f32)| (*x - *y).abs() >= 1e-4 * largest || x.is_nan();
        if let Some((x, y)) = ours.iter().zip(burns).find(far) {
            return Some(format!("result {i}: {x}, and {y} of Burn's"));
        }
    }
    None
}

fn vector(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

proptest! {
    #![proptest_config(drawn(100))]

    #[test]
    fn the_stages_agree_with_burns(case in case()) {
        for device in devices() {
            let ours = case.run(&device, |operands| case.ours(operands));
            let burns = case.run(&device, |operands| case.burns(operands));
            prop_assert_eq!(disagreement(&ours, &burns), None);
        }
    }
}

/// The two gradients of feature maps that go two ways are added, in whatever order the graph brings them.
#[test]
fn a_fork_gets_the_gradients_of_both_ways() {
    for device in devices() {
        let device = device.autodiff();
        let tensor = |seed| {
            Tensor::<4>::from_data(TensorData::new(values(seed, 24), [2, 3, 2, 2]), &device).require_grad()
        };
        let (maps, factor) = (tensor(1), tensor(2));
        let both = |[one, other]: [Tensor<4>; 2]| (one * factor.clone() + activation::tanh(other)).sum();
        let gradients = both(ops::fork(maps.clone())).backward();
        let expected = both([maps.clone(), maps.clone()]).backward();
        let [ours, burns] = [&gradients, &expected].map(|all| maps.grad(all).unwrap().into_data());
        assert_eq!(ours, burns);
    }
}

/// A tensor that is added to what comes from itself gets both gradients.
#[test]
fn a_shortcut_from_the_maps_themselves_gets_its_gradient() {
    for device in devices() {
        let device = device.autodiff();
        let maps =
            Tensor::<4>::from_data(TensorData::new(values(1, 24), [2, 3, 2, 2]), &device).require_grad();
        let options = FinishOptions { stages: Stages::new([Stage::Add]), ..FinishOptions::default() };
        let output = ops::finish(maps.clone(), Some(maps.clone()), None, options);
        let gradients = output.sum().backward();
        let gradient: Vec<f32> = maps.grad(&gradients).unwrap().into_data().iter::<f32>().collect();
        assert_eq!(gradient, [2.0; 24]);
    }
}

#[test]
fn folded_filters_do_what_normalization_behind_the_convolution_does() {
    let conv = |maps: Tensor<4>, (weight, bias): (Tensor<4>, Tensor<1>)| {
        let options = burn::tensor::ops::ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
        ops::conv2d(maps, weight, bias, options)
    };
    for device in devices() {
        let tensor = |seed, dims: [usize; 4]| {
            let data = TensorData::new(values(seed, dims.iter().product()), dims);
            Tensor::<4>::from_data(data, &device)
        };
        let (maps, weight) = (tensor(1, [2, 3, 5, 4]), tensor(2, [6, 3, 3, 3]));
        // Half of the values are negative, of gamma as well.
        let [bias, gamma, beta, mean] = [3, 4, 5, 6].map(|seed| vector(values(seed, 6), &device));
        let variance = vector(values(7, 6), &device).abs() + 0.1;
        let normalization = Normalization { gamma, beta, mean, variance };
        let folded = ops::fold_normalization(weight.clone(), bias.clone(), normalization.clone(), EPSILON);
        let options = FinishOptions {
            stages: Stages::new([Stage::Normalize]),
            epsilon: EPSILON,
            ..FinishOptions::default()
        };
        let expected = ops::finish(conv(maps.clone(), (weight, bias)), None, Some(normalization), options);
        let tolerance = burn::tensor::Tolerance::<f32>::relative(1e-4).set_absolute(1e-4);
        conv(maps, folded).into_data().assert_approx_eq::<f32>(&expected.into_data(), tolerance);
    }
}

/// A mask does not depend on how the maps lie in memory, nor on whether a pass or an operator applies it, and the
/// gradient goes through the same mask.
#[test]
fn dropout_is_the_same_everywhere() {
    let dropout = Dropout { key: 11, probability: 0.5, first_image: 3 };
    let dims = [3, 4, 2, 5];
    for device in devices() {
        let device = device.autodiff();
        let ones = Tensor::<4>::ones(dims, &device).require_grad();
        let dropped = ops::dropout(ones.clone(), dropout);
        let options = FinishOptions { dropout: Some(dropout), ..FinishOptions::default() };
        assert_eq!(ops::finish(ones.clone(), None, None, options).into_data(), dropped.to_data());
        // [n, height, width, channels] in memory
        let last = Tensor::<4>::ones([3, 2, 5, 4], &device).permute([0, 3, 1, 2]);
        assert_eq!(ops::dropout(last, dropout).into_data(), dropped.to_data());
        let gradients = dropped.clone().sum().backward();
        assert_eq!(ones.grad(&gradients).unwrap().into_data(), dropped.to_data());
        let kept = dropped.into_data().iter::<f32>().filter(|value| *value != 0.0).count();
        assert!((30..90).contains(&kept), "{kept} of 120");
    }
}
