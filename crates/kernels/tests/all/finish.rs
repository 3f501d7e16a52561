//! What follows a convolution, against loops in double precision and finite differences of them.

use kernels::{
    Activation, Dropout, Finish, FinishGradients, FinishShape, Level, Normalization, PoolKind, Pooling,
    Stage, Stages, batch_statistics, drop_values, finish, finish_backward,
};
use proptest::prelude::*;

use crate::bits::equal_on_every_level;

const EPSILON: f64 = 1e-5;

/// A call, and numbers for it.
#[derive(Clone, Debug)]
struct Case {
    shape: FinishShape,
    n: usize,
    is_of_batch: bool,
    dropout: Option<Dropout>,
    seed: u32,
}

/// What the kernels wrote.
struct Results {
    statistics: [Vec<f32>; 2],
    out: Vec<f32>,
    /// Of maps, shortcut, gamma and beta.
    gradients: [Vec<f32>; 4],
}

fn numbers(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2654435761).wrapping_add(12345);
    let mut next = || {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..count).map(|_| 3.0 * next() + 0.25).collect()
}

impl Case {
    fn input_len(&self) -> usize {
        self.n * self.shape.input_len()
    }

    fn x(&self) -> Vec<f32> {
        numbers(self.seed, self.input_len())
    }

    fn shortcut(&self) -> Vec<f32> {
        if self.shape.stages.adds() { numbers(self.seed + 1, self.input_len()) } else { vec![] }
    }

    fn upstream(&self) -> Vec<f32> {
        numbers(self.seed + 2, self.n * self.shape.output_len())
    }

    /// Gamma, of which some are negative, and beta.
    fn scales(&self) -> [Vec<f32>; 2] {
        [3, 4].map(|i| numbers(self.seed + i, self.shape.channels))
    }

    fn statistics(&self, level: Level) -> [Vec<f32>; 2] {
        let channels = self.shape.channels;
        if !self.is_of_batch {
            return [numbers(self.seed + 5, channels), numbers(self.seed + 6, channels)]
                .map(|values| values.iter().map(|value| value.abs() + 0.5).collect());
        }
        let [mut mean, mut variance] = [vec![f32::NAN; channels], vec![f32::NAN; channels]];
        batch_statistics(level, &self.shape, &self.x(), &self.shortcut(), [&mut mean, &mut variance]);
        [mean, variance]
    }

    fn run(&self, level: Level) -> Results {
        let [gamma, beta] = self.scales();
        let normalizes = self.shape.stages.normalizes();
        let statistics = if normalizes { self.statistics(level) } else { [vec![], vec![]] };
        let normalization = normalizes.then(|| Normalization {
            mean: &statistics[0],
            variance: &statistics[1],
            gamma: &gamma,
            beta: &beta,
            epsilon: EPSILON,
            is_of_batch: self.is_of_batch,
        });
        let (mut x, shortcut) = (self.x(), self.shortcut());
        let call = Finish { shape: self.shape, shortcut: &shortcut, normalization, dropout: self.dropout };
        let mut out = vec![f32::NAN; self.n * self.shape.output_len()];
        let mut places = vec![77; self.n * self.shape.places_len()];
        finish(level, &call, &x, &mut out, Some(&mut places));
        let mut without_places = vec![f32::NAN; out.len()];
        finish(level, &call, &x, &mut without_places, None);
        assert_eq!(out, without_places);
        let channels = if normalizes { self.shape.channels } else { 0 };
        let mut shortcut_gradient = vec![f32::NAN; shortcut.len()];
        let [mut gamma, mut beta] = [vec![f32::NAN; channels], vec![f32::NAN; channels]];
        let gradients = FinishGradients {
            x: &mut x,
            shortcut: &mut shortcut_gradient,
            gamma: &mut gamma,
            beta: &mut beta,
        };
        finish_backward(level, &call, &places, &self.upstream(), gradients);
        Results { statistics, out, gradients: [x, shortcut_gradient, gamma, beta] }
    }

    /// Mask and factor of each output value.
    fn mask(&self) -> Vec<f64> {
        let mut mask = vec![1.0; self.n * self.shape.output_len()];
        if let Some(dropout) = &self.dropout {
            drop_values(Level::Portable, dropout, self.n, &mut mask);
        }
        mask.into_iter().map(f64::from).collect()
    }

