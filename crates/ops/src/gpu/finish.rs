//! What follows a convolution as operators of Burn.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients as GraphGradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Cube, TensorMetadata};
use burn::tensor::{DType, Shape};
use kernels::{Dropout, Stages};

use crate::finish::{FinishOperators, FinishOptions, Needed, composed};
use crate::gpu::finish_kernels::{FinishKernels, out_shape};

/// A call of stages, pooling and dropout.
#[derive(Clone, Debug)]
struct Call<B: Backend> {
    maps: FloatTensor<B>,
    shortcut: FloatTensor<B>,
    /// Gamma, beta, mean and variance.
    norm: [FloatTensor<B>; 4],
    options: FinishOptions,
}

impl<B: Backend + FinishKernels> Call<B> {
    /// The call, if the kernels take it.
    fn new(
        maps: &FloatTensor<B>,
        shortcut: &FloatTensor<B>,
        norm: [&FloatTensor<B>; 4],
        options: FinishOptions,
    ) -> Option<Self> {
        let is_taken = takes::<B>(norm.into_iter().chain([maps, shortcut])) && fits(&maps.shape(), &options);
        let (maps, shortcut, norm) = (maps.clone(), shortcut.clone(), norm.map(Clone::clone));
        is_taken.then_some(Self { maps, shortcut, norm, options })
    }

    fn forward(self) -> FloatTensor<B> {
        let Self { maps, shortcut, norm: [gamma, beta, mean, variance], options } = self;
        B::finished(maps, shortcut, gamma, beta, mean, variance, options)
    }

    fn norm_gradients(&self, upstream: &FloatTensor<B>) -> [FloatTensor<B>; 2] {
        let Self { maps, shortcut, norm, options } = self.clone();
        let [gamma, beta, mean, variance] = norm;
        B::norm_gradients(maps, shortcut, gamma, beta, mean, variance, upstream.clone(), options).into()
    }

    fn maps_gradient(
        &self,
        upstream: &FloatTensor<B>,
        [of_gamma, of_beta]: [FloatTensor<B>; 2],
        of_shortcut: bool,
    ) -> FloatTensor<B> {
        let Self { maps, shortcut, norm, options } = self.clone();
        let ([gamma, beta, mean, variance], upstream) = (norm, upstream.clone());
        B::maps_gradient(
            maps,
            shortcut,
            gamma,
            beta,
            mean,
            variance,
            upstream,
            of_gamma,
            of_beta,
            options,
            of_shortcut,
        )
    }
}

/// Whether the kernels take these tensors.
fn takes<'a, B: Backend>(mut tensors: impl Iterator<Item = &'a FloatTensor<B>>) -> bool {
    tensors.all(|tensor| tensor.dtype() == DType::F32 && tensor.shape().num_elements() > 0)
}

/// Whether a window fits into the maps.
fn fits(maps: &Shape, options: &FinishOptions) -> bool {
    options.pooling.is_none_or(|pooling| pooling.height > 0 && pooling.width > 0)
        && out_shape(maps, options).num_elements() > 0
}

/// The backward pass of a call. The parents are maps, shortcut, gamma and beta. Where a call has no shortcut or does not
/// normalize, the maps stand in for them and get no second gradient.
#[derive(Debug)]
struct FinishStep;

impl<B: Backend + FinishKernels> Backward<B, 4> for FinishStep {
    type State = Call<B>;

    fn backward(self, ops: Ops<Call<B>, 4>, graph: &mut GraphGradients, _checkpointer: &mut Checkpointer) {
        let upstream = graph.consume::<B>(&ops.node);
        let [maps, shortcut, gamma, beta] = ops.parents.map(|node| node.map(|node| node.id));
        let call = ops.state;
        let stages = call.options.stages;
        let norm = if stages.normalizes() {
            call.norm_gradients(&upstream)
        } else {
            [call.maps.clone(), call.maps.clone()]
        };
        if let Some(node) = maps {
            graph.register::<B>(node, call.maps_gradient(&upstream, norm.clone(), false));
        }
        if let Some(node) = shortcut.filter(|_| stages.adds()) {
            graph.register::<B>(node, call.maps_gradient(&upstream, norm.clone(), true));
        }
        if stages.normalizes() {
            for (node, gradient) in [gamma, beta].into_iter().zip(norm) {
                if let Some(node) = node {
                    graph.register::<B>(node, gradient);
                }
            }
        }
    }
}

