//! Softmax, cross-entropy and label smoothing as one operator with one backward pass.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{Tensor, TensorData};

/// The operator, as a method that a backend may override.
#[backend_extension(
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu"),
    Fusion: cfg(feature = "wgpu"),
    Autodiff
)]
pub(crate) trait LossOperator: Backend {
    /// The mean cross-entropy `[1]` of logits `[n, classes]`.
    #[fusion(default)]
    fn cross_entropy_loss(logits: FloatTensor<Self>, labels: Vec<u8>, smoothing: f32) -> FloatTensor<Self> {
        composed_cross_entropy::<Self>(logits, &labels, smoothing)
    }
}

/// The loss, composed from Burn's own operators.
pub(crate) fn composed_cross_entropy<B: Backend>(
    logits: FloatTensor<B>,
    labels: &[u8],
    smoothing: f32,
) -> FloatTensor<B> {
    let [n, classes] = logits.shape().dims();
    let mut target = vec![smoothing / classes as f32; n * classes];
    for (row, label) in target.chunks_exact_mut(classes.max(1)).zip(labels) {
        row[usize::from(*label)] += 1.0 - smoothing;
    }
    let target = B::float_from_data(TensorData::new(target, [n, classes]), &logits.device());
    let largest = B::float_max_dim(logits.clone(), 1);
    let shifted = B::float_sub(logits, largest);
    let sums = B::float_sum_dim(B::float_exp(shifted.clone()), 1);
    let log_probabilities = B::float_sub(shifted, B::float_log(sums));
    let sum = B::float_sum(B::float_mul(log_probabilities, target));
    B::float_mul_scalar(sum, (-1.0 / n as f32).into())
}

/// The mean over `n` images of the cross-entropy `[1]` between the softmax of logits `[n, classes]` and the targets:
/// an image's label has the share `1 - smoothing`, and all classes together, in equal parts, have `smoothing`.
///
/// # Panics
/// If there is not one label for each row of logits, or a label is not below `classes`.
pub fn cross_entropy(logits: Tensor<2>, labels: &[u8], smoothing: f32) -> Tensor<1> {
    let [n, classes] = logits.dims();
    assert_eq!(labels.len(), n, "a label for each row of logits");
    assert!(labels.iter().all(|label| usize::from(*label) < classes), "each label is a class");
    Tensor::from_dispatch(Dispatch::cross_entropy_loss(logits.into_dispatch(), labels.to_vec(), smoothing))
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
    use kernels::{Level, cross_entropy, unwritten};

    use super::{LossOperator, composed_cross_entropy};
    use crate::slices::CpuTensors;

    /// The loss `[1]`, and its gradient of the logits `[n, classes]`.
    fn forward<B: CpuTensors>(
        logits: &FloatTensor<B>,
        labels: &[u8],
        smoothing: f32,
    ) -> (FloatTensor<B>, FloatTensor<B>) {
        let [n, classes] = logits.shape().dims();
        let mut gradient = unwritten(n * classes);
        let values = B::values(logits);
        let loss = cross_entropy(Level::best(), classes, &values, labels, smoothing, &mut gradient);
        (B::from_values(vec![loss], [1]), B::from_values(gradient, [n, classes]))
    }

    /// The backward pass of the operator. Its state is the gradient of the logits.
    #[derive(Debug)]
    struct Step;

    impl<B: CpuTensors> Backward<B, 1> for Step {
        type State = FloatTensor<B>;

        fn backward(
            self,
            ops: Ops<FloatTensor<B>, 1>,
            graph: &mut GraphGradients,
            _checkpointer: &mut Checkpointer,
        ) {
            let upstream = B::values(&graph.consume::<B>(&ops.node)).iter().sum::<f32>();
            if let [Some(node)] = ops.parents {
                let gradient = B::changed(ops.state, |gradient| {
                    gradient.iter_mut().for_each(|value| *value *= upstream);
                });
                graph.register::<B>(node.id, gradient);
            }
        }
    }

    macro_rules! operator {
        ($backend:ty, $feature:literal) => {
            #[cfg(feature = $feature)]
            impl LossOperator for $backend {
                fn cross_entropy_loss(
                    logits: FloatTensor<Self>,
                    labels: Vec<u8>,
                    smoothing: f32,
                ) -> FloatTensor<Self> {
                    if logits.dtype() != DType::F32 {
                        return composed_cross_entropy::<Self>(logits, &labels, smoothing);
                    }
                    forward::<Self>(&logits, &labels, smoothing).0
                }
            }

            #[cfg(feature = $feature)]
            impl<C: CheckpointStrategy> LossOperator for Autodiff<$backend, C> {
                fn cross_entropy_loss(
                    logits: FloatTensor<Self>,
                    labels: Vec<u8>,
                    smoothing: f32,
                ) -> FloatTensor<Self> {
                    if logits.primitive().dtype() != DType::F32 {
                        return composed_cross_entropy::<Self>(logits, &labels, smoothing);
                    }
                    let (node, logits) = (logits.node(), logits.into_primitive());
                    let (loss, gradient) = forward::<$backend>(&logits, &labels, smoothing);
                    match Step.prepare::<C>([node]).compute_bound().stateful() {
                        OpsKind::Tracked(step) => step.finish(gradient, loss),
                        OpsKind::UnTracked(step) => step.finish(loss),
                    }
                }
            }
        };
    }

    operator!(burn::backend::NdArray, "ndarray");
    operator!(burn::backend::Flex, "flex");
}
