//! The operators' forward passes on the CPU: tensors as slices, the kernels, and their results as tensors.
//!
//! Each call is kept with what its backward pass needs.

use std::sync::Arc;

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use kernels::{
    ConvShape, Keep, Level, PoolShape, Purpose, SlopeSource, Winners, conv2d, conv2d_max_pool2d, unwritten,
};

use crate::slices::{CpuTensors, channels_last, from_channels_last, held};

/// From what the backward pass of the convolution with pooling knows the activation's slopes, `[n, pooled height,
/// pooled width, filters]`.
#[derive(Clone, Debug)]
pub(crate) enum KeptSlopes<B: CpuTensors> {
    Nothing,
    /// The output, which the next operator keeps anyway.
    Values(FloatTensor<B>),
    Slopes(Arc<Vec<f32>>),
}

/// A call of the convolution with pooling.
#[derive(Clone, Debug)]
pub(crate) struct ConvPoolCall<B: CpuTensors> {
    /// `[n, height, width, channels]`
    pub maps: FloatTensor<B>,
    pub weight: FloatTensor<B>,
    /// `[n, pooled height, pooled width, filters]`, or empty if the call was not for training.
    pub argmax: Arc<Vec<u8>>,
    pub slope_source: KeptSlopes<B>,
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
        let mut values = unwritten(len);
        let mut argmax = unwritten(if is_training { len } else { 0 });
        let source = if is_training { shape.slope_source() } else { SlopeSource::Nothing };
        let mut slopes = unwritten(if source == SlopeSource::Slopes { len } else { 0 });
        let owner = || held::<B>(&weight);
        conv2d_max_pool2d(
            Level::best(),
            &shape,
            &B::values(&maps),
            &B::values(&weight),
            &B::values(&bias),
            &mut values,
            if is_training {
                Purpose::Training(Winners { argmax: &mut argmax, slopes: &mut slopes })
            } else {
                Purpose::Inference(Keep::ByOwner(&owner))
            },
        );
        let dims = [n, shape.conv.filters, shape.height(), shape.width()];
        let output = from_channels_last::<B>(values, dims, &maps);
        let slope_source = match source {
            SlopeSource::Nothing => KeptSlopes::Nothing,
            SlopeSource::Values => KeptSlopes::Values(channels_last::<B>(output.clone())),
            SlopeSource::Slopes => KeptSlopes::Slopes(Arc::new(slopes)),
        };
        (output, Self { maps, weight, argmax: Arc::new(argmax), slope_source, shape })
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
        let mut values = unwritten(n * shape.output_len());
        let owner = || held::<B>(&weight);
        conv2d(
            Level::best(),
            &shape,
            &B::values(&maps),
            &B::values(&weight),
            &B::values(&bias),
            if is_training { Keep::No } else { Keep::ByOwner(&owner) },
            &mut values,
        );
        let dims = [n, shape.filters, shape.out_height, shape.out_width];
        let output = from_channels_last::<B>(values, dims, &bias);
        (output, Self { maps, weight, shape })
    }
}