/// The backward pass of dropout by itself.
#[derive(Debug)]
struct DropoutStep;

impl<B: Backend + FinishKernels> Backward<B, 1> for DropoutStep {
    type State = Dropout;

    fn backward(self, ops: Ops<Dropout, 1>, graph: &mut GraphGradients, _checkpointer: &mut Checkpointer) {
        let upstream = graph.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            graph.register::<B>(node.id, dropped::<B>(upstream, ops.state));
        }
    }
}

/// Drops some of the features `[n, features]` or of the values of maps `[n, channels, height, width]`, or of their
/// gradient.
fn dropped<B: Backend + FinishKernels>(x: FloatTensor<B>, dropout: Dropout) -> FloatTensor<B> {
    let shape = x.shape();
    let options = FinishOptions { dropout: Some(dropout), ..FinishOptions::default() };
    // [n, features] -> [n, features, 1, 1]
    let maps = if shape.num_dims() == 4 {
        x
    } else {
        B::float_reshape(x, [shape[0], shape.num_elements() / shape[0], 1, 1].into())
    };
    let norm = [(); 4].map(|()| maps.clone());
    let call = Call::<B> { shortcut: maps.clone(), norm, maps, options };
    // [n, features, 1, 1] -> [n, features]
    B::float_reshape(call.forward(), shape)
}

impl FinishOperators for Cube {
    fn finish_maps(
        maps: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        options: FinishOptions,
    ) -> FloatTensor<Self> {
        match Call::<Self>::new(&maps, &shortcut, [&gamma, &beta, &mean, &variance], options) {
            Some(call) => call.forward(),
            None => {
                let needed = Needed::new(shortcut, [gamma, beta, mean, variance], options.stages);
                composed::finish::<Self>(maps, needed, &options)
            }
        }
    }

    fn statistics_of_batch(
        maps: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        stages: Stages,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        if takes::<Self>([&maps, &shortcut].into_iter()) {
            Self::moments(maps, shortcut, stages.before_normalization())
        } else {
            composed::statistics::<Self>(maps, shortcut, stages)
        }
    }

    fn drop_some(x: FloatTensor<Self>, dropout: Dropout) -> FloatTensor<Self> {
        if takes::<Self>([&x].into_iter()) {
            dropped::<Self>(x, dropout)
        } else {
            composed::drop_some::<Self>(x, &dropout)
        }
    }
}

impl<C: CheckpointStrategy> FinishOperators for Autodiff<Cube, C> {
    fn finish_maps(
        maps: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        options: FinishOptions,
    ) -> FloatTensor<Self> {
        let norm = [&gamma, &beta, &mean, &variance].map(|tensor| tensor.primitive());
        let Some(call) = Call::<Cube>::new(maps.primitive(), shortcut.primitive(), norm, options) else {
            let needed = Needed::new(shortcut, [gamma, beta, mean, variance], options.stages);
            return composed::finish::<Self>(maps, needed, &options);
        };
        let nodes = [maps.node(), shortcut.node(), gamma.node(), beta.node()];
        match FinishStep.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(step) => {
                let output = call.clone().forward();
                step.finish(call, output)
            }
            OpsKind::UnTracked(step) => step.finish(call.forward()),
        }
    }

    fn statistics_of_batch(
        maps: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        stages: Stages,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (maps, shortcut) = (maps.into_primitive(), shortcut.into_primitive());
        let (mean, variance) = Cube::statistics_of_batch(maps, shortcut, stages);
        (Self::from_inner(mean), Self::from_inner(variance))
    }

    fn drop_some(x: FloatTensor<Self>, dropout: Dropout) -> FloatTensor<Self> {
        if !takes::<Cube>([x.primitive()].into_iter()) {
            return composed::drop_some::<Self>(x, &dropout);
        }
        let node = x.node();
        let output = dropped::<Cube>(x.into_primitive(), dropout);
        match DropoutStep.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(dropout, output),
            OpsKind::UnTracked(step) => step.finish(output),
        }
    }
}
