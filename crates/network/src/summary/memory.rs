//! Estimates how much memory a network takes on a CPU, from its shapes alone.
//!
//! The sums follow what the operators keep for the backward pass and what they compute beside it. A few factors
//! are measured; docs/performance.md has estimates beside measurements.

use std::collections::BTreeSet;

use crate::architecture::Architecture;
use crate::config::{Activation, Normalization, Pool, Stage, UnitConfig};
use crate::plan::{First, Plan};
use crate::shapes::{FeatureMapShape, UnitShape};

/// Bytes of a value.
const VALUE: u64 = 4;
/// In tenths of the layer's output: what the backward pass of batch normalization takes for a while.
const NORMALIZING: u64 = 50;
/// The same for GELU.
const GELU: u64 = 48;
/// The same for the other activations.
const ACTIVATING: u64 = 18;
/// Into how many pieces the kernels divide a batch at most. Each piece has sums of its own for all weights.
const PIECES: u64 = 16;
/// The same for convolutions of at least [`MANY_WEIGHTS`] weights.
const FEWER_PIECES: u64 = 8;
const MANY_WEIGHTS: u64 = 1 << 17;
/// Up to how many bytes of filters and packed filters the kernels keep for predictions.
const KEPT_FILTERS: u64 = 64 << 20;

/// An estimate of the memory that a network takes on a CPU, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkMemory {
    /// All parameters once.
    pub parameters: u64,
    /// What the kernels take for as long as the process runs, whatever the size of the batch: scratch memory
    /// and packed filters.
    pub kernels: u64,
    /// A training step, for each image of its batch.
    pub training_image: u64,
    /// A prediction, for each image of its batch.
    pub prediction_image: u64,
}

impl Architecture {
    /// Estimates the memory that the network takes on a CPU.
    pub fn memory(&self) -> NetworkMemory {
        let parameters = self.layers().iter().map(|layer| layer.parameters as u64).sum::<u64>();
        NetworkMemory {
            parameters: VALUE * parameters,
            kernels: scratch(self) + (2 * VALUE * parameters).min(KEPT_FILTERS),
            training_image: training_image(self),
            prediction_image: prediction_image(self),
        }
    }
}

/// A convolution's sums for each piece of the batch, or a dense layer's packed weights: whichever is the largest.
fn scratch(net: &Architecture) -> u64 {
    let convolutions = net.units().map(|(config, shape)| {
        let channels = shape.input.channels / config.groups;
        let weights = (config.filters * channels * config.kernel_size.pow(2)) as u64;
        VALUE * weights * if weights < MANY_WEIGHTS { PIECES } else { FEWER_PIECES }
    });
    let dense = net.dense().iter().map(|&[inputs, outputs]| VALUE * inputs as u64 * outputs as u64);
    convolutions.chain(dense).max().unwrap_or(0)
}

/// The bytes that a step has at a time: those that are kept for the backward pass, and the most so far.
#[derive(Default)]
struct Step {
    kept: u64,
    peak: u64,
    /// Gradients that wait at shortcuts for the backward pass of the unit at hand, beside whatever its operators take.
    waiting: u64,
}

impl Step {
    fn keep(&mut self, bytes: u64) {
        self.kept += bytes;
        self.peak = self.peak.max(self.kept);
    }

    /// An operator takes so many bytes for a while, beside all that is kept.
    fn work(&mut self, bytes: u64) {
        self.peak = self.peak.max(self.kept + self.waiting + bytes);
    }
}

/// The bytes that a training step takes for each image.
///
/// The backward pass frees what it has used. So an operator at the end of the network finds everything kept
/// that the operators before it have kept, and the first one only its own. The peak is the largest of these.
fn training_image(net: &Architecture) -> u64 {
    let mut step = Step::default();
    // The pixels as bytes and as values; a label and its place in the order.
    let pixels = values(net.input()) / VALUE;
    step.keep(pixels * (1 + VALUE) + 16);
    for (i, (config, shape)) in net.units().enumerate() {
        step.waiting = on_shortcuts(net, i);
        let input_gradient = if i == 0 { 0 } else { values(shape.input) };
        unit(&mut step, config, shape, input_gradient);
        if config.dropout > 0.0 {
            let output = values(shape.output);
            step.keep(output);
            step.work(2 * output);
        }
    }
    step.waiting = 0;
    dense_layers(&mut step, net);
    step.peak
}

