//! The operators composed from Burn's own: for backends without kernels, and for what the kernels do not take.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::{Scalar, TensorData};
use kernels::{Activation, Dropout, Level, PoolKind, Pooling, Stage, Stages, drop_values};

use crate::finish::options::{FinishOptions, Needed};
use crate::operators::shape;

pub(crate) fn finish<B: Backend>(
    maps: FloatTensor<B>,
    needed: Needed<FloatTensor<B>>,
    options: &FinishOptions,
) -> FloatTensor<B> {
    let maps = staged::<B>(maps, needed, options.stages.iter(), options);
    let maps = match options.pooling {
        Some(pooling) => pool::<B>(maps, pooling),
        None => maps,
    };
    match &options.dropout {
        Some(dropout) => drop_some::<B>(maps, dropout),
        None => maps,
    }
}

fn staged<B: Backend>(
    maps: FloatTensor<B>,
    needed: Needed<FloatTensor<B>>,
    stages: impl Iterator<Item = Stage>,
    options: &FinishOptions,
) -> FloatTensor<B> {
    let Needed { mut shortcut, mut norm } = needed;
    stages.fold(maps, |maps, stage| match stage {
        Stage::Activate(activation) => activate::<B>(maps, activation),
        Stage::Add => match shortcut.take() {
            Some(shortcut) => B::float_add(maps, shortcut),
            None => maps,
        },
        Stage::Normalize => match norm.take() {
            Some([gamma, beta, _mean, _variance]) if options.is_of_batch => {
                B::batch_norm_train(maps, gamma, beta, options.epsilon).output
            }
            Some([gamma, beta, mean, variance]) => {
                B::batch_norm(maps, gamma, beta, mean, variance, options.epsilon)
            }
            None => maps,
        },
    })
}

fn activate<B: Backend>(x: FloatTensor<B>, activation: Activation) -> FloatTensor<B> {
    match activation {
        Activation::None => x,
        Activation::Relu => B::relu(x),
        Activation::Gelu => B::gelu(x),
        Activation::Tanh => B::float_tanh(x),
        Activation::Sigmoid => B::sigmoid(x),
    }
}

fn pool<B: Backend>(maps: FloatTensor<B>, pooling: Pooling) -> FloatTensor<B> {
    let window = [pooling.height, pooling.width];
    match pooling.kind {
        PoolKind::Max => B::max_pool2d(maps, window, window, [0; 2], [1; 2], false),
        PoolKind::Average => B::avg_pool2d(maps, window, window, [0; 2], true, false),
    }
}

pub(crate) fn statistics<B: Backend>(
    maps: FloatTensor<B>,
    shortcut: FloatTensor<B>,
    stages: Stages,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let needed = Needed { shortcut: Some(shortcut), norm: None };
    let before = stages.iter().take_while(|stage| *stage != Stage::Normalize);
    let maps = staged::<B>(maps, needed, before, &FinishOptions::default());
    let [_n, channels, _height, _width] = shape::<B>(&maps);
    let device = maps.device();
    let ones = B::float_ones([channels].into(), &device, maps.dtype().into());
    let zeros = B::float_zeros([channels].into(), &device, maps.dtype().into());
    let statistics = B::batch_norm_train(B::float_detach(maps), ones, zeros, 1.0);
    (statistics.mean, statistics.variance)
}

/// The masks are drawn on the host, with the bits that the kernels compute.
pub(crate) fn drop_some<B: Backend>(x: FloatTensor<B>, dropout: &Dropout) -> FloatTensor<B> {
    let dims = x.shape();
    let n = dims[0];
    let mut mask = vec![1.0; dims.num_elements()];
    drop_values(Level::best(), dropout, n, &mut mask);
    let mask = if dims.num_dims() == 4 {
        let [_n, channels, height, width] = shape::<B>(&x);
        // The kernels count the values of maps with the channels last.
        let last = B::float_from_data(TensorData::new(mask, [n, height, width, channels]), &x.device());
        B::float_permute(last, &[0, 3, 1, 2])
    } else {
        B::float_from_data(TensorData::new(mask, dims), &x.device())
    };
    B::float_mul(x, mask)
}

pub(crate) fn fold<B: Backend>(
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    [gamma, beta, mean, variance]: [FloatTensor<B>; 4],
    epsilon: f64,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let root = B::float_sqrt(B::float_add_scalar(variance, Scalar::Float(epsilon)));
    let scale = B::float_div(gamma, root);
    let filters = bias.shape().num_elements();
    // [filters] -> [filters, 1, 1, 1]
    let per_filter = B::float_reshape(scale.clone(), [filters, 1, 1, 1].into());
    let bias = B::float_add(B::float_mul(B::float_sub(bias, mean), scale), beta);
    (B::float_mul(weight, per_filter), bias)
}
