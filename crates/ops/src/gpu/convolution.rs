//! The convolution with pooling: Burn's convolution, and one kernel behind it.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Cube};
use burn::tensor::ops::ConvOptions;
use kernels::{Activation, PoolKind, Pooling, Stage, Stages};

use crate::finish::{FinishOperators, FinishOptions};
use crate::operators::Operators;

/// Convolution, bias, activation and max-pooling.
fn pooled<B: Backend + FinishOperators>(
    maps: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    options: ConvOptions<2>,
    pool: usize,
    activation: Activation,
) -> FloatTensor<B> {
    let convolved = B::conv2d(maps, weight, Some(bias), options);
    let options = FinishOptions {
        stages: Stages::new([Stage::Activate(activation)]),
        pooling: Some(Pooling { kind: PoolKind::Max, height: pool, width: pool }),
        ..FinishOptions::default()
    };
    // No stage needs a shortcut or a normalization.
    let [shortcut, gamma, beta, mean, variance] = [(); 5].map(|()| convolved.clone());
    B::finish_maps(convolved, shortcut, gamma, beta, mean, variance, options)
}

/// Overrides the operators of a backend.
macro_rules! operators {
    ($backend:ty $(, $strategy:ident)?) => {
        impl$(<$strategy: CheckpointStrategy>)? Operators for $backend {
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
        }
    };
}

operators!(Cube);
operators!(Autodiff<Cube, C>, C);
