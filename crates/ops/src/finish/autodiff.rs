//! The backward passes on the CPU, as steps in the graph of Burn's autodiff.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients as GraphGradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use kernels::Dropout;

use crate::finish::call::{CallGradients, FinishCall, drop_some};
use crate::slices::CpuTensors;

/// The backward pass of stages, pooling and dropout. The parents are maps, shortcut, gamma and beta. Where a call
/// has no shortcut or does not normalize, the maps stand in for them and get no second gradient.
#[derive(Debug)]
pub(crate) struct FinishStep;

impl<B: CpuTensors> Backward<B, 4> for FinishStep {
    type State = FinishCall<B>;

    fn backward(
        self,
        ops: Ops<FinishCall<B>, 4>,
        graph: &mut GraphGradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let upstream = graph.consume::<B>(&ops.node);
        let [maps, shortcut, gamma, beta] = ops.parents.map(|node| node.map(|node| node.id));
        let gradients: CallGradients<B> = ops.state.backward(upstream, shortcut.is_some());
        if let Some(node) = maps {
            graph.register::<B>(node, gradients.maps);
        }
        if let (Some(node), Some(gradient)) = (shortcut, gradients.shortcut) {
            graph.register::<B>(node, gradient);
        }
        if let Some(norm) = gradients.norm {
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
pub(crate) struct DropoutStep;

impl<B: CpuTensors> Backward<B, 1> for DropoutStep {
    type State = Dropout;

    fn backward(self, ops: Ops<Dropout, 1>, graph: &mut GraphGradients, _checkpointer: &mut Checkpointer) {
        let upstream = graph.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            graph.register::<B>(node.id, drop_some::<B>(upstream, &ops.state));
        }
    }
}
