//! Access to the CPU backends' tensors as slices, and tensors made from values.

use std::borrow::Cow;

#[cfg(feature = "ndarray")]
use burn::backend::ndarray::{NdArrayTensor, SharedArray};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
#[cfg(feature = "flex")]
use burn::tensor::TensorData;
use kernels::{Owner, transpose, unwritten};

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

    /// The values of an `f32` tensor, if they lie in row order from the start of its memory. They are copied
    /// first if another tensor has the same memory.
    fn slice_mut(tensor: &mut FloatTensor<Self>) -> Option<&mut [f32]>;

    /// A tensor that takes over the values. Unlike `float_from_data` it does not look at each of them.
    fn from_values<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FloatTensor<Self>;

    /// The feature maps with their axes in another order, without a copy.
    fn permuted(maps: FloatTensor<Self>, axes: [usize; 4]) -> FloatTensor<Self>;

    /// A tensor that takes over the values, on the device of another tensor. A CPU backend has one device.
    fn tensor<const D: usize>(
        values: Vec<f32>,
        shape: [usize; D],
        _like: &FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        Self::from_values(values, shape)
    }

    /// The tensor after `change` has changed its values, in its own memory if nothing else holds it.
    fn changed(mut tensor: FloatTensor<Self>, change: impl FnOnce(&mut [f32])) -> FloatTensor<Self> {
        if let Some(values) = Self::slice_mut(&mut tensor) {
            change(values);
            return tensor;
        }
        let mut values = Self::copied(&tensor);
        change(&mut values);
        let flat = Self::from_values(values, [tensor.shape().num_elements()]);
        Self::float_reshape(flat, tensor.shape())
    }
}

#[cfg(feature = "ndarray")]
impl CpuTensors for burn::backend::NdArray {
    fn slice(tensor: &FloatTensor<Self>) -> Option<&[f32]> {
        match tensor {
            NdArrayTensor::F32(storage) => storage.view().to_slice(),
            _ => None,
        }
    }

    fn copied(tensor: &FloatTensor<Self>) -> Vec<f32> {
        match tensor {
            NdArrayTensor::F32(storage) => storage.view().iter().copied().collect(),
            other => panic!("an f32 tensor was checked for, found {:?}", other.dtype()),
        }
    }

    fn slice_mut(tensor: &mut FloatTensor<Self>) -> Option<&mut [f32]> {
        match tensor {
            NdArrayTensor::F32(storage) => storage.ensure_owned().as_slice_mut(),
            _ => None,
        }
    }

    fn from_values<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FloatTensor<Self> {
        match SharedArray::from_shape_vec(shape.as_slice(), values) {
            Ok(array) => NdArrayTensor::from(array),
            Err(error) => panic!("a tensor of shape {shape:?}: {error}"),
        }
    }

    fn permuted(maps: FloatTensor<Self>, axes: [usize; 4]) -> FloatTensor<Self> {
        match maps {
            NdArrayTensor::F32(storage) => {
                NdArrayTensor::from(storage.into_shared().permuted_axes(axes.as_slice()))
            }
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

    fn slice_mut(tensor: &mut FloatTensor<Self>) -> Option<&mut [f32]> {
        let is_whole = Self::slice(tensor).is_some_and(|values| values.len() * 4 == tensor.bytes().len());
        is_whole.then(|| tensor.storage_mut::<f32>())
    }

    fn from_values<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FloatTensor<Self> {
        burn::backend::flex::FlexTensor::from_data(TensorData::new(values, shape))
    }

    fn permuted(maps: FloatTensor<Self>, axes: [usize; 4]) -> FloatTensor<Self> {
        maps.permute(&axes)
    }
}

/// A tensor whose memory the kernels may rely on. It shares the memory with the tensors that it was cloned from, and
/// what changes one of those copies the memory first, because it is shared.
struct Held<B: CpuTensors>(FloatTensor<B>);

impl<B: CpuTensors> Owner for Held<B> {
    fn values(&self) -> &[f32] {
        B::slice(&self.0).unwrap_or_default()
    }
}

/// Holds weights for the kernels. Weights that do not lie in row order are copied.
pub(crate) fn held<B: CpuTensors>(weight: &FloatTensor<B>) -> Box<dyn Owner> {
    match B::slice(weight) {
        Some(_) => Box::new(Held::<B>(weight.clone())),
        None => Box::new(B::copied(weight)),
    }
}

/// Feature maps `[n, channels, height, width]` as `[n, height, width, channels]` in row order. Those that
/// came from [`from_channels_last`] are not copied.
pub(crate) fn channels_last<B: CpuTensors>(maps: FloatTensor<B>) -> FloatTensor<B> {
    let [n, channels, height, width] = shape::<B>(&maps);
    let last = B::permuted(maps.clone(), [0, 2, 3, 1]);
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
    B::permuted(B::tensor(values, [n, height, width, channels], like), [0, 3, 1, 2])
}

/// Feature maps `[n, channels, height, width]` as `[n, channels * height * width]` in row order.
pub(crate) fn flattened<B: CpuTensors>(maps: FloatTensor<B>) -> FloatTensor<B> {
    let [n, channels, height, width] = shape::<B>(&maps);
    let flat = [n, channels * height * width];
    let last = B::permuted(maps.clone(), [0, 2, 3, 1]);
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
    let mut out = unwritten(values.len());
    transpose(values, rows, columns, &mut out);
    out
}
