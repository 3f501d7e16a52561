//! Calls of the kernels with tensors, kept with what the backward pass needs.

use std::sync::Arc;

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use burn::tensor::DType;
use kernels::{
    Dropout, Finish, FinishGradients, FinishShape, Level, Stages, drop_values, finish, finish_backward,
    unwritten,
};

use crate::finish::options::{FinishOptions, Needed};
use crate::operators::shape;
use crate::slices::{CpuTensors, channels_last, from_channels_last};

/// The shape of a call, if the kernels take these tensors.
pub(crate) fn finish_shape<'a, B: CpuTensors>(
    maps: &'a FloatTensor<B>,
    others: impl IntoIterator<Item = &'a FloatTensor<B>>,
    options: &FinishOptions,
) -> Option<FinishShape> {
    let [n, channels, height, width] = shape::<B>(maps);
    let shape = FinishShape { height, width, channels, stages: options.stages, pooling: options.pooling };
    let all_f32 = others.into_iter().chain([maps]).all(|tensor| tensor.dtype() == DType::F32);
    (n > 0 && all_f32 && shape.is_taken()).then_some(shape)
}

/// A call of stages, pooling and dropout.
#[derive(Clone, Debug)]
pub(crate) struct FinishCall<B: CpuTensors> {
    /// `[n, height, width, channels]`
    pub maps: FloatTensor<B>,
    /// `[n, height, width, channels]`
    pub shortcut: Option<FloatTensor<B>>,
    /// Gamma, beta, mean and variance.
    pub norm: Option<[FloatTensor<B>; 4]>,
    /// `[n, pooled height, pooled width, channels]`, or empty if there are no maxima or the call was not for
    /// training.
    pub places: Arc<Vec<u8>>,
    pub shape: FinishShape,
    pub options: FinishOptions,
}

/// The gradients of a call: of maps and shortcut as `[n, channels, height, width]`, of gamma and beta.
pub(crate) struct CallGradients<B: CpuTensors> {
    pub maps: FloatTensor<B>,
    pub shortcut: Option<FloatTensor<B>>,
    pub norm: Option<[FloatTensor<B>; 2]>,
}

impl<B: CpuTensors> FinishCall<B> {
    pub(crate) fn forward(
        maps: FloatTensor<B>,
        Needed { shortcut, norm }: Needed<FloatTensor<B>>,
        shape: FinishShape,
        options: FinishOptions,
        is_training: bool,
    ) -> (FloatTensor<B>, Self) {
        let n = maps.shape()[0];
        let maps = channels_last::<B>(maps);
        let shortcut = shortcut.map(channels_last::<B>);
        let mut places = unwritten(if is_training { n * shape.places_len() } else { 0 });
        let mut out = unwritten(n * shape.output_len());
        let call = Self { maps, shortcut, norm, places: Arc::default(), shape, options };
        call.with_kernel_call(|kernel_call| {
            let places = is_training.then_some(places.as_mut_slice());
            finish(Level::best(), kernel_call, &B::values(&call.maps), &mut out, places);
        });
        let dims = [n, shape.channels, shape.out_height(), shape.out_width()];
        let out = from_channels_last::<B>(out, dims, &call.maps);
        (out, Self { places: Arc::new(places), ..call })
    }

