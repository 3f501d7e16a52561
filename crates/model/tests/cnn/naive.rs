//! The network's arithmetic with loops in double precision, to compare it with.

use std::collections::BTreeMap;

use network::config::{Activation, Normalization, Padding, Pool, Stage, UnitConfig};
use network::{Architecture, NamedTensors};

/// Added to a variance before its root is taken.
const EPSILON: f64 = 1e-5;

pub(crate) type Weights = BTreeMap<String, Vec<f64>>;

pub(crate) fn weights(tensors: &NamedTensors) -> Weights {
    let double = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect();
    tensors.iter().map(|(name, _shape, values)| (name.to_owned(), double(values))).collect()
}

/// Values `[n, channels, height, width]`; those of a dense layer are of one pixel.
#[derive(Clone, Debug)]
pub(crate) struct Maps {
    pub(crate) dims: [usize; 4],
    pub(crate) values: Vec<f64>,
}

impl Maps {
    fn new(dims: [usize; 4], value: impl Fn([usize; 4]) -> f64) -> Self {
        let [n, channels, height, width] = dims;
        let places = (0..n * channels * height * width).map(|i| {
            [i / width / height / channels, i / width / height % channels, i / width % height, i % width]
        });
        Self { dims, values: places.map(value).collect() }
    }

    fn at(&self, [image, channel, y, x]: [usize; 4]) -> f64 {
        let [_n, channels, height, width] = self.dims;
        self.values[((image * channels + channel) * height + y) * width + x]
    }
}

/// The feature maps after each unit, and the logits `[n, classes, 1, 1]` at the end. In training, normalization
/// uses the statistics of the batch.
pub(crate) fn run(net: &Architecture, weights: &Weights, images: Maps, training: bool) -> Vec<Maps> {
    let mut entered = vec![images];
    for (i, (config, _shape)) in net.units().enumerate() {
        let shortcut = (config.residual > 0).then(|| entered[i + 1 - config.residual].clone());
        let output = unit(&entered[i], shortcut.as_ref(), config, weights, &format!("units.{i}"), training);
        entered.push(output);
    }
    let last = entered.last().unwrap();
    let [n, channels, height, width] = last.dims;
    let mut x = Maps { dims: [n, channels * height * width, 1, 1], values: last.values.clone() };
    let hidden = net.dense().len() - 1;
    for i in 0..hidden {
        x = dense(&x, weights, &format!("dense.{i}"));
        if net.config().dense_normalization == Normalization::Batch {
            x = normalize(&x, weights, &format!("dense.{i}.norm"), training);
        }
        x = activate(&x, net.config().dense_activation);
    }
    entered.push(dense(&x, weights, "head"));
    entered.split_off(1)
}

fn unit(
    maps: &Maps,
    shortcut: Option<&Maps>,
    config: &UnitConfig,
    weights: &Weights,
    name: &str,
    training: bool,
) -> Maps {
    let mut maps = convolve(
        maps,
        config,
        &weights[&format!("{name}.conv.weight")],
        &weights[&format!("{name}.conv.bias")],
    );
    for stage in config.order {
        maps = match stage {
            Stage::Normalization if config.normalization == Normalization::Batch => {
                normalize(&maps, weights, &format!("{name}.norm"), training)
            }
            Stage::Residual if config.residual > 0 => {
                let shortcut = shortcut.unwrap();
                assert_eq!(maps.dims, shortcut.dims);
                Maps::new(maps.dims, |place| maps.at(place) + shortcut.at(place))
            }
            Stage::Activation => activate(&maps, config.activation),
            Stage::Pool => pool(&maps, config),
            _ => maps,
        };
    }
    maps
}

