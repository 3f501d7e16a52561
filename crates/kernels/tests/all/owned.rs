//! The kernels with results that the caller owns.
//!
//! The memory holds NaN before, which is equal to nothing, so a value that a kernel does not write makes a
//! comparison fail.

use kernels::{
    ConvShape, DenseShape, Gradients, Keep, Level, PoolShape, PooledForward, Purpose, SlopeSource, Winners,
};

/// The gradients of a kernel's operands.
#[derive(Debug, PartialEq)]
pub(crate) struct Owned {
    pub input: Vec<f32>,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

impl Owned {
    /// Memory for gradients of these lengths, filled by `work`.
    fn filled_by([input, weight, bias]: [usize; 3], work: impl FnOnce(Gradients<'_>)) -> Self {
        let [input, weight, bias] = [input, weight, bias].map(unwritten);
        let mut owned = Self { input, weight, bias };
        work(Gradients { input: Some(&mut owned.input), weight: &mut owned.weight, bias: &mut owned.bias });
        owned
    }
}

/// What the pooled convolution writes.
#[derive(Debug, PartialEq)]
pub(crate) struct PooledMaps {
    pub values: Vec<f32>,
    /// Empty without training.
    pub argmax: Vec<u8>,
    /// Empty without training, and where the slopes need not be kept.
    pub slopes: Vec<f32>,
}

fn keep(is_wanted: bool) -> Keep<'static> {
    if is_wanted { Keep::ByValue } else { Keep::No }
}

fn unwritten(len: usize) -> Vec<f32> {
    vec![f32::NAN; len]
}

pub(crate) fn conv2d(
    level: Level,
    conv: &ConvShape,
    images: &[f32],
    weight: &[f32],
    bias: &[f32],
    keep_filters: bool,
) -> Vec<f32> {
    let mut out = unwritten(images.len() / conv.input_len() * conv.output_len());
    kernels::conv2d(level, conv, images, weight, bias, keep(keep_filters), &mut out);
    out
}

pub(crate) fn conv2d_backward(
    level: Level,
    conv: &ConvShape,
    images: &[f32],
    weight: &[f32],
    upstream: &[f32],
) -> Owned {
    Owned::filled_by([images.len(), weight.len(), conv.filters], |gradients| {
        kernels::conv2d_backward(level, conv, images, weight, upstream, gradients);
    })
}

pub(crate) fn conv2d_max_pool2d(
    level: Level,
    shape: &PoolShape,
    images: &[f32],
    weight: &[f32],
    bias: &[f32],
    is_training: bool,
) -> PooledMaps {
    let len = images.len() / shape.conv.input_len() * shape.output_len();
    // No place in a window of these tests is 99.
    let has_slopes = is_training && shape.slope_source() == SlopeSource::Slopes;
    let mut maps = PooledMaps {
        values: unwritten(len),
        argmax: vec![99; if is_training { len } else { 0 }],
        slopes: unwritten(if has_slopes { len } else { 0 }),
    };
    let purpose = if is_training {
        Purpose::Training(Winners { argmax: &mut maps.argmax, slopes: &mut maps.slopes })
    } else {
        Purpose::Inference(Keep::ByValue)
    };
    kernels::conv2d_max_pool2d(level, shape, images, weight, bias, &mut maps.values, purpose);
    assert!(!maps.argmax.contains(&99), "every argmax is written");
    maps
}

pub(crate) fn conv2d_max_pool2d_backward(
    level: Level,
    shape: &PoolShape,
    images: &[f32],
    weight: &[f32],
    maps: &PooledMaps,
    upstream: &[f32],
) -> Owned {
    let slope_source: &[f32] = match shape.slope_source() {
        SlopeSource::Nothing => &[],
        SlopeSource::Values => &maps.values,
        SlopeSource::Slopes => &maps.slopes,
    };
    let forward = PooledForward { argmax: &maps.argmax, slope_source };
    Owned::filled_by([images.len(), weight.len(), shape.conv.filters], |gradients| {
        kernels::conv2d_max_pool2d_backward(level, shape, images, weight, forward, upstream, gradients);
    })
}

pub(crate) fn dense(
    level: Level,
    shape: DenseShape,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    keep_weights: bool,
) -> Vec<f32> {
    let mut out = unwritten(x.len() / shape.inputs * shape.outputs);
    kernels::dense(level, shape, x, weight, bias, keep(keep_weights), &mut out);
    out
}

pub(crate) fn dense_backward(
    level: Level,
    shape: DenseShape,
    x: &[f32],
    weight: &[f32],
    upstream: &[f32],
) -> Owned {
    Owned::filled_by([x.len(), weight.len(), shape.outputs], |gradients| {
        kernels::dense_backward(level, shape, x, weight, upstream, gradients);
    })
}
