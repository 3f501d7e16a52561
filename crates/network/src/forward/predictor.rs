//! A network that predicts: pixels in, logits out.

use kernels::transpose;

use crate::architecture::Architecture;
use crate::forward::buffers::{Buffer, Buffers, Workspace, Workspaces};
use crate::forward::dense_layer::DenseLayer;
use crate::forward::unit::Unit;
use crate::tensors::{NamedTensors, TensorsError};

/// How many images are computed at a time, unless these would take more than [`MOST_BYTES`]: enough for many threads, and
/// few enough that feature maps stay in a cache. `configs/deep.toml` takes 1.3 times as long with 500.
const IMAGES: usize = 128;
/// The most memory that feature maps take, by estimate, unless a single image takes more.
const MOST_BYTES: u64 = 512 << 20;

/// A network with its weights, ready to predict.
///
/// It is not changed by predicting, so threads may share one. The kernels keep the packed filters from call to call, and
/// feature maps get the memory of the call before, unless that is more than 64 MiB.
#[derive(Clone, Debug)]
pub struct Predictor {
    architecture: Architecture,
    units: Vec<Unit>,
    /// For each unit the last one to which a shortcut takes what entered it, if there is one.
    last_use: Vec<Option<usize>>,
    /// The output layer last.
    dense: Vec<DenseLayer>,
    images_at_a_time: usize,
    workspaces: Workspaces,
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
            workspaces: Workspaces::default(),
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
        let mut logits = vec![0.0; n * self.architecture.classes()];
        self.logits_into(pixels, n, &mut logits);
        logits
    }

    /// As [`Predictor::logits`], into memory of the caller. From the second call of one size on, none is allocated,
    /// unless the feature maps take more than 64 MiB.
    ///
    /// # Panics
    /// As [`Predictor::logits`], and if `logits` is not as long as `[n, classes]`.
    pub fn logits_into(&self, pixels: &[u8], n: usize, logits: &mut [f32]) {
        let input = self.architecture.input();
        let (image, classes) = (input.channels * input.height * input.width, self.architecture.classes());
        assert_eq!(pixels.len(), n * image, "{n} images of {}x{}", input.height, input.width);
        assert_eq!(logits.len(), n * classes, "{n} images of {classes} classes");
        let parts = pixels.chunks(self.images_at_a_time * image);
        self.workspaces.with(|workspace| {
            for (pixels, logits) in parts.zip(logits.chunks_mut(self.images_at_a_time * classes)) {
                let images = self.channels_last(pixels, &mut workspace.buffers);
                let maps = self.feature_maps(images, workspace);
                let found = self.dense_features(pixels.len() / image, maps, &mut workspace.buffers);
                logits.copy_from_slice(&found);
                workspace.buffers.give(found);
            }
        });
    }

    /// Pixels `[n, channels, height, width]` as numbers `[n, height, width, channels]` in `[0, 1]`.
    fn channels_last(&self, pixels: &[u8], buffers: &mut Buffers) -> Buffer {
        let input = self.architecture.input();
        let mut scaled = buffers.take(pixels.len());
        for (number, &pixel) in scaled.iter_mut().zip(pixels) {
            *number = f32::from(pixel) / 255.0;
        }
        transposed(scaled, [input.channels, input.height * input.width], buffers)
    }

    /// The last unit's feature maps, of images `[n, height, width, channels]`.
    fn feature_maps(&self, images: Buffer, workspace: &mut Workspace) -> Buffer {
        let Workspace { buffers, entered } = workspace;
        entered.resize_with(self.units.len(), || None);
        let mut maps = images;
        for (i, (unit, (config, _shape))) in self.units.iter().zip(self.architecture.units()).enumerate() {
            let next = match (i + 1).checked_sub(config.residual) {
                Some(source) if source < i => {
                    unit.forward(&maps, entered[source].as_deref().unwrap_or_default(), buffers)
                }
                Some(source) if source == i => unit.forward(&maps, &maps, buffers),
                // There is no shortcut.
                _ => unit.forward(&maps, &[], buffers),
            };
            match self.last_use[i] {
                Some(last) if last > i => entered[i] = Some(maps),
                _ => buffers.give(maps),
            }
            for (entered, last) in entered.iter_mut().zip(&self.last_use) {
                if *last == Some(i)
                    && let Some(maps) = entered.take()
                {
                    buffers.give(maps);
                }
            }
            maps = next;
        }
        maps
    }

    /// Logits from the last unit's feature maps `[n, height, width, channels]`.
    fn dense_features(&self, n: usize, maps: Buffer, buffers: &mut Buffers) -> Buffer {
        let output =
            self.architecture.units().last().map_or(self.architecture.input(), |(_, unit)| unit.output);
        // The dense layers count features channel by channel.
        let features = transposed(maps, [output.height * output.width, output.channels], buffers);
        self.dense.iter().fold(features, |features, layer| layer.forward(n, features, buffers))
    }
}

/// Images `[n, rows, columns]` as `[n, columns, rows]`.
fn transposed(x: Buffer, [rows, columns]: [usize; 2], buffers: &mut Buffers) -> Buffer {
    if rows == 1 || columns == 1 {
        return x;
    }
    let mut out = buffers.take(x.len());
    transpose(&x, rows, columns, &mut out);
    buffers.give(x);
    out
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
