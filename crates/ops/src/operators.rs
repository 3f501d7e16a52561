//! The operators as Burn sees them: composed from its own by default, and overridden on the CPU and on
//! a GPU.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;
use kernels::Activation;

/// The operators, as methods that a backend may override.
///
/// Feature maps are `[n, channels, height, width]`, weights of a convolution `[filters, channels, kernel,
/// kernel]`, biases `[filters]`. The pooling windows do not overlap.
#[backend_extension(
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu"),
    Fusion: cfg(feature = "wgpu"),
    Autodiff
)]
pub(crate) trait Operators: Backend {
    /// Convolution, bias, activation and max-pooling.
    #[fusion(default)]
    fn conv2d_activation_max_pool2d(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
        pool: usize,
        activation: Activation,
    ) -> FloatTensor<Self> {
        composed_max_pool::<Self>(maps, weight, bias, options, pool, activation)
    }

    /// Convolution and bias.
    #[fusion(default)]
    fn conv2d_channels_last(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::conv2d(maps, weight, Some(bias), options)
    }

    /// Feature maps as `[n, channels * height * width]`.
    #[fusion(default)]
    fn flatten_maps(maps: FloatTensor<Self>) -> FloatTensor<Self> {
        composed_flatten::<Self>(maps)
    }
}

/// The pooled convolution, composed from Burn's own operators.
pub(crate) fn composed_max_pool<B: Backend>(
    maps: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    options: ConvOptions<2>,
    pool: usize,
    activation: Activation,
) -> FloatTensor<B> {
    let convolved = B::conv2d(maps, weight, Some(bias), options);
    let max_pool = |maps| B::max_pool2d(maps, [pool; 2], [pool; 2], [0; 2], [1; 2], false);
    // A function that never decreases commutes with the maximum, and after it there is less to compute.
    match activation {
        Activation::None => max_pool(convolved),
        Activation::Relu => B::relu(max_pool(convolved)),
        Activation::Tanh => B::float_tanh(max_pool(convolved)),
        Activation::Sigmoid => B::sigmoid(max_pool(convolved)),
        Activation::Gelu => max_pool(B::gelu(convolved)),
    }
}

/// Flattening, composed from Burn's own operators.
pub(crate) fn composed_flatten<B: Backend>(maps: FloatTensor<B>) -> FloatTensor<B> {
    let [n, channels, height, width] = shape::<B>(&maps);
    // [n, channels, height, width] -> [n, channels * height * width]
    B::float_reshape(maps, [n, channels * height * width].into())
}

/// The shape `[n, channels, height, width]` of feature maps.
pub(crate) fn shape<B: Backend>(maps: &FloatTensor<B>) -> [usize; 4] {
    maps.shape().dims()
}

/// Convolves feature maps `[n, channels, height, width]` with `weight` `[filters, channels, kernel, kernel]`,
/// adds `bias` `[filters]`, applies the activation, and takes the maximum of windows of `pool` x `pool` pixels that
/// do not overlap: `[n, filters, pooled height, pooled width]`.
///
/// If several values of a window are equal, the first in row order is the maximum and gets the gradient. On
/// the CPU a value that is not a number counts as larger than all others.
pub fn conv2d_max_pool2d(
    maps: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    options: ConvOptions<2>,
    pool: usize,
    activation: Activation,
) -> Tensor<4> {
    let [maps, weight] = [maps, weight].map(Tensor::into_dispatch);
    let bias = bias.into_dispatch();
    Tensor::from_dispatch(Dispatch::conv2d_activation_max_pool2d(
        maps, weight, bias, options, pool, activation,
    ))
}

/// Convolves feature maps `[n, channels, height, width]` with `weight` `[filters, channels, kernel, kernel]`
/// and adds `bias` `[filters]`: `[n, filters, out height, out width]`.
pub fn conv2d(maps: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, options: ConvOptions<2>) -> Tensor<4> {
    let [maps, weight] = [maps, weight].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::conv2d_channels_last(maps, weight, bias.into_dispatch(), options))
}

/// Turns feature maps `[n, channels, height, width]` into features `[n, channels * height * width]`.
pub fn flatten(maps: Tensor<4>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::flatten_maps(maps.into_dispatch()))
}