    /// The gradients, from that of the output `[n, channels, pooled height, pooled width]`. The maps' gradient
    /// takes the maps' memory if nothing else needs them.
    pub(crate) fn backward(mut self, upstream: FloatTensor<B>, wants_shortcut: bool) -> CallGradients<B> {
        let upstream = channels_last::<B>(upstream);
        let [n, height, width, channels] = shape::<B>(&self.maps);
        let maps = std::mem::replace(&mut self.maps, B::tensor(Vec::new(), [0], &upstream));
        let wants_shortcut = wants_shortcut && self.shape.stages.adds();
        let mut shortcut = unwritten(if wants_shortcut { n * self.shape.input_len() } else { 0 });
        let values = if self.norm.is_some() { channels } else { 0 };
        let [mut gamma, mut beta] = [vec![0.0; values], vec![0.0; values]];
        let x = self.with_kernel_call(|kernel_call| {
            B::changed(maps, |x| {
                let gradients =
                    FinishGradients { x, shortcut: &mut shortcut, gamma: &mut gamma, beta: &mut beta };
                let upstream = B::values(&upstream);
                finish_backward(Level::best(), kernel_call, &self.places, &upstream, gradients);
            })
        });
        let shortcut = wants_shortcut
            .then(|| from_channels_last::<B>(shortcut, [n, channels, height, width], &upstream));
        let norm = self.norm.is_some();
        CallGradients {
            maps: B::permuted(x, [0, 3, 1, 2]),
            shortcut,
            norm: norm.then(|| [gamma, beta].map(|values| B::tensor(values, [channels], &upstream))),
        }
    }

    /// Calls `work` with the kernel's view of this call.
    fn with_kernel_call<R>(&self, work: impl FnOnce(&Finish<'_>) -> R) -> R {
        let shortcut = self.shortcut.as_ref().map(B::values);
        let norm = self.norm.as_ref().map(|tensors| tensors.each_ref().map(B::values));
        let normalization = norm.as_ref().map(|[gamma, beta, mean, variance]| kernels::Normalization {
            mean,
            variance,
            gamma,
            beta,
            epsilon: self.options.epsilon,
            is_of_batch: self.options.is_of_batch,
        });
        let shortcut = shortcut.as_deref().unwrap_or_default();
        work(&Finish { shape: self.shape, shortcut, normalization, dropout: self.options.dropout })
    }
}

/// The statistics of a batch, from maps that the kernels take.
pub(crate) fn statistics<B: CpuTensors>(
    maps: FloatTensor<B>,
    shortcut: FloatTensor<B>,
    shape: &FinishShape,
) -> [FloatTensor<B>; 2] {
    let maps = channels_last::<B>(maps);
    let shortcut = channels_last::<B>(shortcut);
    let [mut mean, mut variance] = [vec![0.0; shape.channels], vec![0.0; shape.channels]];
    let statistics = [mean.as_mut_slice(), variance.as_mut_slice()];
    kernels::batch_statistics(Level::best(), shape, &B::values(&maps), &B::values(&shortcut), statistics);
    [mean, variance].map(|values| B::tensor(values, [shape.channels], &maps))
}

/// The shape of a call without pooling.
pub(crate) fn staged(stages: Stages) -> FinishOptions {
    FinishOptions { stages, ..FinishOptions::default() }
}

/// Drops some of the values of features `[n, features]` or maps `[n, channels, height, width]`, or of their
/// gradient. The values of maps are counted with the channels last.
pub(crate) fn drop_some<B: CpuTensors>(x: FloatTensor<B>, dropout: &Dropout) -> FloatTensor<B> {
    let n = x.shape()[0];
    let drop = |x| B::changed(x, |values| drop_values(Level::best(), dropout, n, values));
    if x.shape().num_dims() == 4 { B::permuted(drop(channels_last::<B>(x)), [0, 3, 1, 2]) } else { drop(x) }
}

/// Filters and biases with the normalization `[gamma, beta, mean, variance]` in them.
pub(crate) fn fold<B: CpuTensors>(
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    norm: [FloatTensor<B>; 4],
    epsilon: f64,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let [gamma, beta, mean, variance] = &norm.each_ref().map(B::values);
    let norm = kernels::Normalization { mean, variance, gamma, beta, epsilon, is_of_batch: false };
    let mut biases = B::copied(&bias);
    let weight = B::changed(weight, |weight| kernels::fold_normalization(&norm, weight, &mut biases));
    let filters = biases.len();
    (weight, B::tensor(biases, [filters], &bias))
}
