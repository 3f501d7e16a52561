//! Access to the CPU backends' tensors as slices, and tensors made from values.

use std::borrow::Cow;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::TensorData;
use kernels::transpose;

use crate::operators::shape;

/// A backend whose tensors lie in the main memory.
pub(crate) trait CpuTensors: Backend {
    /// The values of an `f32` tensor, if they lie in row order.
    fn slice(tensor: &FloatTensor<Self>) -> Option<&[f32]>;

    /// A copy of the values of an `f32` tensor in row order.
    fn copied(tensor: &FloatTensor<Self>) -> Vec<f32>;

    /// The values of an `f32` tensor in row order, which are copied only if they lie in another order.
    fn values(tensor: &FloatTensor<Self>) -> Cow<'_, [f32]> {
        Self::slice(tensor).map_or_else(|| Cow::Owned(Self::copied(tensor)), Cow::Borrowed)
    }

    /// A tensor that takes over the values.
    fn tensor<const D: usize>(
        values: Vec<f32>,
        shape: [usize; D],
        like: &FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        Self::float_from_data(TensorData::new(values, shape), &like.device())
    }
}

#[cfg(feature = "ndarray")]
impl CpuTensors for burn::backend::NdArray {
    fn slice(tensor: &FloatTensor<Self>) -> Option<&[f32]> {
        match tensor {
            burn::backend::ndarray::NdArrayTensor::F32(storage) => storage.view().to_slice(),
            _ => None,
        }
    }

    fn copied(tensor: &FloatTensor<Self>) -> Vec<f32> {
        match tensor {
            burn::backend::ndarray::NdArrayTensor::F32(storage) => storage.view().iter().copied().collect(),
            other => panic!("an f32 tensor was checked for, found {:?}", other.dtype()),
        }
    }
}

#[cfg(feature = "flex")]
impl CpuTensors for burn::backend::Flex {
    fn slice(tensor: &FloatTensor<Self>) -> Option<&[f32]> {
        if tensor.dtype() == burn::tensor::DType::F32 { tensor.as_slice::<f32>() } else { None }
    }

    fn copied(tensor: &FloatTensor<Self>) -> Vec<f32> {
        tensor.to_contiguous().as_slice::<f32>().map(<[f32]>::to_vec).unwrap_or_default()
    }
}

/// Feature maps `[n, channels, height, width]` as `[n, height, width, channels]` in row order. Those that
/// came from [`from_channels_last`] are not copied.
pub(crate) fn channels_last<B: CpuTensors>(maps: FloatTensor<B>) -> FloatTensor<B> {
    let [n, channels, height, width] = shape::<B>(&maps);
    let last = B::float_permute(maps.clone(), &[0, 2, 3, 1]);
    if B::slice(&last).is_some() {
        return last;
    }
    let values = transposed(&B::values(&maps), channels, height * width);
    B::tensor(values, [n, height, width, channels], &maps)
}

/// Values `[n, height, width, channels]` as feature maps `[n, channels, height, width]`, without a copy.
pub(crate) fn from_channels_last<B: CpuTensors>(
    values: Vec<f32>,
    shape: [usize; 4],
    like: &FloatTensor<B>,
) -> FloatTensor<B> {
    let [n, channels, height, width] = shape;
    B::float_permute(B::tensor(values, [n, height, width, channels], like), &[0, 3, 1, 2])
}

/// Feature maps `[n, channels, height, width]` as `[n, channels * height * width]` in row order.
pub(crate) fn flattened<B: CpuTensors>(maps: FloatTensor<B>) -> FloatTensor<B> {
    let [n, channels, height, width] = shape::<B>(&maps);
    let flat = [n, channels * height * width];
    let last = B::float_permute(maps.clone(), &[0, 2, 3, 1]);
    match B::slice(&last) {
        // With one channel or one pixel both orders are the same, so a copy is not needed.
        Some(values) if channels > 1 && height * width > 1 => {
            B::tensor(transposed(values, height * width, channels), flat, &maps)
        }
        _ => B::float_reshape(maps, flat.into()),
    }
}

/// The values with each image's `[rows, columns]` turned into `[columns, rows]`.
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    transpose(values, rows, columns, &mut out);
    out
}
