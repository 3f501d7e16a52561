//! The convolution, and the convolution with pooling, as operators of Burn.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients as GraphGradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::ModuleOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Cube, TensorMetadata};
use burn::tensor::DType;
use burn::tensor::ops::ConvOptions;
use kernels::{Activation, PoolKind, Pooling, Stage, Stages};

use super::tuned::{ConvKernels, plan};
use crate::finish::{FinishOperators, FinishOptions};
use crate::operators::Operators;

/// Whether the passes take these operands.
fn takes<B: Backend>(
    maps: &FloatTensor<B>,
    weight: &FloatTensor<B>,
    bias: &FloatTensor<B>,
    options: &ConvOptions<2>,
) -> bool {
    let all_f32 = [maps, weight, bias].into_iter().all(|tensor| tensor.dtype() == DType::F32);
    all_f32 && plan(&maps.shape(), &weight.shape(), options).is_some()
}

/// A call of the convolution.
#[derive(Clone, Debug)]
struct Call<B: Backend> {
    maps: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    options: ConvOptions<2>,
}

/// The backward pass of the convolution. The parents are maps, weight and bias.
#[derive(Debug)]
struct ConvStep;

impl<B: Backend + ConvKernels> Backward<B, 3> for ConvStep {
    type State = Call<B>;

    fn backward(self, ops: Ops<Call<B>, 3>, graph: &mut GraphGradients, _checkpointer: &mut Checkpointer) {
        let Call { maps, weight, bias, options } = ops.state;
        let gradient = graph.consume::<B>(&ops.node);
        let [of_maps, of_weight, of_bias] = ops.parents.map(|node| node.map(|node| node.id));
        let operands = || (maps.clone(), weight.clone(), gradient.clone(), options.clone());
        if let Some(node) = of_maps {
            let (maps, weight, gradient, options) = operands();
            graph.register::<B>(node, B::gradient_of_maps(maps, weight, gradient, options));
        }
        if let Some(node) = of_weight {
            let (maps, weight, gradient, options) = operands();
            graph.register::<B>(node, B::gradient_of_filters(maps, weight, gradient, options));
        }
        if let Some(node) = of_bias {
            graph.register::<B>(node, B::conv2d_bias_backward(maps, bias, gradient));
        }
    }
}

/// Convolution, bias, activation and max-pooling.
fn pooled<B: Operators + FinishOperators>(
    maps: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    options: ConvOptions<2>,
    pool: usize,
    activation: Activation,
) -> FloatTensor<B> {
    let convolved = B::conv2d_channels_last(maps, weight, bias, options);
    let options = FinishOptions {
        stages: Stages::new([Stage::Activate(activation)]),
        pooling: Some(Pooling { kind: PoolKind::Max, height: pool, width: pool }),
        ..FinishOptions::default()
    };
    // No stage needs a shortcut or a normalization.
    let [shortcut, gamma, beta, mean, variance] = [(); 5].map(|()| convolved.clone());
    B::finish_maps(convolved, shortcut, gamma, beta, mean, variance, options)
}

impl Operators for Cube {
    fn conv2d_activation_max_pool2d(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
        pool: usize,
        activation: Activation,
    ) -> FloatTensor<Self> {
        pooled::<Self>(maps, weight, bias, options, pool, activation)
    }

    fn conv2d_channels_last(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        if takes::<Self>(&maps, &weight, &bias, &options) {
            Self::convolved(maps, weight, bias, options)
        } else {
            Self::conv2d(maps, weight, Some(bias), options)
        }
    }
}

impl<C: CheckpointStrategy> Operators for Autodiff<Cube, C> {
    fn conv2d_activation_max_pool2d(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
        pool: usize,
        activation: Activation,
    ) -> FloatTensor<Self> {
        pooled::<Self>(maps, weight, bias, options, pool, activation)
    }

    fn conv2d_channels_last(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        if !takes::<Cube>(maps.primitive(), weight.primitive(), bias.primitive(), &options) {
            return Self::conv2d(maps, weight, Some(bias), options);
        }
        let nodes = [maps.node(), weight.node(), bias.node()];
        let [maps, weight, bias] = [maps, weight, bias].map(|tensor| tensor.into_primitive());
        let output = Cube::convolved(maps.clone(), weight.clone(), bias.clone(), options.clone());
        match ConvStep.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(Call { maps, weight, bias, options }, output),
            OpsKind::UnTracked(step) => step.finish(output),
        }
    }
}
