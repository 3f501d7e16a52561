//! The operators' backward passes on the CPU, as steps in the graph of Burn's autodiff.

use std::borrow::Cow;

use burn::backend::TensorMetadata;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients as GraphGradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::tensor::FloatTensor;
use kernels::{
    ConvShape, Gradients, Level, PooledForward, conv2d_backward, conv2d_max_pool2d_backward, unwritten,
};

use crate::forward::{ConvCall, ConvPoolCall, KeptSlopes};
use crate::slices::{CpuTensors, channels_last, from_channels_last};

/// Memory for the gradients of an operator's operands, which becomes tensors without a copy.
pub(crate) struct OwnedGradients {
    /// `None` if the graph does not need it.
    pub input: Option<Vec<f32>>,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

impl OwnedGradients {
    /// Memory for operands of these lengths, filled by `kernel`.
    pub(crate) fn filled_by(
        want_input: bool,
        [input, weight, bias]: [usize; 3],
        kernel: impl FnOnce(Gradients<'_>),
    ) -> Self {
        let input = want_input.then(|| unwritten(input));
        let mut owned = Self { input, weight: unwritten(weight), bias: unwritten(bias) };
        let input = owned.input.as_deref_mut();
        kernel(Gradients { input, weight: &mut owned.weight, bias: &mut owned.bias });
        owned
    }
}

/// The backward pass of the convolution with pooling.
#[derive(Debug)]
pub(crate) struct ConvPoolStep;

impl<B: CpuTensors> Backward<B, 3> for ConvPoolStep {
    type State = ConvPoolCall<B>;

    fn backward(
        self,
        ops: Ops<ConvPoolCall<B>, 3>,
        graph: &mut GraphGradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let ConvPoolCall { maps, weight, argmax, slope_source, shape } = ops.state;
        let parents = ops.parents.map(|node| node.map(|node| node.id));
        let upstream = channels_last::<B>(graph.consume::<B>(&ops.node));
        let [x, w, upstream] = [&maps, &weight, &upstream].map(B::values);
        let slopes = match &slope_source {
            KeptSlopes::Nothing => Cow::Borrowed(&[] as &[f32]),
            KeptSlopes::Values(output) => B::values(output),
            KeptSlopes::Slopes(slopes) => Cow::Borrowed(slopes.as_slice()),
        };
        let forward = PooledForward { argmax: &argmax, slope_source: &slopes };
        let lengths = [x.len(), w.len(), shape.conv.filters];
        let gradients = OwnedGradients::filled_by(parents[0].is_some(), lengths, |gradients| {
            conv2d_max_pool2d_backward(Level::best(), &shape, &x, &w, forward, &upstream, gradients);
        });
        register_conv::<B>(graph, parents, gradients, &shape.conv, &maps);
    }
}

/// The backward pass of the convolution.
#[derive(Debug)]
pub(crate) struct ConvStep;

impl<B: CpuTensors> Backward<B, 3> for ConvStep {
    type State = ConvCall<B>;

    fn backward(
        self,
        ops: Ops<ConvCall<B>, 3>,
        graph: &mut GraphGradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let ConvCall { maps, weight, shape } = ops.state;
        let parents = ops.parents.map(|node| node.map(|node| node.id));
        let upstream = channels_last::<B>(graph.consume::<B>(&ops.node));
        let [x, w, upstream] = [&maps, &weight, &upstream].map(B::values);
        let lengths = [x.len(), w.len(), shape.filters];
        let gradients = OwnedGradients::filled_by(parents[0].is_some(), lengths, |gradients| {
            conv2d_backward(Level::best(), &shape, &x, &w, &upstream, gradients);
        });
        register_conv::<B>(graph, parents, gradients, &shape, &maps);
    }
}

/// Gives the gradients of a convolution's operands to those nodes of the graph that need them. The new
/// tensors are on the device of `maps`.
fn register_conv<B: CpuTensors>(
    graph: &mut GraphGradients,
    parents: [Option<NodeId>; 3],
    gradients: OwnedGradients,
    shape: &ConvShape,
    maps: &FloatTensor<B>,
) {
    if let (Some(node), Some(values)) = (parents[0], gradients.input) {
        let dims = [maps.shape()[0], shape.channels, shape.height, shape.width];
        graph.register::<B>(node, from_channels_last::<B>(values, dims, maps));
    }
    let weight = [shape.filters, shape.channels / shape.groups, shape.kernel, shape.kernel];
    register::<B, 4>(graph, parents[1], gradients.weight, weight, maps);
    register::<B, 1>(graph, parents[2], gradients.bias, [shape.filters], maps);
}

/// Gives a gradient to a node of the graph, if the graph needs it.
pub(crate) fn register<B: CpuTensors, const D: usize>(
    graph: &mut GraphGradients,
    node: Option<NodeId>,
    values: Vec<f32>,
    shape: [usize; D],
    like: &FloatTensor<B>,
) {
    if let Some(node) = node {
        graph.register::<B>(node, B::tensor(values, shape, like));
    }
}

/// The backward pass of flattening. Its state is the shape of the feature maps.
#[derive(Debug)]
pub(crate) struct FlattenStep;

impl<B: CpuTensors> Backward<B, 1> for FlattenStep {
    type State = [usize; 4];

    fn backward(self, ops: Ops<[usize; 4], 1>, graph: &mut GraphGradients, _checkpointer: &mut Checkpointer) {
        let gradient = graph.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            // [n, channels * height * width] -> [n, channels, height, width]
            graph.register::<B>(node.id, B::float_reshape(gradient, ops.state.into()));
        }
    }
}
