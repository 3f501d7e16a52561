//! The dense layer with its activation as an operator.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use kernels::Activation;

use crate::activation::composed_activation;

/// The operator, as a method that a backend may override.
#[backend_extension(
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu"),
    Fusion: cfg(feature = "wgpu"),
    Autodiff
)]
pub(crate) trait DenseOperator: Backend {
    /// The activation of `x` `[n, inputs]` times `weight` `[inputs, outputs]` plus `bias` `[outputs]`.
    #[fusion(default)]
    fn dense_layer(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        composed_dense::<Self>([x, weight, bias], activation)
    }
}

/// The dense layer, composed from Burn's own operators.
pub(crate) fn composed_dense<B: Backend>(
    [x, weight, bias]: [FloatTensor<B>; 3],
    activation: Activation,
) -> FloatTensor<B> {
    composed_activation::<B>(B::linear(x, weight, Some(bias)), activation)
}

#[cfg(feature = "wgpu")]
impl DenseOperator for burn::backend::Cube {}
#[cfg(feature = "wgpu")]
impl<C: burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy> DenseOperator
    for burn::backend::Autodiff<burn::backend::Cube, C>
{
}

/// Multiplies `x` `[n, inputs]` with `weight` `[inputs, outputs]` and adds `bias` `[outputs]`: `[n,
/// outputs]`.
pub fn dense(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    dense_activated(x, weight, bias, Activation::None)
}

/// The same, with an activation applied to each value.
pub fn dense_activated(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    activation: Activation,
) -> Tensor<2> {
    let [x, weight] = [x, weight].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::dense_layer(x, weight, bias.into_dispatch(), activation))
}

#[cfg(any(feature = "ndarray", feature = "flex"))]
mod cpu {
    //! The operator on the CPU backends.

    use burn::backend::autodiff::checkpoint::base::Checkpointer;
    use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
    use burn::backend::autodiff::grads::Gradients as GraphGradients;
    use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
    use burn::backend::tensor::FloatTensor;
    use burn::backend::{Autodiff, TensorMetadata};
    use burn::tensor::DType;
    use kernels::{
        Activation, DenseShape, Keep, Level, activate_backward, dense_activated, dense_backward, unwritten,
    };

    use super::{DenseOperator, composed_dense};
    use crate::autodiff::{OwnedGradients, register};
    use crate::slices::{CpuTensors, held};

    /// A call of the dense layer, with what its backward pass needs.
    #[derive(Clone, Debug)]
    struct Call<B: CpuTensors> {
        /// `[n, inputs]`
        x: FloatTensor<B>,
        weight: FloatTensor<B>,
        shape: DenseShape,
        activation: Activation,
        /// The output, or the activation's derivatives `[n, outputs]`. `None` without an activation.
        kept: Option<FloatTensor<B>>,
    }

    fn forward<B: CpuTensors>(
        [x, weight, bias]: [FloatTensor<B>; 3],
        activation: Activation,
        is_training: bool,
    ) -> (FloatTensor<B>, Call<B>) {
        let n = x.shape()[0];
        let [inputs, outputs] = weight.shape().dims();
        let shape = DenseShape { inputs, outputs };
        let mut values = unwritten(n * outputs);
        let wants_slope = is_training && !activation.keeps_output();
        let mut slope = unwritten(if wants_slope { n * outputs } else { 0 });
        let owner = || held::<B>(&weight);
        dense_activated(
            Level::best(),
            shape,
            activation,
            [&B::values(&x), &B::values(&weight), &B::values(&bias)],
            if is_training { Keep::No } else { Keep::ByOwner(&owner) },
            &mut values,
            &mut slope,
        );
        let output = B::from_values(values, [n, outputs]);
        let kept = (activation != Activation::None)
            .then(|| if wants_slope { B::from_values(slope, [n, outputs]) } else { output.clone() });
        (output, Call { x, weight, shape, activation, kept })
    }

    /// The backward pass of the dense layer.
    #[derive(Debug)]
    struct Step;

    impl<B: CpuTensors> Backward<B, 3> for Step {
        type State = Call<B>;

        fn backward(
            self,
            ops: Ops<Call<B>, 3>,
            graph: &mut GraphGradients,
            _checkpointer: &mut Checkpointer,
        ) {
            let Call { x, weight, shape, activation, kept } = ops.state;
            let parents = ops.parents.map(|node| node.map(|node| node.id));
            let upstream = graph.consume::<B>(&ops.node);
            let [rows, w, mut upstream] = [&x, &weight, &upstream].map(B::values);
            if let Some(kept) = &kept {
                let mut gradient = unwritten(upstream.len());
                activate_backward(Level::best(), activation, &B::values(kept), &upstream, &mut gradient);
                upstream = gradient.into();
            }
            let DenseShape { inputs, outputs } = shape;
            let lengths = [rows.len(), w.len(), outputs];
            let gradients = OwnedGradients::filled_by(parents[0].is_some(), lengths, |gradients| {
                dense_backward(Level::best(), shape, &rows, &w, &upstream, gradients);
            });
            if let Some(values) = gradients.input {
                register::<B, 2>(graph, parents[0], values, [x.shape()[0], inputs], &x);
            }
            register::<B, 2>(graph, parents[1], gradients.weight, [inputs, outputs], &x);
            register::<B, 1>(graph, parents[2], gradients.bias, [outputs], &x);
        }
    }

    /// Whether the kernels take a dense layer of `[x, weight, bias]`. They also take one without rows, inputs or
    /// outputs, with which Burn's product of matrices on ndarray divides by zero.
    fn takes<B: CpuTensors>(operands: [&FloatTensor<B>; 3]) -> bool {
        operands.into_iter().all(|tensor| tensor.dtype() == DType::F32)
    }

    macro_rules! operator {
        ($backend:ty, $feature:literal) => {
            #[cfg(feature = $feature)]
            impl DenseOperator for $backend {
                fn dense_layer(
                    x: FloatTensor<Self>,
                    weight: FloatTensor<Self>,
                    bias: FloatTensor<Self>,
                    activation: Activation,
                ) -> FloatTensor<Self> {
                    if !takes::<Self>([&x, &weight, &bias]) {
                        return composed_dense::<Self>([x, weight, bias], activation);
                    }
                    forward::<Self>([x, weight, bias], activation, false).0
                }
            }

            #[cfg(feature = $feature)]
            impl<C: CheckpointStrategy> DenseOperator for Autodiff<$backend, C> {
                fn dense_layer(
                    x: FloatTensor<Self>,
                    weight: FloatTensor<Self>,
                    bias: FloatTensor<Self>,
                    activation: Activation,
                ) -> FloatTensor<Self> {
                    if !takes::<$backend>([x.primitive(), weight.primitive(), bias.primitive()]) {
                        return composed_dense::<Self>([x, weight, bias], activation);
                    }
                    let nodes = [x.node(), weight.node(), bias.node()];
                    let operands = [x, weight, bias].map(|tensor| tensor.into_primitive());
                    match Step.prepare::<C>(nodes).compute_bound().stateful() {
                        OpsKind::Tracked(step) => {
                            let (output, call) = forward::<$backend>(operands, activation, true);
                            step.finish(call, output)
                        }
                        OpsKind::UnTracked(step) => {
                            step.finish(forward::<$backend>(operands, activation, false).0)
                        }
                    }
                }
            }
        };
    }

    operator!(burn::backend::NdArray, "ndarray");
    operator!(burn::backend::Flex, "flex");
}
