//! Activations as an operator, for where none is part of another.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use kernels::Activation;

/// The operator, as a method that a backend may override.
#[backend_extension(
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu"),
    Fusion: cfg(feature = "wgpu"),
    Autodiff
)]
pub(crate) trait ActivationOperator: Backend {
    /// Each value's activation.
    #[fusion(default)]
    fn activate_values(x: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self> {
        composed_activation::<Self>(x, activation)
    }
}

/// The activation, composed from Burn's own operators.
pub(crate) fn composed_activation<B: Backend>(x: FloatTensor<B>, activation: Activation) -> FloatTensor<B> {
    match activation {
        Activation::None => x,
        Activation::Relu => B::relu(x),
        Activation::Gelu => B::gelu(x),
        Activation::Tanh => B::float_tanh(x),
        Activation::Sigmoid => B::sigmoid(x),
    }
}

#[cfg(feature = "wgpu")]
impl ActivationOperator for burn::backend::Cube {}
#[cfg(feature = "wgpu")]
impl<C: burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy> ActivationOperator
    for burn::backend::Autodiff<burn::backend::Cube, C>
{
}

/// Applies an activation to each value.
pub fn activate<const D: usize>(x: Tensor<D>, activation: Activation) -> Tensor<D> {
    if activation == Activation::None {
        return x;
    }
    Tensor::from_dispatch(Dispatch::activate_values(x.into_dispatch(), activation))
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
    use burn::tensor::{DType, Shape};
    use kernels::{Activation, Level, activate, activate_backward, unwritten};

    use super::{ActivationOperator, composed_activation};
    use crate::slices::{CpuTensors, channels_last};

    /// A call of the operator, with what its backward pass needs.
    #[derive(Clone, Debug)]
    struct Call<B: CpuTensors> {
        activation: Activation,
        /// The output, or the derivatives, in the order of `values_of`.
        kept: FloatTensor<B>,
    }

    /// The values in the order in which they probably lie: feature maps channels last.
    fn values_of<B: CpuTensors>(x: FloatTensor<B>) -> Vec<f32> {
        let x = if x.shape().num_dims() == 4 { channels_last::<B>(x) } else { x };
        B::values(&x).into_owned()
    }

    /// A tensor of values in that order.
    fn tensor_of<B: CpuTensors>(values: Vec<f32>, shape: Shape) -> FloatTensor<B> {
        let flat = B::from_values(values, [shape.num_elements()]);
        if shape.num_dims() != 4 {
            return B::float_reshape(flat, shape);
        }
        let [n, channels, height, width] = shape.dims();
        // [n * height * width * channels] -> [n, height, width, channels]
        let last = B::float_reshape(flat, [n, height, width, channels].into());
        B::permuted(last, [0, 3, 1, 2])
    }

    fn forward<B: CpuTensors>(
        x: FloatTensor<B>,
        activation: Activation,
        is_training: bool,
    ) -> (FloatTensor<B>, Call<B>) {
        let shape = x.shape();
        let mut values = values_of::<B>(x);
        let wants_slope = is_training && !activation.keeps_output();
        let mut slope = unwritten(if wants_slope { values.len() } else { 0 });
        activate(Level::best(), activation, &mut values, &mut slope);
        let output = tensor_of::<B>(values, shape.clone());
        let kept = if wants_slope { tensor_of::<B>(slope, shape) } else { output.clone() };
        (output, Call { activation, kept })
    }

    /// The backward pass of the operator.
    #[derive(Debug)]
    struct Step;

    impl<B: CpuTensors> Backward<B, 1> for Step {
        type State = Call<B>;

        fn backward(
            self,
            ops: Ops<Call<B>, 1>,
            graph: &mut GraphGradients,
            _checkpointer: &mut Checkpointer,
        ) {
            let Call { activation, kept } = ops.state;
            let upstream = graph.consume::<B>(&ops.node);
            if let [Some(node)] = ops.parents {
                let shape = upstream.shape();
                let [upstream, kept] = [upstream, kept].map(values_of::<B>);
                let mut gradient = unwritten(upstream.len());
                activate_backward(Level::best(), activation, &kept, &upstream, &mut gradient);
                graph.register::<B>(node.id, tensor_of::<B>(gradient, shape));
            }
        }
    }

    macro_rules! operator {
        ($backend:ty, $feature:literal) => {
            #[cfg(feature = $feature)]
            impl ActivationOperator for $backend {
                fn activate_values(x: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self> {
                    if x.dtype() != DType::F32 {
                        return composed_activation::<Self>(x, activation);
                    }
                    forward::<Self>(x, activation, false).0
                }
            }

            #[cfg(feature = $feature)]
            impl<C: CheckpointStrategy> ActivationOperator for Autodiff<$backend, C> {
                fn activate_values(x: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self> {
                    if x.primitive().dtype() != DType::F32 {
                        return composed_activation::<Self>(x, activation);
                    }
                    let (node, x) = (x.node(), x.into_primitive());
                    match Step.prepare::<C>([node]).compute_bound().stateful() {
                        OpsKind::Tracked(step) => {
                            let (output, call) = forward::<$backend>(x, activation, true);
                            step.finish(call, output)
                        }
                        OpsKind::UnTracked(step) => step.finish(forward::<$backend>(x, activation, false).0),
                    }
                }
            }
        };
    }

    operator!(burn::backend::NdArray, "ndarray");
    operator!(burn::backend::Flex, "flex");
}
