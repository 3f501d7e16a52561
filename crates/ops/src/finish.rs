//! What follows a convolution as operators of Burn: normalization, a shortcut, an activation, pooling, dropout.

#[cfg(any(feature = "ndarray", feature = "flex"))]
mod autodiff;
#[cfg(any(feature = "ndarray", feature = "flex"))]
mod call;
pub(crate) mod composed;
#[cfg(any(feature = "ndarray", feature = "flex"))]
mod cpu;
mod options;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use kernels::{Dropout, Stages};

pub use options::FinishOptions;
pub(crate) use options::Needed;

/// What normalizes each channel, `[channels]` each.
#[derive(Clone, Debug)]
pub struct Normalization {
    pub gamma: Tensor<1>,
    pub beta: Tensor<1>,
    pub mean: Tensor<1>,
    pub variance: Tensor<1>,
}

/// The operators, as methods that a backend may override.
#[backend_extension(
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu"),
    Fusion: cfg(feature = "wgpu"),
    Autodiff
)]
pub(crate) trait FinishOperators: Backend {
    /// Stages, pooling and dropout. For a tensor that no stage needs the maps stand in.
    #[fusion(default)]
    fn finish_maps(
        maps: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        options: FinishOptions,
    ) -> FloatTensor<Self> {
        let needed = Needed::new(shortcut, [gamma, beta, mean, variance], options.stages);
        composed::finish::<Self>(maps, needed, &options)
    }

    /// Mean and variance of what enters the normalization. No gradient goes through them. If no stage adds a
    /// shortcut, the maps stand in for it.
    #[fusion(default)]
    fn statistics_of_batch(
        maps: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        stages: Stages,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        composed::statistics::<Self>(maps, shortcut, stages)
    }

    /// Dropout of features `[n, features]` or maps `[n, channels, height, width]`.
    #[fusion(default)]
    fn drop_some(x: FloatTensor<Self>, dropout: Dropout) -> FloatTensor<Self> {
        composed::drop_some::<Self>(x, &dropout)
    }

    /// Filters and biases of a convolution whose output is normalized already.
    #[fusion(default)]
    fn fold(
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        composed::fold::<Self>(weight, bias, [gamma, beta, mean, variance], epsilon)
    }
}

/// Does the stages in their order to feature maps `[n, channels, height, width]`, pools them in windows that do
/// not overlap, and drops some of the values: `[n, channels, pooled height, pooled width]`.
///
/// `shortcut` has the shape of the maps and must be there if a stage adds it, `normalization` if a stage normalizes.
/// If several values of a window are equal, the first in row order is the maximum and gets the gradient. On the
/// CPU a value that is not a number counts as larger than all others.
pub fn finish(
    maps: Tensor<4>,
    shortcut: Option<Tensor<4>>,
    normalization: Option<Normalization>,
    options: FinishOptions,
) -> Tensor<4> {
    let maps = maps.into_dispatch();
    let shortcut = shortcut.map_or_else(|| maps.clone(), Tensor::into_dispatch);
    let [gamma, beta, mean, variance] = match normalization {
        Some(Normalization { gamma, beta, mean, variance }) => {
            [gamma, beta, mean, variance].map(Tensor::into_dispatch)
        }
        None => [(); 4].map(|()| maps.clone()),
    };
    Tensor::from_dispatch(Dispatch::finish_maps(maps, shortcut, gamma, beta, mean, variance, options))
}

/// The mean and the variance `[channels]` of what enters the normalization among the stages, over the whole batch.
/// The variance is the sum of squared deviations divided by their number. No gradient goes through either.
pub fn batch_statistics(maps: Tensor<4>, shortcut: Option<Tensor<4>>, stages: Stages) -> [Tensor<1>; 2] {
    let maps = maps.into_dispatch();
    let shortcut = shortcut.map_or_else(|| maps.clone(), Tensor::into_dispatch);
    let (mean, variance) = Dispatch::statistics_of_batch(maps, shortcut, stages);
    [mean, variance].map(Tensor::from_dispatch)
}

/// Drops some of the features `[n, features]` or of the values of feature maps `[n, channels, height, width]`.
pub fn dropout<const D: usize>(x: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::drop_some(x.into_dispatch(), dropout))
}

/// The filters `[filters, channels, kernel, kernel]` and biases `[filters]` of a convolution that does what the
/// given one and a normalization after it do. It is for inference: its gradients are not computed.
pub fn fold_normalization(
    weight: Tensor<4>,
    bias: Tensor<1>,
    normalization: Normalization,
    epsilon: f64,
) -> (Tensor<4>, Tensor<1>) {
    let Normalization { gamma, beta, mean, variance } = normalization;
    let [gamma, beta, mean, variance] = [gamma, beta, mean, variance].map(Tensor::into_dispatch);
    let (weight, bias) = (weight.into_dispatch(), bias.into_dispatch());
    let (weight, bias) = Dispatch::fold(weight, bias, gamma, beta, mean, variance, epsilon);
    (Tensor::from_dispatch(weight), Tensor::from_dispatch(bias))
}
