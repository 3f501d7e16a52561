//! The operators' forward passes on the CPU, and their steps backward through Burn's graph.

use std::sync::Arc;

use burn::backend::TensorMetadata;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients as Graph;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::tensor::FloatTensor;

use crate::backward::conv2d_backward;
use crate::dense::{Dense, dense, dense_backward};
use crate::forward::conv2d;
use crate::geometry::Geometry;
use crate::host::{Host, channels_last, from_channels_last};
use crate::pool_backward::conv2d_max_pool2d_backward;
use crate::pool_forward::{Pooled, conv2d_max_pool2d};
use crate::simd::Level;
use crate::sums::Gradients;

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
    pub(crate) fn forward(
        maps: FloatTensor<B>,
        weight: FloatTensor<B>,
        bias: FloatTensor<B>,
        shape: Pooled,
        is_training: bool,
    ) -> (FloatTensor<B>, Self) {
        let n = maps.shape()[0];
        let maps = channels_last::<B>(maps);
        let pooled = conv2d_max_pool2d(
            Level::best(),
            &shape,
            &B::values(&maps),
            &B::values(&weight),
            &B::values(&bias),
            is_training,
        );
        let dims = [n, shape.conv.filters, shape.height(), shape.width()];
        let output = from_channels_last::<B>(pooled.values, dims, &maps);
        (output, Self { maps, weight, winners: Arc::new(pooled.winners), shape })
    }
}

/// The backward pass of the convolution with pooling.
#[derive(Debug)]
pub(crate) struct UnitStep;

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
    pub(crate) fn forward(
        maps: FloatTensor<B>,
        weight: FloatTensor<B>,
        bias: FloatTensor<B>,
        geometry: Geometry,
        is_training: bool,
    ) -> (FloatTensor<B>, Self) {
        let dims = [maps.shape()[0], geometry.filters, geometry.out_height, geometry.out_width];
        let maps = channels_last::<B>(maps);
        let [x, w, b] = [&maps, &weight, &bias].map(B::values);
        let values = conv2d(Level::best(), &geometry, &x, &w, &b, !is_training);
        let output = from_channels_last::<B>(values, dims, &bias);
        (output, Self { maps: maps.clone(), weight: weight.clone(), geometry })
    }
}

/// The backward pass of the convolution.
#[derive(Debug)]
pub(crate) struct ConvolutionStep;

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

/// Hands the gradients of maps, filters and biases to those that asked for them.
fn register<B: Host>(
    parents: [Option<NodeId>; 3],
    graph: &mut Graph,
    gradients: Gradients,
    g: &Geometry,
    pictures: &FloatTensor<B>,
) {
    if let (Some(node), Some(values)) = (parents[0], gradients.input) {
        let dims = [pictures.shape()[0], g.channels, g.height, g.width];
        graph.register::<B>(node, from_channels_last::<B>(values, dims, pictures));
    }
    let weight = [g.filters, g.channels, g.kernel, g.kernel];
    register_one::<B, 4>(parents[1], graph, gradients.weight, weight, pictures);
    register_one::<B, 1>(parents[2], graph, gradients.bias, [g.filters], pictures);
}

fn register_one<B: Host, const D: usize>(
    node: Option<NodeId>,
    graph: &mut Graph,
    values: Vec<f32>,
    shape: [usize; D],
    like: &FloatTensor<B>,
) {
    if let Some(node) = node {
        graph.register::<B>(node, B::tensor(values, shape, like));
    }
}

/// What the dense layer's backward pass needs of its forward pass.
#[derive(Clone, Debug)]
pub(crate) struct DenseLayer<B: Host> {
    /// `[n, inputs]`
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    shape: Dense,
}

impl<B: Host> DenseLayer<B> {
    pub(crate) fn forward(
        x: FloatTensor<B>,
        weight: FloatTensor<B>,
        bias: FloatTensor<B>,
        is_training: bool,
    ) -> (FloatTensor<B>, Self) {
        let [inputs, outputs] = weight.shape().dims();
        let shape = Dense { inputs, outputs };
        let [values, w, b] = [&x, &weight, &bias].map(B::values);
        let output = dense(Level::best(), shape, &values, &w, &b, !is_training);
        let output = B::tensor(output, [x.shape()[0], outputs], &bias);
        (output, Self { x: x.clone(), weight: weight.clone(), shape })
    }
}

/// The backward pass of the dense layer.
#[derive(Debug)]
pub(crate) struct DenseStep;

impl<B: Host> Backward<B, 3> for DenseStep {
    type State = DenseLayer<B>;

    fn backward(self, ops: Ops<DenseLayer<B>, 3>, graph: &mut Graph, _checkpointer: &mut Checkpointer) {
        let DenseLayer { x, weight, shape } = ops.state;
        let gradient = graph.consume::<B>(&ops.node);
        let parents = ops.parents.map(|node| node.map(|node| node.id));
        let gradients = dense_backward(
            Level::best(),
            shape,
            &B::values(&x),
            &B::values(&weight),
            &B::values(&gradient),
            parents[0].is_some(),
        );
        let Dense { inputs, outputs } = shape;
        let input = gradients.input.unwrap_or_default();
        register_one::<B, 2>(parents[0], graph, input, [x.shape()[0], inputs], &x);
        register_one::<B, 2>(parents[1], graph, gradients.weight, [inputs, outputs], &x);
        register_one::<B, 1>(parents[2], graph, gradients.bias, [outputs], &x);
    }
}

/// The backward pass of flattening, which gets the shape before.
#[derive(Debug)]
pub(crate) struct FlattenStep;

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
