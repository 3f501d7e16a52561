//! The CPU backends' tensors as slices, and back.

use std::borrow::Cow;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::TensorData;
use rayon::prelude::*;

use crate::operators::shape;

/// A backend whose tensors lie in the processor's memory.
pub(crate) trait Host: Backend {
    /// The values of an `f32` tensor if they lie in row order, without a copy.
    fn slice(tensor: &FloatTensor<Self>) -> Option<&[f32]>;

    /// The values of an `f32` tensor in row order.
    fn copied(tensor: &FloatTensor<Self>) -> Vec<f32>;

    /// The values of an `f32` tensor in row order, copied only if they lie in another.
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
impl Host for burn::backend::NdArray {
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
impl Host for burn::backend::Flex {
    fn slice(tensor: &FloatTensor<Self>) -> Option<&[f32]> {
        if tensor.dtype() == burn::tensor::DType::F32 { tensor.as_slice::<f32>() } else { None }
    }

    fn copied(tensor: &FloatTensor<Self>) -> Vec<f32> {
        tensor.to_contiguous().as_slice::<f32>().map(<[f32]>::to_vec).unwrap_or_default()
    }
}

/// Maps `[n, channels, height, width]` as `[n, height, width, channels]`, in row order: without
/// a copy if they came from [`from_channels_last`].
pub(crate) fn channels_last<B: Host>(maps: FloatTensor<B>) -> FloatTensor<B> {
    let [n, channels, height, width] = shape::<B>(&maps);
    let last = B::float_permute(maps.clone(), &[0, 2, 3, 1]);
    if B::slice(&last).is_some() {
        return last;
    }
    let values = transpose(&B::values(&maps), channels, height * width);
    B::tensor(values, [n, height, width, channels], &maps)
}

/// Values `[n, height, width, channels]` as maps `[n, channels, height, width]`, without a copy.
pub(crate) fn from_channels_last<B: Host>(
    values: Vec<f32>,
    shape: [usize; 4],
    like: &FloatTensor<B>,
) -> FloatTensor<B> {
    let [n, channels, height, width] = shape;
    B::float_permute(B::tensor(values, [n, height, width, channels], like), &[0, 3, 1, 2])
}

/// Maps `[n, channels, height, width]` as `[n, channels * height * width]`, in row order.
pub(crate) fn flat<B: Host>(maps: FloatTensor<B>) -> FloatTensor<B> {
    let [n, channels, height, width] = shape::<B>(&maps);
    let flat = [n, channels * height * width];
    let last = B::float_permute(maps.clone(), &[0, 2, 3, 1]);
    match B::slice(&last) {
        // With one channel or one pixel both orders are the same.
        Some(values) if channels > 1 && height * width > 1 => {
            B::tensor(transpose(values, height * width, channels), flat, &maps)
        }
        _ => B::float_reshape(maps, flat.into()),
    }
}

/// Turns each picture's `[rows, columns]` into `[columns, rows]`.
///
/// With pixels and channels as rows and columns this goes from channels last to channels
/// first, and with channels and pixels it goes back.
fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let picture = (rows * columns).max(1);
    let mut out = vec![0.0; values.len()];
    out.par_chunks_exact_mut(picture).zip(values.par_chunks_exact(picture)).for_each(|(out, values)| {
        // A few columns at a time: their lines stay in the cache until they are used up.
        for (i, out) in out.chunks_mut(8 * rows).enumerate() {
            let width = out.len() / rows;
            for (row, values) in values.chunks_exact(columns).enumerate() {
                for (column, value) in values[8 * i..][..width].iter().enumerate() {
                    out[column * rows + row] = *value;
                }
            }
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_picture_is_transposed_by_itself() {
        assert_eq!(transpose(&[1., 2., 3., 4., 5., 6.], 3, 1), [1., 2., 3., 4., 5., 6.]);
        assert_eq!(transpose(&[1., 2., 3., 4., 5., 6., 7., 8.], 2, 2), [1., 3., 2., 4., 5., 7., 6., 8.]);
        let values: Vec<f32> = (0..2 * 7 * 19).map(|i| i as f32).collect();
        assert_eq!(transpose(&transpose(&values, 7, 19), 19, 7), values);
        assert_eq!(transpose(&values, 7, 19)[3 * 7 + 2], (2 * 19 + 3) as f32);
    }
}