    /// The output of `[maps, shortcut, gamma, beta]`, by definition.
    fn reference(&self, [x, shortcut, gamma, beta]: &[Vec<f64>; 4]) -> Vec<f64> {
        let channels = self.shape.channels;
        let mut values = x.clone();
        for stage in self.shape.stages.iter() {
            match stage {
                Stage::Add => values.iter_mut().zip(shortcut).for_each(|(value, other)| *value += other),
                Stage::Activate(activation) => values.iter_mut().for_each(|v| *v = activate(activation, *v)),
                Stage::Normalize => {
                    let known = self.statistics(Level::Portable).map(|v| doubles(&v));
                    for channel in 0..channels {
                        let count = (values.len() / channels) as f64;
                        let of_channel = || values.iter().skip(channel).step_by(channels);
                        let mut mean = of_channel().sum::<f64>() / count;
                        let mut variance = of_channel().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
                        if !self.is_of_batch {
                            (mean, variance) = (known[0][channel], known[1][channel]);
                        }
                        for value in values.iter_mut().skip(channel).step_by(channels) {
                            let normalized = (*value - mean) / (variance + EPSILON).sqrt();
                            *value = normalized * gamma[channel] + beta[channel];
                        }
                    }
                }
            }
        }
        let pooled = self.pool(&values);
        pooled.iter().zip(self.mask()).map(|(value, mask)| value * mask).collect()
    }

    fn pool(&self, values: &[f64]) -> Vec<f64> {
        let FinishShape { height, width, channels, pooling, .. } = self.shape;
        let Some(pooling) = pooling else { return values.to_vec() };
        let mut out = Vec::new();
        for image in values.chunks_exact(height * width * channels) {
            for row in 0..self.shape.out_height() {
                for column in 0..self.shape.out_width() {
                    for channel in 0..channels {
                        let window = (0..pooling.height * pooling.width).map(|k| {
                            let y = row * pooling.height + k / pooling.width;
                            let x = column * pooling.width + k % pooling.width;
                            image[(y * width + x) * channels + channel]
                        });
                        out.push(match pooling.kind {
                            PoolKind::Max => window.fold(f64::NEG_INFINITY, f64::max),
                            PoolKind::Average => {
                                window.sum::<f64>() / (pooling.height * pooling.width) as f64
                            }
                        });
                    }
                }
            }
        }
        out
    }

    /// The sum of the output's products with the upstream gradient.
    fn loss(&self, operands: &[Vec<f64>; 4]) -> f64 {
        self.reference(operands).iter().zip(self.upstream()).map(|(out, up)| out * f64::from(up)).sum()
    }
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::None => x,
        Activation::Relu => x.max(0.0),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        // The integral of the normal density by Simpson's rule, from 0 to `x`.
        Activation::Gelu => {
            let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let (steps, mut sum) = (200, 0.0);
            for i in 0..=steps {
                let weight = if i == 0 || i == steps { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
                sum += weight * density(x * f64::from(i) / f64::from(steps));
            }
            x * (0.5 + sum * x / f64::from(steps) / 3.0)
        }
    }
}

fn case() -> impl Strategy<Value = Case> {
    let activation = prop_oneof![
        3 => Just(Activation::Relu),
        1 => Just(Activation::Gelu),
        1 => Just(Activation::Tanh),
        1 => Just(Activation::Sigmoid),
        1 => Just(Activation::None),
    ];
    let stages = activation.prop_flat_map(|activation| {
        let all = vec![Stage::Normalize, Stage::Add, Stage::Activate(activation)];
        (Just(all).prop_shuffle(), 0..=3usize)
    });
    let pooling = prop_oneof![
        Just(None),
        (any::<bool>(), 1..4usize, 1..4usize).prop_map(|(is_max, height, width)| {
            let kind = if is_max { PoolKind::Max } else { PoolKind::Average };
            Some(Pooling { kind, height, width })
        }),
    ];
    let sizes = (1..4usize, 1..8usize, 1..8usize, prop_oneof![Just(1), Just(3), Just(8), Just(17), Just(33)]);
    let dropout = prop_oneof![Just(None), (any::<u64>(), 0.0..0.9f64, 0..5usize).prop_map(Some)];
    (stages, pooling, sizes, dropout, any::<bool>(), 0..1u32 << 30).prop_map(
        |((stages, count), pooling, (n, height, width, channels), dropout, is_of_batch, seed)| {
            let pooling = pooling.map(|p: Pooling| Pooling {
                height: p.height.min(height),
                width: p.width.min(width),
                ..p
            });
            let stages = Stages::new(stages.into_iter().take(count));
            let shape = FinishShape { height, width, channels, stages, pooling };
            let dropout =
                dropout.map(|(key, probability, first_image)| Dropout { key, probability, first_image });
            Case { shape, n, is_of_batch, dropout, seed }
        },
    )
}

