//! The operators on the CPU backends: which calls the kernels take.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::ops::{Backward, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, TensorMetadata};
use burn::tensor::DType;
use kernels::{Dropout, Stages};

use crate::finish::autodiff::{DropoutStep, FinishStep};
use crate::finish::call::{self, FinishCall, finish_shape, staged};
use crate::finish::options::{FinishOptions, Needed};
use crate::finish::{FinishOperators, composed};

/// Overrides the operators of one backend, without gradients and with them.
macro_rules! operators {
    ($backend:ty, $feature:literal) => {
        #[cfg(feature = $feature)]
        impl FinishOperators for $backend {
            fn finish_maps(
                maps: FloatTensor<Self>,
                shortcut: FloatTensor<Self>,
                gamma: FloatTensor<Self>,
                beta: FloatTensor<Self>,
                mean: FloatTensor<Self>,
                variance: FloatTensor<Self>,
                options: FinishOptions,
            ) -> FloatTensor<Self> {
                let others = [&shortcut, &gamma, &beta, &mean, &variance];
                let shape = finish_shape::<Self>(&maps, others, &options);
                let needed = Needed::new(shortcut, [gamma, beta, mean, variance], options.stages);
                match shape {
                    Some(shape) => FinishCall::<Self>::forward(maps, needed, shape, options, false).0,
                    None => composed::finish::<Self>(maps, needed, &options),
                }
            }

            fn statistics_of_batch(
                maps: FloatTensor<Self>,
                shortcut: FloatTensor<Self>,
                stages: Stages,
            ) -> (FloatTensor<Self>, FloatTensor<Self>) {
                match finish_shape::<Self>(&maps, [&shortcut], &staged(stages)) {
                    Some(shape) => call::statistics::<Self>(maps, shortcut, &shape).into(),
                    None => composed::statistics::<Self>(maps, shortcut, stages),
                }
            }

            fn drop_some(x: FloatTensor<Self>, dropout: Dropout) -> FloatTensor<Self> {
                if x.dtype() == DType::F32 {
                    call::drop_some::<Self>(x, &dropout)
                } else {
                    composed::drop_some::<Self>(x, &dropout)
                }
            }

            fn fold(
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                gamma: FloatTensor<Self>,
                beta: FloatTensor<Self>,
                mean: FloatTensor<Self>,
                variance: FloatTensor<Self>,
                epsilon: f64,
            ) -> (FloatTensor<Self>, FloatTensor<Self>) {
                let is_f32 = |tensor: &FloatTensor<Self>| tensor.dtype() == DType::F32;
                let norm = [gamma, beta, mean, variance];
                if norm.iter().chain([&weight, &bias]).all(is_f32) {
                    call::fold::<Self>(weight, bias, norm, epsilon)
                } else {
                    composed::fold::<Self>(weight, bias, norm, epsilon)
                }
            }
        }

        #[cfg(feature = $feature)]
        impl<C: CheckpointStrategy> FinishOperators for Autodiff<$backend, C> {
            fn finish_maps(
                maps: FloatTensor<Self>,
                shortcut: FloatTensor<Self>,
                gamma: FloatTensor<Self>,
                beta: FloatTensor<Self>,
                mean: FloatTensor<Self>,
                variance: FloatTensor<Self>,
                options: FinishOptions,
            ) -> FloatTensor<Self> {
                let others = [&shortcut, &gamma, &beta, &mean, &variance].map(|tensor| tensor.primitive());
                let shape = finish_shape::<$backend>(maps.primitive(), others, &options);
                let Some(shape) = shape else {
                    let needed = Needed::new(shortcut, [gamma, beta, mean, variance], options.stages);
                    return composed::finish::<Self>(maps, needed, &options);
                };
                let nodes = [maps.node(), shortcut.node(), gamma.node(), beta.node()];
                let [maps, shortcut] = [maps, shortcut].map(|tensor| tensor.into_primitive());
                let norm = [gamma, beta, mean, variance].map(|tensor| tensor.into_primitive());
                let needed = Needed::new(shortcut, norm, options.stages);
                match FinishStep.prepare::<C>(nodes).compute_bound().stateful() {
                    OpsKind::Tracked(step) => {
                        let (output, call) =
                            FinishCall::<$backend>::forward(maps, needed, shape, options, true);
                        step.finish(call, output)
                    }
                    OpsKind::UnTracked(step) => {
                        let (output, _call) =
                            FinishCall::<$backend>::forward(maps, needed, shape, options, false);
                        step.finish(output)
                    }
                }
            }

            fn statistics_of_batch(
                maps: FloatTensor<Self>,
                shortcut: FloatTensor<Self>,
                stages: Stages,
            ) -> (FloatTensor<Self>, FloatTensor<Self>) {
                let shortcut = shortcut.into_primitive();
                let (mean, variance) =
                    <$backend>::statistics_of_batch(maps.into_primitive(), shortcut, stages);
                (Self::from_inner(mean), Self::from_inner(variance))
            }

            fn drop_some(x: FloatTensor<Self>, dropout: Dropout) -> FloatTensor<Self> {
                if x.primitive().dtype() != DType::F32 {
                    return composed::drop_some::<Self>(x, &dropout);
                }
                let node = x.node();
                let output = call::drop_some::<$backend>(x.into_primitive(), &dropout);
                match DropoutStep.prepare::<C>([node]).compute_bound().stateful() {
                    OpsKind::Tracked(step) => step.finish(dropout, output),
                    OpsKind::UnTracked(step) => step.finish(output),
                }
            }

            fn fold(
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                gamma: FloatTensor<Self>,
                beta: FloatTensor<Self>,
                mean: FloatTensor<Self>,
                variance: FloatTensor<Self>,
                epsilon: f64,
            ) -> (FloatTensor<Self>, FloatTensor<Self>) {
                composed::fold::<Self>(weight, bias, [gamma, beta, mean, variance], epsilon)
            }
        }
    };
}

operators!(burn::backend::NdArray, "ndarray");
operators!(burn::backend::Flex, "flex");
