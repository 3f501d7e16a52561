//! The forward pass of one image with every intermediate result, to be looked at.
//!
//! Each stage is a step of its own here, while a [`Predictor`](crate::forward::Predictor) does several at once. So the
//! last bits of the logits may differ.

use kernels::transpose;

use crate::architecture::Architecture;
use crate::forward::buffers::Buffers;
use crate::forward::dense_layer::DenseLayer;
use crate::forward::unit::{Step, Unit};
use crate::tensors::{NamedTensors, TensorsError};

/// A network that shows what it computes.
#[derive(Clone, Debug)]
pub struct Tracer {
    architecture: Architecture,
    units: Vec<Unit>,
    /// The output layer last.
    dense: Vec<DenseLayer>,
}

/// What one layer or stage gave for one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The number of the unit, from 0; `None` for a dense layer.
    pub unit: Option<usize>,
    /// `convolution`, the word of a stage, `dense-0` and so on, or `logits`.
    pub name: String,
    /// `[channels, height, width]` of feature maps, `[outputs]` of a dense layer.
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

impl Tracer {
    /// Builds the network with the given weights.
    ///
    /// # Errors
    /// If the weights' names or shapes are not exactly this architecture's, or a value is not finite.
    pub fn new(architecture: Architecture, weights: &NamedTensors) -> Result<Self, TensorsError> {
        architecture.check(weights)?;
        let unit = |(i, (config, shape))| Unit::in_steps(&format!("units.{i}"), config, shape, weights);
        let units = architecture.units().enumerate().map(unit).collect::<Result<_, _>>()?;
        Ok(Self { units, dense: DenseLayer::all(&architecture, weights)?, architecture })
    }

    /// What each layer and stage gives for an image of `[1, height, width]` with pixels from 0 to 255, in the order in
    /// which they are computed.
    ///
    /// # Panics
    /// If `pixels` is not an image of the network's size. That is a mistake of the caller, never of the data.
    pub fn trace(&self, pixels: &[u8]) -> Vec<Trace> {
        let input = self.architecture.input();
        assert_eq!(pixels.len(), input.height * input.width, "one image of one channel");
        let mut maps: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
        let mut entered: Vec<Vec<f32>> = Vec::new();
        let mut traces = Vec::new();
        let mut features = maps.clone();
        for (i, (unit, (config, _shape))) in self.units.iter().zip(self.architecture.units()).enumerate() {
            entered.push(maps);
            // An architecture has no shortcut that begins before its first unit.
            let source = (i + 1).checked_sub(config.residual).and_then(|source| entered.get(source));
            let steps = unit.steps(&entered[i], source.map_or(&[], Vec::as_slice));
            maps = steps.last().map(|step| step.values.clone()).unwrap_or_default();
            traces.extend(steps.iter().map(|step| of_step(i, step)));
            features = traces.last().map(|trace| trace.values.clone()).unwrap_or_default();
        }
        self.trace_dense(&features, &mut traces);
        traces
    }

    /// Adds the dense layers' outputs for features `[inputs]`.
    fn trace_dense(&self, features: &[f32], traces: &mut Vec<Trace>) {
        let mut buffers = Buffers::default();
        let mut features = buffers.copy_of(features);
        for (i, layer) in self.dense.iter().enumerate() {
            features = layer.forward(1, features, &mut buffers);
            let is_head = i + 1 == self.dense.len();
            let name = if is_head { "logits".to_owned() } else { format!("dense-{i}") };
            traces.push(Trace { unit: None, name, shape: vec![features.len()], values: features.to_vec() });
        }
    }
}

/// A step's feature maps, channel by channel, as the dense layers count features.
fn of_step(unit: usize, step: &Step) -> Trace {
    let [height, width, channels] = step.sizes;
    let mut values = vec![0.0; step.values.len()];
    transpose(&step.values, height * width, channels, &mut values);
    let name = step.stage.map_or("convolution", |stage| stage.word()).to_owned();
    Trace { unit: Some(unit), name, shape: vec![channels, height, width], values }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin;
    use crate::config::{ModelConfig, Normalization, Pool, Stage, UnitConfig};
    use crate::forward::Predictor;
    use rand::SeedableRng;

    fn image(sides: [usize; 2]) -> Vec<u8> {
        (0..sides[0] * sides[1]).map(|i| (i * 37 % 256) as u8).collect()
    }

    fn assert_ends_in_the_logits(architecture: &Architecture, weights: &NamedTensors) -> Vec<Trace> {
        let input = architecture.input();
        let pixels = image([input.height, input.width]);
        let traces = Tracer::new(architecture.clone(), weights).unwrap().trace(&pixels);
        let expected = Predictor::new(architecture.clone(), weights).unwrap().logits(&pixels, 1);
        let last = traces.last().unwrap();
        assert_eq!((last.name.as_str(), last.values.len()), ("logits", expected.len()));
        for (found, expected) in last.values.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-3 * expected.abs().max(1.0), "{found} {expected}");
        }
        for trace in &traces {
            assert_eq!(trace.shape.iter().product::<usize>(), trace.values.len(), "{}", trace.name);
        }
        traces
    }

    #[test]
    fn the_built_in_model_s_steps_end_in_its_logits() {
        let model = builtin::digits().unwrap();
        let traces = assert_ends_in_the_logits(&model.architecture, &model.weights);
        let names: Vec<&str> = traces.iter().map(|trace| trace.name.as_str()).collect();
        let unit = ["convolution", "normalization", "activation"];
        let pooled = ["convolution", "normalization", "activation", "pool"];
        let expected = [&unit[..], &pooled[..], &unit[..], &pooled[..], &["logits"]].concat();
        assert_eq!(names, expected);
        assert_eq!((traces[6].shape.as_slice(), traces[6].unit), (&[32, 14, 14][..], Some(1)));
        assert!(traces[5].values.iter().all(|&value| value >= 0.0));
    }

    #[test]
    fn shortcuts_windows_groups_and_hidden_layers_are_steps_too() {
        let unit = UnitConfig { filters: 4, kernel_size: 3, ..UnitConfig::default() };
        let order = [Stage::Pool, Stage::Activation, Stage::Residual, Stage::Normalization];
        let config = ModelConfig {
            units: vec![
                UnitConfig { pool: Pool::None, stride: 2, ..unit.clone() },
                UnitConfig { pool: Pool::None, residual: 1, groups: 2, ..unit.clone() },
                UnitConfig { pool: Pool::Average, pool_size: 3, order, ..unit.clone() },
                UnitConfig { pool: Pool::GlobalAverage, ..unit },
            ],
            dense: vec![7, 5],
            dense_normalization: Normalization::Batch,
            ..ModelConfig::default()
        };
        let architecture = Architecture::new(&config, [1, 13, 18], 3).unwrap();
        let weights = architecture.initial_tensors(&mut rand::rngs::ChaCha8Rng::seed_from_u64(5));
        let traces = assert_ends_in_the_logits(&architecture, &weights);
        let residual = traces.iter().find(|trace| trace.name == "residual").unwrap();
        assert_eq!((residual.unit, residual.shape.as_slice()), (Some(1), &[4, 7, 9][..]));
        assert_eq!(traces[traces.len() - 2].name, "dense-1");
        // The sum is that of the two feature maps which come before it in the unit and enter it.
        let [entered, convolved] = [&traces[1], &traces[2]];
        let sums = entered.values.iter().zip(&convolved.values).map(|(a, b)| a + b);
        assert!(sums.zip(&residual.values).all(|(expected, found)| (expected - found).abs() < 1e-5));
    }
}
