//! The operators' forward passes on the CPU: tensors as slices, the kernels, and their results as tensors.
//!
//! Each call is kept with what its backward pass needs.

use std::sync::Arc;

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use kernels::{ConvShape, Level, PoolShape, conv2d, conv2d_max_pool2d};

use crate::slices::{CpuTensors, channels_last, from_channels_last};

/// A call of the convolution with pooling.
#[derive(Clone, Debug)]
pub(crate) struct ConvPoolCall<B: CpuTensors> {
    /// `[n, height, width, channels]`
    pub maps: FloatTensor<B>,
    pub weight: FloatTensor<B>,
    /// `[n, pooled height, pooled width, filters]`, or empty if the call was not for training.
    pub argmax: Arc<Vec<u8>>,
    pub shape: PoolShape,
}

impl<B: CpuTensors> ConvPoolCall<B> {
    pub(crate) fn forward(
        maps: FloatTensor<B>,
        weight: FloatTensor<B>,
        bias: FloatTensor<B>,
        shape: PoolShape,
        is_training: bool,
    ) -> (FloatTensor<B>, Self) {
        let n = maps.shape()[0];
        let maps = channels_last::<B>(maps);
        let len = n * shape.output_len();
        let mut values = vec![0.0; len];
        let mut argmax = vec![0; if is_training { len } else { 0 }];
        conv2d_max_pool2d(
            Level::best(),
            &shape,
            &B::values(&maps),
            &B::values(&weight),
            &B::values(&bias),
            &mut values,
            is_training.then_some(&mut argmax),
        );
        let dims = [n, shape.conv.filters, shape.height(), shape.width()];
        let output = from_channels_last::<B>(values, dims, &maps);
        (output, Self { maps, weight, argmax: Arc::new(argmax), shape })
    }
}

/// A call of the convolution.
#[derive(Clone, Debug)]
pub(crate) struct ConvCall<B: CpuTensors> {
    /// `[n, height, width, channels]`
    pub maps: FloatTensor<B>,
    pub weight: FloatTensor<B>,
    pub shape: ConvShape,
}

impl<B: CpuTensors> ConvCall<B> {
    pub(crate) fn forward(
        maps: FloatTensor<B>,
        weight: FloatTensor<B>,
        bias: FloatTensor<B>,
        shape: ConvShape,
        is_training: bool,
    ) -> (FloatTensor<B>, Self) {
        let n = maps.shape()[0];
        let maps = channels_last::<B>(maps);
        let mut values = vec![0.0; n * shape.output_len()];
        conv2d(
            Level::best(),
            &shape,
            &B::values(&maps),
            &B::values(&weight),
            &B::values(&bias),
            !is_training,
            &mut values,
        );
        let dims = [n, shape.filters, shape.out_height, shape.out_width];
        let output = from_channels_last::<B>(values, dims, &bias);
        (output, Self { maps, weight, shape })
    }
}
