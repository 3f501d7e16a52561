//! The kernels behind a convolution as operators that Burn's fusion calls.
#![allow(clippy::too_many_arguments, reason = "fusion has to see each tensor of an operator, as an argument")]

use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};
use burn::tensor::Shape;
use burn_cubecl::CubeBackend;
use kernels::Stages;

use crate::finish::FinishOptions;
use crate::gpu::{maps, moments, norm_gradients};

/// The kernels, called when their operands have been computed. Tensors that no stage needs stand in for others.
#[backend_extension(Cube, Fusion)]
pub(super) trait FinishKernels: Backend {
    /// Stages, pooling and dropout: `[n, channels, pooled height, pooled width]`.
    #[fusion(dtype = x, shape = out_shape(x, options))]
    fn finished(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        options: FinishOptions,
    ) -> FloatTensor<Self>;

    /// Mean and variance `[channels]` of what the stages give.
    #[fusion(meta = |x: &TensorSpec, _shortcut: &TensorSpec, _stages: &Stages| (of_channels(x), of_channels(x)))]
    fn moments(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        stages: Stages,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// The gradients `[channels]` of gamma and beta.
    #[fusion(meta = |x: &TensorSpec, _: &TensorSpec, _: &TensorSpec, _: &TensorSpec, _: &TensorSpec, _: &TensorSpec,
        _: &TensorSpec, _: &FinishOptions| (of_channels(x), of_channels(x)))]
    fn norm_gradients(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        options: FinishOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// The gradient of the maps, or of the shortcut.
    #[fusion(dtype = x, shape = x)]
    fn maps_gradient(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        gamma_gradient: FloatTensor<Self>,
        beta_gradient: FloatTensor<Self>,
        options: FinishOptions,
        of_shortcut: bool,
    ) -> FloatTensor<Self>;
}

pub(super) fn out_shape(x: &Shape, options: &FinishOptions) -> Shape {
    let [n, channels, height, width] = x.dims();
    let [rows, columns] = options.pooling.map_or([1, 1], |pooling| [pooling.height, pooling.width]);
    Shape::new([n, channels, height / rows, width / columns])
}

fn of_channels(x: &TensorSpec) -> TensorSpec {
    TensorSpec::new(Shape::new([x.shape[1]]), x.dtype)
}

impl FinishKernels for CubeBackend {
    fn finished(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        options: FinishOptions,
    ) -> FloatTensor<Self> {
        maps::finish(x, shortcut, [gamma, beta, mean, variance], &options)
    }

    fn moments(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        stages: Stages,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        moments::statistics(x, shortcut, &FinishOptions { stages, ..FinishOptions::default() })
    }

    fn norm_gradients(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        options: FinishOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        norm_gradients::gradients(x, shortcut, [gamma, beta, mean, variance], upstream, &options)
    }

    fn maps_gradient(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        gamma_gradient: FloatTensor<Self>,
        beta_gradient: FloatTensor<Self>,
        options: FinishOptions,
        of_shortcut: bool,
    ) -> FloatTensor<Self> {
        let (norm, gradients) = ([gamma, beta, mean, variance], [gamma_gradient, beta_gradient]);
        maps::gradient(x, shortcut, norm, upstream, gradients, &options, of_shortcut)
    }
}