/// The largest difference, where the values are usually about as large as 1.
fn difference(ours: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(ours.len(), expected.len());
    let largest = expected.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
    ours.iter().zip(expected).fold(0.0, |most: f64, (x, y)| most.max((f64::from(*x) - y).abs())) / largest
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn outputs_and_gradients_are_those_of_the_definition(case in case()) {
        let results = case.run(Level::best());
        let [gamma, beta] = case.scales();
        let operands = [case.x(), case.shortcut(), gamma, beta].map(|values| doubles(&values));
        // Few values have a tiny variance, and then rounding errors grow.
        let usual = case.n * case.shape.height * case.shape.width >= 6 || !case.is_of_batch;
        let tolerance = if usual { 1e-4 } else { 5e-2 };
        let reference = case.reference(&operands);
        prop_assert!(difference(&results.out, &reference) < tolerance);
        const STEP: f64 = 1e-6;
        for (which, gradient) in results.gradients.iter().enumerate() {
            // A dozen values of each operand, spread over it.
            for place in (0..gradient.len()).step_by(gradient.len() / 12 + 1) {
                let [above, below] = [STEP, -STEP].map(|step| {
                    let mut operands = operands.clone();
                    operands[which][place] += step;
                    case.loss(&operands)
                });
                let expected = (above - below) / (2.0 * STEP);
                let found = f64::from(gradient[place]);
                let limit = 30.0 * tolerance * expected.abs().max(1.0);
                prop_assert!((found - expected).abs() < limit, "operand {which} {place}: {found} {expected}");
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_level_and_threads() {
    let orders = [[0, 1, 2], [2, 0, 1], [1, 2, 0]];
    let activations =
        [Activation::Relu, Activation::Gelu, Activation::Tanh, Activation::Sigmoid].into_iter().cycle();
    for (i, order) in orders.into_iter().enumerate() {
        for (channels, activation) in [3, 24, 33].into_iter().zip(activations.clone().skip(i)) {
            let all = [Stage::Normalize, Stage::Add, Stage::Activate(activation)];
            let stages = Stages::new(order.map(|i| all[i]));
            let kind = [PoolKind::Max, PoolKind::Average][i % 2];
            for pooling in [None, Some(Pooling { kind, height: 2, width: 2 })] {
                let shape = FinishShape { height: 15, width: 18, channels, stages, pooling };
                let dropout = Some(Dropout { key: 7, probability: 0.3, first_image: 2 });
                let case = Case { shape, n: 5, is_of_batch: true, dropout, seed: 9 };
                equal_on_every_level(|level| {
                    let Results { statistics, out, gradients } = case.run(level);
                    [statistics.concat(), out, gradients.concat()].concat()
                });
            }
        }
    }
}

/// Values far from zero, whose squares' mean and mean's square are nearly equal.
#[test]
fn the_variance_of_values_far_from_zero_is_exact() {
    let stages = Stages::new([Stage::Normalize]);
    let shape = FinishShape { height: 40, width: 40, channels: 3, stages, pooling: None };
    let x: Vec<f32> = (0..4 * 40 * 40 * 3).map(|i| 4096.0 + (i % 7) as f32 / 8.0).collect();
    let [mut mean, mut variance] = [[0.0; 3], [0.0; 3]];
    batch_statistics(Level::best(), &shape, &x, &[], [&mut mean, &mut variance]);
    for channel in 0..3 {
        let values: Vec<f64> = x.iter().skip(channel).step_by(3).map(|&x| f64::from(x)).collect();
        let expected = values.iter().sum::<f64>() / values.len() as f64;
        let squares = values.iter().map(|x| (x - expected).powi(2)).sum::<f64>() / values.len() as f64;
        assert_eq!(mean[channel], expected as f32);
        assert!((f64::from(variance[channel]) / squares - 1.0).abs() < 1e-6, "{}", variance[channel]);
    }
}

#[test]
fn the_first_of_equal_values_gets_the_gradient_and_nan_wins() {
    let pooling = Some(Pooling { kind: PoolKind::Max, height: 2, width: 2 });
    let shape = FinishShape { height: 2, width: 4, channels: 1, stages: Stages::default(), pooling };
    let call = Finish { shape, shortcut: &[], normalization: None, dropout: None };
    let mut x = [1.0, 2.0, 3.0, f32::NAN, 2.0, 2.0, 9.0, f32::NAN];
    let (mut out, mut places) = ([0.0; 2], [9; 2]);
    finish(Level::best(), &call, &x, &mut out, Some(&mut places));
    assert!(out[0] == 2.0 && out[1].is_nan() && places == [1, 1], "{out:?} {places:?}");
    let gradients = FinishGradients { x: &mut x, shortcut: &mut [], gamma: &mut [], beta: &mut [] };
    finish_backward(Level::best(), &call, &places, &[5.0, 6.0], gradients);
    assert_eq!(x, [0.0, 5.0, 0.0, 6.0, 0.0, 0.0, 0.0, 0.0]);
}