/// The bytes of the feature maps that shortcuts take around unit `i`, or around its convolution. Their gradients
/// take the same way back.
fn on_shortcuts(net: &Architecture, i: usize) -> u64 {
    let ends = net.units().enumerate().skip(i).filter(|(_, (config, _))| config.residual > 0);
    let starts: BTreeSet<usize> = ends.map(|(end, (config, _))| end + 1 - config.residual).collect();
    let around = net.units().enumerate().filter(|(start, _)| *start <= i && starts.contains(start));
    around.map(|(_, (_, shape))| values(shape.input)).sum()
}

/// Whether one operator convolves and pools, so that the convolution's output is never in memory as a whole.
fn pools_while_convolving(config: &UnitConfig) -> bool {
    matches!(Plan::new(config).first, First::PooledConvolution { .. })
}

/// What the first operator of a unit keeps, and then the one for the stages that are left.
fn unit(step: &mut Step, config: &UnitConfig, shape: &UnitShape, input_gradient: u64) {
    let plan = Plan::new(config);
    let output = values(shape.output);
    match plan.first {
        // The gradient of its output takes the output's memory.
        First::Convolution => step.keep(values(shape.convolved)),
        First::PooledConvolution { activation } => {
            // A byte for each place of a maximum, and the slope of GELU there.
            step.keep(output / VALUE);
            step.keep(if activation == Activation::Gelu { output } else { 0 });
            step.keep(output);
            step.work(output + input_gradient);
        }
    }
    if !plan.then.is_empty() {
        let pools = plan.then.contains(&Stage::Pool);
        step.keep(if pools && config.pool == Pool::Max { output / VALUE } else { 0 });
        step.keep(output);
        // What stands behind the pooling is done by an operator of its own.
        step.keep(if pools && plan.then.last() != Some(&Stage::Pool) { output } else { 0 });
    }
    // The gradient of what comes out is used up before that of what goes in is computed.
    step.work(output.max(input_gradient));
}

fn dense_layers(step: &mut Step, net: &Architecture) {
    let hidden = net.dense().len() - 1;
    if let Some((config, shape)) = net.units().last() {
        // The feature maps are copied in one row for each image. Nothing needs the pooled ones after that.
        let features = values(shape.output);
        step.work(features);
        step.kept += if config.pool == Pool::None { features } else { 0 };
    }
    for (i, &[inputs, outputs]) in net.dense().iter().enumerate() {
        let [input, output] = [inputs, outputs].map(|n| VALUE * n as u64);
        if net.config().dropout > 0.0 {
            step.keep(input);
            step.work(2 * input);
        }
        let input_gradient = if i == 0 && net.units().next().is_none() { 0 } else { input };
        // The gradient of the output is packed beside itself.
        step.work(2 * output + input_gradient);
        step.keep(output);
        if i < hidden && net.config().dense_normalization == Normalization::Batch {
            step.keep(output);
            step.work(tenths(output, NORMALIZING));
        }
        if i < hidden && net.config().dense_activation != Activation::None {
            step.work(tenths(output, activating(net.config().dense_activation)));
        }
    }
    // Softmax, loss, and which class is the largest.
    step.work(8 * VALUE * net.classes() as u64);
}

/// The bytes that a prediction takes for each image: the input, output and copies of the largest layer.
fn prediction_image(net: &Architecture) -> u64 {
    let units = net.units().enumerate().map(|(i, (config, shape))| {
        let [input, convolved, output] = [shape.input, shape.convolved, shape.output].map(values);
        let operator =
            if pools_while_convolving(config) { 2 * input + 2 * output } else { input + convolved + output };
        operator + on_shortcuts(net, i)
    });
    let dense = net.dense().iter().map(|&[inputs, outputs]| VALUE * (2 * inputs + 2 * outputs) as u64);
    units.chain(dense).max().unwrap_or(0) + values(net.input())
}

fn activating(activation: Activation) -> u64 {
    if activation == Activation::Gelu { GELU } else { ACTIVATING }
}

fn tenths(bytes: u64, tenths: u64) -> u64 {
    bytes * tenths / 10
}