fn convolve(maps: &Maps, config: &UnitConfig, weight: &[f64], bias: &[f64]) -> Maps {
    let &UnitConfig { filters, kernel_size: k, stride, groups, padding, .. } = config;
    let [n, channels, height, width] = maps.dims;
    let out = |size: usize| match padding {
        Padding::Same => size.div_ceil(stride),
        Padding::Valid => (size - k) / stride + 1,
    };
    // Zeros in front: half of what the last window reaches beyond the maps, rounded down.
    let before = |size: usize| match padding {
        Padding::Same => ((out(size) - 1) * stride + k).saturating_sub(size) / 2,
        Padding::Valid => 0,
    };
    let of_group = channels / groups;
    Maps::new([n, filters, out(height), out(width)], |[image, filter, y, x]| {
        let first = filter / (filters / groups) * of_group;
        let mut sum = bias[filter];
        for channel in 0..of_group {
            for (dy, dx) in (0..k * k).map(|i| (i / k, i % k)) {
                let [y, x] = [
                    (y * stride + dy).checked_sub(before(height)),
                    (x * stride + dx).checked_sub(before(width)),
                ];
                if let (Some(y), Some(x)) = (y, x)
                    && y < height
                    && x < width
                {
                    let weight = weight[((filter * of_group + channel) * k + dy) * k + dx];
                    sum += weight * maps.at([image, first + channel, y, x]);
                }
            }
        }
        sum
    })
}

fn normalize(maps: &Maps, weights: &Weights, name: &str, training: bool) -> Maps {
    let [n, channels, height, width] = maps.dims;
    let of = |field: &str| &weights[&format!("{name}.{field}")];
    let count = (n * height * width) as f64;
    let statistics: Vec<[f64; 2]> = (0..channels)
        .map(|channel| {
            if !training {
                return [of("running_mean")[channel], of("running_var")[channel]];
            }
            let values = || {
                (0..n * height * width)
                    .map(|i| maps.at([i / width / height, channel, i / width % height, i % width]))
            };
            let mean = values().sum::<f64>() / count;
            [mean, values().map(|value| (value - mean).powi(2)).sum::<f64>() / count]
        })
        .collect();
    Maps::new(maps.dims, |place| {
        let [mean, variance] = statistics[place[1]];
        (maps.at(place) - mean) / (variance + EPSILON).sqrt() * of("gamma")[place[1]] + of("beta")[place[1]]
    })
}

fn activate(maps: &Maps, activation: Activation) -> Maps {
    Maps::new(maps.dims, |place| {
        let x = maps.at(place);
        match activation {
            Activation::Relu => x.max(0.0),
            Activation::Gelu => x * cumulative(x),
            Activation::Tanh => x.tanh(),
            Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            Activation::None => x,
        }
    })
}

/// The normal distribution's cumulative probability, from the power series around 0.
fn cumulative(x: f64) -> f64 {
    let (mut sum, mut term) = (0.0, x);
    for i in 0..200 {
        sum += term;
        term *= x * x / f64::from(2 * i + 3);
    }
    0.5 + sum * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

fn pool(maps: &Maps, config: &UnitConfig) -> Maps {
    let [n, channels, height, width] = maps.dims;
    let [rows, columns] = match config.pool {
        Pool::Max | Pool::Average => [config.pool_size; 2],
        Pool::GlobalAverage => [height, width],
        Pool::None => [1, 1],
    };
    Maps::new([n, channels, height / rows, width / columns], |[image, channel, y, x]| {
        let window = (0..rows * columns)
            .map(|i| maps.at([image, channel, y * rows + i / columns, x * columns + i % columns]));
        match config.pool {
            Pool::Max => window.fold(f64::NEG_INFINITY, f64::max),
            _ => window.sum::<f64>() / (rows * columns) as f64,
        }
    })
}

fn dense(x: &Maps, weights: &Weights, name: &str) -> Maps {
    let (weight, bias) = (&weights[&format!("{name}.weight")], &weights[&format!("{name}.bias")]);
    let [n, inputs, ..] = x.dims;
    let outputs = bias.len();
    Maps::new([n, outputs, 1, 1], |[row, output, ..]| {
        bias[output] + (0..inputs).map(|i| x.at([row, i, 0, 0]) * weight[i * outputs + output]).sum::<f64>()
    })
}
