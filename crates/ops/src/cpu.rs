//! The operators on the CPU backends: which calls the kernels take.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::ops::{Backward, OpsKind};
use burn::backend::ops::ModuleOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};
use burn::tensor::DType;
use burn::tensor::ops::ConvOptions;
use kernels::{Activation, ConvShape, LARGEST_WINDOW, PoolShape};

use crate::autodiff::{ConvPoolStep, ConvStep, FlattenStep};
use crate::forward::{ConvCall, ConvPoolCall};
use crate::operators::{Operators, composed_flatten, composed_max_pool, shape};
use crate::slices::{CpuTensors, flattened};

/// Overrides the operators of one backend, without gradients and with them.
macro_rules! operators {
    ($backend:ty, $feature:literal) => {
        #[cfg(feature = $feature)]
        impl Operators for $backend {
            fn conv2d_activation_max_pool2d(
                maps: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                options: ConvOptions<2>,
                pool: usize,
                activation: Activation,
            ) -> FloatTensor<Self> {
                match pool_shape::<Self>([&maps, &weight], &bias, &options, pool, activation) {
                    Some(shape) => ConvPoolCall::<Self>::forward(maps, weight, bias, shape, false).0,
                    None => composed_max_pool::<Self>(maps, weight, bias, options, pool, activation),
                }
            }

            fn conv2d_channels_last(
                maps: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                options: ConvOptions<2>,
            ) -> FloatTensor<Self> {
                match conv_shape::<Self>([&maps, &weight], &bias, &options) {
                    Some(shape) => ConvCall::<Self>::forward(maps, weight, bias, shape, false).0,
                    None => Self::conv2d(maps, weight, Some(bias), options),
                }
            }

            fn flatten_maps(maps: FloatTensor<Self>) -> FloatTensor<Self> {
                if maps.dtype() == DType::F32 {
                    flattened::<Self>(maps)
                } else {
                    composed_flatten::<Self>(maps)
                }
            }
        }

        #[cfg(feature = $feature)]
        impl<C: CheckpointStrategy> Operators for Autodiff<$backend, C> {
            fn conv2d_activation_max_pool2d(
                maps: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                options: ConvOptions<2>,
                pool: usize,
                activation: Activation,
            ) -> FloatTensor<Self> {
                let operands = [maps.primitive(), weight.primitive()];
                let Some(shape) =
                    pool_shape::<$backend>(operands, bias.primitive(), &options, pool, activation)
                else {
                    return composed_max_pool::<Self>(maps, weight, bias, options, pool, activation);
                };
                let nodes = [maps.node(), weight.node(), bias.node()];
                let [maps, weight, bias] = [maps, weight, bias].map(|tensor| tensor.into_primitive());
                match ConvPoolStep.prepare::<C>(nodes).compute_bound().stateful() {
                    OpsKind::Tracked(step) => {
                        let (output, call) =
                            ConvPoolCall::<$backend>::forward(maps, weight, bias, shape, true);
                        step.finish(call, output)
                    }
                    OpsKind::UnTracked(step) => {
                        step.finish(ConvPoolCall::<$backend>::forward(maps, weight, bias, shape, false).0)
                    }
                }
            }

            fn conv2d_channels_last(
                maps: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                options: ConvOptions<2>,
            ) -> FloatTensor<Self> {
                let operands = [maps.primitive(), weight.primitive()];
                let Some(shape) = conv_shape::<$backend>(operands, bias.primitive(), &options) else {
                    return Self::conv2d(maps, weight, Some(bias), options);
                };
                let nodes = [maps.node(), weight.node(), bias.node()];
                let [maps, weight, bias] = [maps, weight, bias].map(|tensor| tensor.into_primitive());
                match ConvStep.prepare::<C>(nodes).compute_bound().stateful() {
                    OpsKind::Tracked(step) => {
                        let (output, call) = ConvCall::<$backend>::forward(maps, weight, bias, shape, true);
                        step.finish(call, output)
                    }
                    OpsKind::UnTracked(step) => {
                        step.finish(ConvCall::<$backend>::forward(maps, weight, bias, shape, false).0)
                    }
                }
            }

            fn flatten_maps(maps: FloatTensor<Self>) -> FloatTensor<Self> {
                if maps.primitive().dtype() != DType::F32 {
                    return composed_flatten::<Self>(maps);
                }
                let node = maps.node();
                let dims = shape::<$backend>(maps.primitive());
                let output = flattened::<$backend>(maps.into_primitive());
                match FlattenStep.prepare::<C>([node]).compute_bound().stateful() {
                    OpsKind::Tracked(step) => step.finish(dims, output),
                    OpsKind::UnTracked(step) => step.finish(output),
                }
            }
        }
    };
}

operators!(burn::backend::NdArray, "ndarray");
operators!(burn::backend::Flex, "flex");

/// The shape of a convolution of `[maps, weight]` and a bias, if the kernels take it.
fn conv_shape<B: CpuTensors>(
    operands: [&FloatTensor<B>; 2],
    bias: &FloatTensor<B>,
    options: &ConvOptions<2>,
) -> Option<ConvShape> {
    let [[n, channels, height, width], [filters, weight_channels, kernel, kernel_width]] =
        operands.map(shape::<B>);
    let (stride, groups) = (options.stride[0], options.groups);
    let [(top, bottom), (left, right)] = options.padding;
    let fits = operands.into_iter().chain([bias]).all(|tensor| tensor.dtype() == DType::F32)
        && options.dilation == [1, 1]
        && (kernel, [stride; 2]) == (kernel_width, options.stride)
        && [n, channels, height, width, filters, kernel, stride, groups].iter().all(|size| *size > 0)
        && (channels, filters % groups) == (weight_channels * groups, 0)
        // The kernels rely on an image that is not smaller than the kernel when it is padded, and on padding
        // in front that is narrower than the kernel.
        && top < kernel
        && left < kernel
        && top + height + bottom >= kernel
        && left + width + right >= kernel;
    let out = |size: usize| (size - kernel) / stride + 1;
    fits.then(|| ConvShape {
        channels,
        height,
        width,
        filters,
        kernel,
        stride,
        top,
        left,
        out_height: out(top + height + bottom),
        out_width: out(left + width + right),
        groups,
    })
    // The kernels keep places in a padded image in four bytes.
    .filter(|shape| u32::try_from(shape.padded_len()).is_ok())
}

/// The shape of a convolution of `[maps, weight]` and a bias with pooling, if the kernels take it.
fn pool_shape<B: CpuTensors>(
    operands: [&FloatTensor<B>; 2],
    bias: &FloatTensor<B>,
    options: &ConvOptions<2>,
    pool: usize,
    activation: Activation,
) -> Option<PoolShape> {
    let conv = conv_shape::<B>(operands, bias, options)?;
    let shape = PoolShape { conv, pool, activation };
    (conv.groups == 1 && pool > 0 && pool * pool <= LARGEST_WINDOW && shape.height() * shape.width() > 0)
        .then_some(shape)
}