/// The bytes of one image's feature maps.
fn values(shape: FeatureMapShape) -> u64 {
    VALUE * shape.channels as u64 * shape.height as u64 * shape.width as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ModelConfig;

    fn memory(units: Vec<UnitConfig>, dense: &[usize]) -> NetworkMemory {
        let config = ModelConfig { units, dense: dense.to_vec(), ..ModelConfig::default() };
        Architecture::new(&config, [1, 28, 28], 10).unwrap().memory()
    }

    fn kilobytes(changes: impl Fn(&mut UnitConfig)) -> u64 {
        let mut units = ModelConfig::default().units;
        units.iter_mut().for_each(changes);
        memory(units, &[]).training_image / 1000
    }

    #[test]
    fn the_lectures_network_takes_what_its_operators_keep() {
        let memory = memory(ModelConfig::default().units, &[]);
        assert_eq!(memory.parameters, 4 * 83_466);
        // The second unit's backward pass: pixels, both units' maxima, the first unit's output and its gradient,
        // and the gradient of the second unit's output in two orders.
        let expected = 5 * 784 + 16 + (6272 + 3136) + 2 * 4 * 6272 + 2 * 4 * 3136;
        assert_eq!(memory.training_image, expected);
        assert_eq!(memory.kernels, 4 * 51_200 * PIECES + 8 * 83_466);
    }

    /// Measured, in kilobytes an image: by how much the peak of a process with 4,096 images in a batch is above that
    /// of one with 2,048 (`train --json`).
    #[test]
    fn an_image_takes_about_as_much_as_was_measured() {
        let measured = [
            (kilobytes(|unit| unit.normalization = Normalization::Batch), 221),
            (kilobytes(|unit| unit.pool = Pool::Average), 209),
            (kilobytes(|unit| unit.activation = Activation::Tanh), 88),
            (
                kilobytes(|unit| {
                    unit.normalization = Normalization::Batch;
                    unit.pool = Pool::Average;
                    unit.activation = Activation::Gelu;
                }),
                201,
            ),
        ];
        for (estimate, measured) in measured {
            assert!(
                (90..=125).contains(&(100 * estimate / measured)),
                "{estimate} kB, measured {measured} kB"
            );
        }
    }

    #[test]
    fn gelu_keeps_a_slope_for_each_pooled_value() {
        let unit = |activation| UnitConfig { activation, ..UnitConfig::default() };
        let keeping = |activation| memory(vec![unit(activation)], &[]).training_image;
        let pooled = 32 * 14 * 14;
        assert_eq!(keeping(Activation::Gelu), keeping(Activation::Relu) + VALUE * pooled);
    }

    #[test]
    fn what_waits_at_a_shortcut_is_counted_while_it_waits() {
        let unit = |residual| UnitConfig { filters: 8, pool: Pool::None, residual, ..UnitConfig::default() };
        let net = |spans: [usize; 4]| {
            let mut units = spans.map(unit);
            // The head takes little, so that the peak is in the last unit.
            units[3].pool = Pool::GlobalAverage;
            let config = ModelConfig { units: units.to_vec(), ..ModelConfig::default() };
            Architecture::new(&config, [1, 28, 28], 10).unwrap()
        };
        let maps = 4 * 8 * 784;
        let waiting = |spans: [usize; 4]| [0, 1, 2, 3].map(|i| on_shortcuts(&net(spans), i) / maps);
        assert_eq!(waiting([0, 0, 0, 0]), [0, 0, 0, 0]);
        assert_eq!(waiting([0, 0, 2, 0]), [0, 1, 1, 0]);
        // Two shortcuts from the same place bring the same maps.
        assert_eq!(waiting([0, 1, 2, 1]), [0, 1, 1, 1]);
        assert_eq!(waiting([0, 0, 2, 2]), [0, 1, 2, 1]);
        assert!(net([0, 0, 0, 2]).memory().training_image > net([0; 4]).memory().training_image);
    }

    #[test]
    fn wide_dense_layers_take_memory_for_weights_and_not_for_images() {
        let wide = memory(Vec::new(), &[4096, 4096]);
        assert_eq!(wide.parameters, 4 * (785 * 4096 + 4097 * 4096 + 40_970));
        assert_eq!(wide.kernels, 4 * 4096 * 4096 + KEPT_FILTERS);
        assert!(wide.training_image < 120_000, "{}", wide.training_image);
    }

    #[test]
    fn prediction_keeps_nothing_for_a_backward_pass() {
        let default = memory(ModelConfig::default().units, &[]);
        assert!(default.prediction_image < default.training_image);
    }
}
