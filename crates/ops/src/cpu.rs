//! The operators on the CPU backends, through the kernels, with their gradients.

use std::sync::Arc;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients as Graph;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};
use burn::backend::ops::ModuleOps;
use burn::tensor::DType;
use burn::tensor::ops::ConvOptions;

use crate::backward::conv2d_backward;
use crate::forward::conv2d;
use crate::geometry::Geometry;
use crate::host::{Host, channels_last, flat, from_channels_last, shape};
use crate::operators::{Operators, composed_flatten, composed_max_pool};
use crate::pool_backward::conv2d_max_pool2d_backward;
use crate::pool_forward::{LARGEST_WINDOW, Pooled, conv2d_max_pool2d};
use crate::simd::Level;
use crate::sums::Gradients;

macro_rules! operators {
    ($backend:ty, $feature:literal) => {
        #[cfg(feature = $feature)]
        impl Operators for $backend {
            fn conv2d_max_pool2d_relu(
                maps: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                options: ConvOptions<2>,
                pool: usize,
                relu: bool,
            ) -> FloatTensor<Self> {
                match pooled::<Self>([&maps, &weight], &options, pool, relu) {
                    Some(shape) => Unit::<Self>::forward(maps, weight, bias, shape, false).0,
                    None => composed_max_pool::<Self>(maps, weight, bias, options, pool, relu),
                }
            }

            fn conv2d_channels_last(
                maps: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                options: ConvOptions<2>,
            ) -> FloatTensor<Self> {
                match geometry::<Self>([&maps, &weight], &options) {
                    Some(geometry) => Convolution::<Self>::forward(maps, weight, bias, geometry).0,
                    None => Self::conv2d(maps, weight, Some(bias), options),
                }
            }

            fn flatten_maps(maps: FloatTensor<Self>) -> FloatTensor<Self> {
                if maps.dtype() == DType::F32 { flat::<Self>(maps) } else { composed_flatten::<Self>(maps) }
            }
        }

        #[cfg(feature = $feature)]
        impl<C: CheckpointStrategy> Operators for Autodiff<$backend, C> {
            fn conv2d_max_pool2d_relu(
                maps: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                options: ConvOptions<2>,
                pool: usize,
                relu: bool,
            ) -> FloatTensor<Self> {
                let Some(shape) =
                    pooled::<$backend>([maps.primitive(), weight.primitive()], &options, pool, relu)
                else {
                    return composed_max_pool::<Self>(maps, weight, bias, options, pool, relu);
                };
                let nodes = [maps.node(), weight.node(), bias.node()];
                let [maps, weight, bias] = [maps, weight, bias].map(|tensor| tensor.into_primitive());
                match UnitStep.prepare::<C>(nodes).compute_bound().stateful() {
                    OpsKind::Tracked(step) => {
                        let (output, unit) = Unit::<$backend>::forward(maps, weight, bias, shape, true);
                        step.finish(unit, output)
                    }
                    OpsKind::UnTracked(step) => {
                        step.finish(Unit::<$backend>::forward(maps, weight, bias, shape, false).0)
                    }
                }
            }

            fn conv2d_channels_last(
                maps: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                options: ConvOptions<2>,
            ) -> FloatTensor<Self> {
                let Some(geometry) = geometry::<$backend>([maps.primitive(), weight.primitive()], &options)
                else {
                    return Self::conv2d(maps, weight, Some(bias), options);
                };
                let nodes = [maps.node(), weight.node(), bias.node()];
                let [maps, weight, bias] = [maps, weight, bias].map(|tensor| tensor.into_primitive());
                let (output, convolution) =
                    Convolution::<$backend>::forward(maps, weight, bias, geometry);
                match ConvolutionStep.prepare::<C>(nodes).compute_bound().stateful() {
                    OpsKind::Tracked(step) => step.finish(convolution, output),
                    OpsKind::UnTracked(step) => step.finish(output),
                }
            }

            fn flatten_maps(maps: FloatTensor<Self>) -> FloatTensor<Self> {
                if maps.primitive().dtype() != DType::F32 {
                    return composed_flatten::<Self>(maps);
                }
                let node = maps.node();
                let dims = shape::<$backend>(maps.primitive());
                let output = flat::<$backend>(maps.into_primitive());
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

/// The geometry of a convolution of `[maps, weight]`, if the kernels take it.
fn geometry<B: Host>(operands: [&FloatTensor<B>; 2], options: &ConvOptions<2>) -> Option<Geometry> {
    let [[n, channels, height, width], [filters, weight_channels, kernel, kernel_width]] =
        operands.map(shape::<B>);
    let stride = options.stride[0];
    let [(top, bottom), (left, right)] = options.padding;
    let fits = operands.iter().all(|tensor| tensor.dtype() == DType::F32)
        && (options.dilation, options.groups) == ([1, 1], 1)
        && (channels, kernel, [stride; 2]) == (weight_channels, kernel_width, options.stride)
        && [n, channels, height, width, filters, kernel, stride].iter().all(|size| *size > 0)
        // The rest of the kernels counts on a kernel that always meets the picture's rows.
        && top < kernel
        && left < kernel
        && top + height + bottom >= kernel
        && left + width + right >= kernel;
    let out = |size: usize| (size - kernel) / stride + 1;
    fits.then(|| Geometry {
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
    })
    // Places in a padded picture are kept in four bytes.
    .filter(|g| u32::try_from(g.padded_rows(g.out_height) * g.padded_row()).is_ok())
}

fn pooled<B: Host>(
    operands: [&FloatTensor<B>; 2],
    options: &ConvOptions<2>,
    pool: usize,
    relu: bool,
) -> Option<Pooled> {
    let conv = geometry::<B>(operands, options)?;
    let shape = Pooled { conv, pool, relu };
    (pool > 0 && pool * pool <= LARGEST_WINDOW && shape.height() * shape.width() > 0).then_some(shape)
}

/// What the unit's backward pass needs of its forward pass.
#[derive(Clone, Debug)]
pub(crate) struct Unit<B: Host> {
    /// `[n, height, width, channels]`
    maps: FloatTensor<B>,
    weight: FloatTensor<B>,
    winners: Arc<Vec<u8>>,
    shape: Pooled,
}

impl<B: Host> Unit<B> {
    fn forward(
        maps: FloatTensor<B>,
        weight: FloatTensor<B>,
        bias: FloatTensor<B>,
        shape: Pooled,
        keep_winners: bool,
    ) -> (FloatTensor<B>, Self) {
        let n = maps.shape()[0];
        let maps = channels_last::<B>(maps);
        let pooled = conv2d_max_pool2d(
            Level::best(),
            &shape,
            &B::values(&maps),
            &B::values(&weight),
            &B::values(&bias),
            keep_winners,
        );
        let dims = [n, shape.conv.filters, shape.height(), shape.width()];
        let output = from_channels_last::<B>(pooled.values, dims, &maps);
        (output, Self { maps, weight, winners: Arc::new(pooled.winners), shape })
    }
}

/// The backward pass of the convolution with pooling.
#[derive(Debug)]
struct UnitStep;

impl<B: Host> Backward<B, 3> for UnitStep {
    type State = Unit<B>;

    fn backward(self, ops: Ops<Unit<B>, 3>, graph: &mut Graph, _checkpointer: &mut Checkpointer) {
        let Unit { maps, weight, winners, shape } = ops.state;
        let gradient = channels_last::<B>(graph.consume::<B>(&ops.node));
        let gradients = conv2d_max_pool2d_backward(
            Level::best(),
            &shape,
            &B::values(&maps),
            &B::values(&weight),
            &winners,
            &B::values(&gradient),
            ops.parents[0].is_some(),
        );
        register::<B>(ops.parents.map(|node| node.map(|node| node.id)), graph, gradients, &shape.conv, &maps);
    }
}

/// What the convolution's backward pass needs of its forward pass.
#[derive(Clone, Debug)]
pub(crate) struct Convolution<B: Host> {
    /// `[n, height, width, channels]`
    maps: FloatTensor<B>,
    weight: FloatTensor<B>,
    geometry: Geometry,
}

impl<B: Host> Convolution<B> {
    fn forward(
        maps: FloatTensor<B>,
        weight: FloatTensor<B>,
        bias: FloatTensor<B>,
        geometry: Geometry,
    ) -> (FloatTensor<B>, Self) {
        let dims = [maps.shape()[0], geometry.filters, geometry.out_height, geometry.out_width];
        let maps = channels_last::<B>(maps);
        let [x, w, b] = [&maps, &weight, &bias].map(B::values);
        let output = from_channels_last::<B>(conv2d(Level::best(), &geometry, &x, &w, &b), dims, &bias);
        (output, Self { maps: maps.clone(), weight: weight.clone(), geometry })
    }
}

/// The backward pass of the convolution.
#[derive(Debug)]
struct ConvolutionStep;

impl<B: Host> Backward<B, 3> for ConvolutionStep {
    type State = Convolution<B>;

    fn backward(self, ops: Ops<Convolution<B>, 3>, graph: &mut Graph, _checkpointer: &mut Checkpointer) {
        let Convolution { maps, weight, geometry } = ops.state;
        let gradient = channels_last::<B>(graph.consume::<B>(&ops.node));
        let gradients = conv2d_backward(
            Level::best(),
            &geometry,
            &B::values(&maps),
            &B::values(&weight),
            &B::values(&gradient),
            ops.parents[0].is_some(),
        );
        register::<B>(ops.parents.map(|node| node.map(|node| node.id)), graph, gradients, &geometry, &maps);
    }
}

/// Hands the gradients of maps, weight and bias to those that asked for them.
fn register<B: Host>(
    [maps, weight, bias]: [Option<NodeId>; 3],
    graph: &mut Graph,
    gradients: Gradients,
    g: &Geometry,
    pictures: &FloatTensor<B>,
) {
    if let (Some(node), Some(values)) = (maps, gradients.input) {
        let dims = [pictures.shape()[0], g.channels, g.height, g.width];
        graph.register::<B>(node, from_channels_last::<B>(values, dims, pictures));
    }
    if let Some(node) = weight {
        let dims = [g.filters, g.channels, g.kernel, g.kernel];
        graph.register::<B>(node, B::tensor(gradients.weight, dims, pictures));
    }
    if let Some(node) = bias {
        graph.register::<B>(node, B::tensor(gradients.bias, [g.filters], pictures));
    }
}

/// The backward pass of flattening, which gets the shape before.
#[derive(Debug)]
struct FlattenStep;

impl<B: Host> Backward<B, 1> for FlattenStep {
    type State = [usize; 4];

    fn backward(self, ops: Ops<[usize; 4], 1>, graph: &mut Graph, _checkpointer: &mut Checkpointer) {
        let gradient = graph.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            // [n, channels * height * width] -> [n, channels, height, width]
            graph.register::<B>(node.id, B::float_reshape(gradient, ops.state.into()));
        }
    }
}
