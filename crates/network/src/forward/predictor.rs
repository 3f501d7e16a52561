//! A network that predicts: pixels in, logits out.

use kernels::{transpose, unwritten};

use crate::architecture::Architecture;
use crate::forward::dense_layer::DenseLayer;
use crate::forward::unit::Unit;
use crate::tensors::{NamedTensors, TensorsError};

/// How many images are computed at a time, unless these would take more than [`MOST_BYTES`].
const IMAGES: usize = 500;
/// The most memory that feature maps take, by estimate, unless a single image takes more.
const MOST_BYTES: u64 = 512 << 20;

/// A network with its weights, ready to predict.
///
/// It is not changed by predicting, so threads may share one. The kernels keep the packed filters from call to call.
#[derive(Clone, Debug)]
pub struct Predictor {
    architecture: Architecture,
    units: Vec<Unit>,
    /// For each unit the last one to which a shortcut takes what entered it, if there is one.
    last_use: Vec<Option<usize>>,
    /// The output layer last.
    dense: Vec<DenseLayer>,
    images_at_a_time: usize,
}

impl Predictor {
    /// Builds the network with the given weights. A normalization that follows its convolution directly becomes a
    /// part of the filters.
    ///
    /// # Errors
    /// If the weights' names or shapes are not exactly this architecture's, or a value is not finite.
    pub fn new(architecture: Architecture, weights: &NamedTensors) -> Result<Self, TensorsError> {
        architecture.check(weights)?;
        let units = architecture.units().enumerate();
        let units =
            units.map(|(i, (config, shape))| Unit::new(&format!("units.{i}"), config, shape, weights));
        let units = units.collect::<Result<Vec<_>, _>>()?;
        let most = MOST_BYTES / architecture.memory().prediction_image.max(1);
        Ok(Self {
            units,
            last_use: last_uses(&architecture),
            dense: DenseLayer::all(&architecture, weights)?,
            images_at_a_time: usize::try_from(most).unwrap_or(usize::MAX).clamp(1, IMAGES),
            architecture,
        })
    }

    /// The network.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Logits `[n, classes]` of `n` images, whose pixels `[n, channels, height, width]` are 0 on the background and
    /// 255 in full ink. They become numbers in `[0, 1]`, as in training. Many images are computed in several parts.
    ///
    /// # Panics
    /// If `pixels` does not hold `n` images of the network's size. That is a mistake of the caller, never of the data.
    pub fn logits(&self, pixels: &[u8], n: usize) -> Vec<f32> {
        let input = self.architecture.input();
        let image = input.channels * input.height * input.width;
        assert_eq!(pixels.len(), n * image, "{n} images of {}x{}", input.height, input.width);
        let mut logits = Vec::with_capacity(n * self.architecture.classes());
        for pixels in pixels.chunks(self.images_at_a_time * image) {
            let n = pixels.len() / image;
            let features = self.dense_features(n, self.feature_maps(self.channels_last(pixels)));
            logits.extend(features);
        }
        logits
    }

    /// Pixels `[n, channels, height, width]` as numbers `[n, height, width, channels]` in `[0, 1]`.
    fn channels_last(&self, pixels: &[u8]) -> Vec<f32> {
        let input = self.architecture.input();
        let scaled: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
        if input.channels == 1 {
            return scaled;
        }
        let mut last = unwritten(scaled.len());
        transpose(&scaled, input.channels, input.height * input.width, &mut last);
        last
    }

    /// The last unit's feature maps, of images `[n, height, width, channels]`.
    fn feature_maps(&self, images: Vec<f32>) -> Vec<f32> {
        let mut entered: Vec<Option<Vec<f32>>> = vec![None; self.units.len()];
        let mut maps = images;
        for (i, (unit, (config, _shape))) in self.units.iter().zip(self.architecture.units()).enumerate() {
            let next = match (i + 1).checked_sub(config.residual) {
                Some(source) if source < i => {
                    unit.forward(&maps, entered[source].as_deref().unwrap_or_default())
                }
                Some(source) if source == i => unit.forward(&maps, &maps),
                // There is no shortcut.
                _ => unit.forward(&maps, &[]),
            };
            entered[i] = self.last_use[i].is_some_and(|last| last > i).then_some(maps);
            for (entered, last) in entered.iter_mut().zip(&self.last_use) {
                if *last == Some(i) {
                    *entered = None;
                }
            }
            maps = next;
        }
        maps
    }

    /// Logits from the last unit's feature maps `[n, height, width, channels]`.
    fn dense_features(&self, n: usize, maps: Vec<f32>) -> Vec<f32> {
        let output =
            self.architecture.units().last().map_or(self.architecture.input(), |(_, unit)| unit.output);
        let pixels = output.height * output.width;
        let mut features = maps;
        if output.channels > 1 && pixels > 1 {
            // The dense layers count features channel by channel.
            let mut first = unwritten(features.len());
            transpose(&features, pixels, output.channels, &mut first);
            features = first;
        }
        for layer in &self.dense {
            features = layer.forward(n, &features);
        }
        features
    }
}

/// For each unit the last one to which a shortcut takes what entered it.
fn last_uses(architecture: &Architecture) -> Vec<Option<usize>> {
    let mut last = vec![None; architecture.units().count()];
    for (i, (config, _shape)) in architecture.units().enumerate() {
        // An architecture has no shortcut that begins before its first unit.
        if let Some(source) = (i + 1).checked_sub(config.residual)
            && config.residual > 0
        {
            last[source] = Some(i);
        }
    }
    last
}
