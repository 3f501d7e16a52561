//! Feature maps that go two ways, whose two gradients are added by a kernel instead of by Burn.

#[cfg(any(feature = "ndarray", feature = "flex"))]
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(any(feature = "ndarray", feature = "flex"))]
use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients as GraphGradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;
#[cfg(any(feature = "ndarray", feature = "flex"))]
use burn::backend::{Autodiff, TensorMetadata};
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
#[cfg(any(feature = "ndarray", feature = "flex"))]
use kernels::{Level, add};

#[cfg(any(feature = "ndarray", feature = "flex"))]
use crate::slices::{CpuTensors, channels_last};

/// The operator, as a method that a backend may override.
#[backend_extension(
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu"),
    Fusion: cfg(feature = "wgpu"),
    Autodiff
)]
pub(crate) trait ForkOperator: Backend {
    #[fusion(default)]
    fn fork_maps(maps: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>) {
        (maps.clone(), maps)
    }
}

/// Gives feature maps `[n, channels, height, width]` to two uses. A backward pass has to come through both: the
/// first gradient waits for the second.
pub fn fork(maps: Tensor<4>) -> [Tensor<4>; 2] {
    let (one, other) = Dispatch::fork_maps(maps.into_dispatch());
    [one, other].map(Tensor::from_dispatch)
}

#[cfg(feature = "wgpu")]
impl ForkOperator for burn::backend::Cube {}
#[cfg(feature = "wgpu")]
impl<C: burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy> ForkOperator
    for burn::backend::Autodiff<burn::backend::Cube, C>
{
}

/// The backward pass of one of the two uses. The state is the place where the other's gradient waits.
#[cfg(any(feature = "ndarray", feature = "flex"))]
#[derive(Debug)]
struct ForkStep;

#[cfg(any(feature = "ndarray", feature = "flex"))]
impl<B: CpuTensors> Backward<B, 1> for ForkStep {
    type State = Arc<Mutex<Option<FloatTensor<B>>>>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        graph: &mut GraphGradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = graph.consume::<B>(&ops.node);
        let [Some(node)] = ops.parents else { return };
        let mut waiting = ops.state.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.take() {
            None => *waiting = Some(gradient),
            Some(other) => graph.register::<B>(node.id, sum::<B>(gradient, other)),
        }
    }
}

/// The sum of two gradients `[n, channels, height, width]`.
#[cfg(any(feature = "ndarray", feature = "flex"))]
fn sum<B: CpuTensors>(one: FloatTensor<B>, other: FloatTensor<B>) -> FloatTensor<B> {
    let is_f32 = |tensor: &FloatTensor<B>| tensor.dtype() == burn::tensor::DType::F32;
    if !is_f32(&one) || !is_f32(&other) {
        return B::float_add(one, other);
    }
    let [one, other] = [one, other].map(channels_last::<B>);
    let sums = B::changed(one, |sums| add(Level::best(), sums, &B::values(&other)));
    B::permuted(sums, [0, 3, 1, 2])
}

/// Overrides the operator of one backend with gradients. Without them there is nothing to add.
#[cfg(any(feature = "ndarray", feature = "flex"))]
macro_rules! operators {
    ($backend:ty, $feature:literal) => {
        #[cfg(feature = $feature)]
        impl ForkOperator for $backend {}

        #[cfg(feature = $feature)]
        impl<C: CheckpointStrategy> ForkOperator for Autodiff<$backend, C> {
            fn fork_maps(maps: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>) {
                let waiting = Arc::new(Mutex::new(None));
                let use_of = |maps: FloatTensor<Self>| {
                    let node = maps.node();
                    match ForkStep.prepare::<C>([node]).compute_bound().stateful() {
                        OpsKind::Tracked(step) => step.finish(Arc::clone(&waiting), maps.into_primitive()),
                        OpsKind::UnTracked(step) => step.finish(maps.into_primitive()),
                    }
                };
                (use_of(maps.clone()), use_of(maps))
            }
        }
    };
}

#[cfg(any(feature = "ndarray", feature = "flex"))]
operators!(burn::backend::NdArray, "ndarray");
#[cfg(any(feature = "ndarray", feature = "flex"))]
operators!(burn::backend::Flex, "flex");
