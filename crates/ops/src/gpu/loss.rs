//! The loss as an operator of Burn.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients as GraphGradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, Backend, Cube, TensorMetadata, backend_extension};
use burn::tensor::{DType, Shape, TensorData};
use burn_cubecl::CubeBackend;

use crate::gpu::loss_kernel;
use crate::loss::{LossOperator, composed_cross_entropy};

/// The kernel, called when its operands have been computed.
#[backend_extension(Cube, Fusion)]
trait LossKernel: Backend {
    /// The loss `[1]` and its gradient of the logits.
    #[fusion(meta = |logits: &TensorSpec, _labels: &TensorSpec, _smoothing: &f32| {
        (TensorSpec::new(Shape::new([1]), logits.dtype), logits.clone())
    })]
    fn loss_and_gradient(
        logits: FloatTensor<Self>,
        labels: IntTensor<Self>,
        smoothing: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

impl LossKernel for CubeBackend {
    fn loss_and_gradient(
        logits: FloatTensor<Self>,
        labels: IntTensor<Self>,
        smoothing: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        loss_kernel::cross_entropy(logits, labels, smoothing)
    }
}

/// The loss `[1]`, and its gradient of the logits `[n, classes]`.
fn forward(
    logits: FloatTensor<Cube>,
    labels: &[u8],
    smoothing: f32,
) -> (FloatTensor<Cube>, FloatTensor<Cube>) {
    let labels = labels_beside::<Cube>(&logits, labels);
    Cube::loss_and_gradient(logits, labels, smoothing)
}

/// The labels `[n]` on the device of the logits.
fn labels_beside<B: Backend>(logits: &FloatTensor<B>, labels: &[u8]) -> IntTensor<B> {
    let labels: Vec<i32> = labels.iter().map(|label| i32::from(*label)).collect();
    let n = labels.len();
    B::int_from_data(TensorData::new(labels, [n]), &logits.device())
}

/// The backward pass of the operator. Its state is the gradient of the logits.
#[derive(Debug)]
struct Step;

impl<B: Backend> Backward<B, 1> for Step {
    type State = FloatTensor<B>;

    fn backward(
        self,
        ops: Ops<FloatTensor<B>, 1>,
        graph: &mut GraphGradients,
        _checkpointer: &mut Checkpointer,
    ) {
        // [1] -> [1, 1]
        let upstream = B::float_reshape(graph.consume::<B>(&ops.node), [1, 1].into());
        if let [Some(node)] = ops.parents {
            graph.register::<B>(node.id, B::float_mul(ops.state, upstream));
        }
    }
}

impl LossOperator for Cube {
    fn cross_entropy_loss(logits: FloatTensor<Self>, labels: Vec<u8>, smoothing: f32) -> FloatTensor<Self> {
        if logits.dtype() != DType::F32 {
            return composed_cross_entropy::<Self>(logits, &labels, smoothing);
        }
        forward(logits, &labels, smoothing).0
    }
}

impl<C: CheckpointStrategy> LossOperator for Autodiff<Cube, C> {
    fn cross_entropy_loss(logits: FloatTensor<Self>, labels: Vec<u8>, smoothing: f32) -> FloatTensor<Self> {
        if logits.primitive().dtype() != DType::F32 {
            return composed_cross_entropy::<Self>(logits, &labels, smoothing);
        }
        let (node, logits) = (logits.node(), logits.into_primitive());
        let (loss, gradient) = forward(logits, &labels, smoothing);
        match Step.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(gradient, loss),
            OpsKind::UnTracked(step) => step.finish(loss),
        }
    }
}
