//! Tensors made from values on the host, without Burn's check of each value.

use burn::tensor::{Device, Tensor, TensorData};

#[cfg(any(feature = "ndarray", feature = "flex"))]
use burn::backend::{
    BackendTensor, DispatchAutodiffContext, DispatchDevice, DispatchTensor, DispatchTensorKind,
};

#[cfg(any(feature = "ndarray", feature = "flex"))]
use crate::slices::CpuTensors;

/// A tensor that holds these values in row order. On the CPU it takes over their memory.
///
/// # Panics
/// If there are not as many values as the shape has places.
pub fn from_values<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    assert_eq!(values.len(), shape.iter().product::<usize>(), "a tensor of shape {shape:?}");
    #[cfg(any(feature = "ndarray", feature = "flex"))]
    {
        let kind = match on_hardware(device.as_dispatch()) {
            #[cfg(feature = "ndarray")]
            DispatchDevice::NdArray(_) => DispatchTensorKind::NdArray(BackendTensor::Float(
                burn::backend::NdArray::from_values(values, shape),
            )),
            #[cfg(feature = "flex")]
            DispatchDevice::Flex(_) => DispatchTensorKind::Flex(BackendTensor::Float(
                burn::backend::Flex::from_values(values, shape),
            )),
            #[allow(unreachable_patterns, reason = "without wgpu there is no other device")]
            _ => return Tensor::from_data(TensorData::new(values, shape), device),
        };
        let tensor =
            Tensor::from_dispatch(DispatchTensor { kind, autodiff: DispatchAutodiffContext::Disabled });
        if device.is_autodiff() { Tensor::from_inner(tensor) } else { tensor }
    }
    #[cfg(not(any(feature = "ndarray", feature = "flex")))]
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Reads the values of a tensor on the CPU, in row order. `None` if the tensor is elsewhere, or has autodiff.
pub fn on_host<const D: usize, R>(tensor: &Tensor<D>, read: impl FnOnce(&[f32]) -> R) -> Option<R> {
    #[cfg(any(feature = "ndarray", feature = "flex"))]
    match tensor.clone().into_dispatch().kind {
        #[cfg(feature = "ndarray")]
        DispatchTensorKind::NdArray(BackendTensor::Float(tensor)) => {
            return Some(read(&burn::backend::NdArray::values(&tensor)));
        }
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(BackendTensor::Float(tensor)) => {
            return Some(read(&burn::backend::Flex::values(&tensor)));
        }
        _ => (),
    }
    #[cfg(not(any(feature = "ndarray", feature = "flex")))]
    let _ = (tensor, read);
    None
}

/// Whether a device's tensors lie in the main memory, so that the kernels compute on them.
pub fn is_cpu(device: &Device) -> bool {
    #[cfg(any(feature = "ndarray", feature = "flex"))]
    match on_hardware(device.as_dispatch()) {
        #[cfg(feature = "ndarray")]
        DispatchDevice::NdArray(_) => return true,
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => return true,
        #[allow(unreachable_patterns, reason = "without wgpu there is no other device")]
        _ => (),
    }
    #[cfg(not(any(feature = "ndarray", feature = "flex")))]
    let _ = device;
    false
}

/// The device on which a device with autodiff computes, or the device itself.
#[cfg(any(feature = "ndarray", feature = "flex"))]
fn on_hardware(device: &DispatchDevice) -> &DispatchDevice {
    match device {
        DispatchDevice::Autodiff(device) => device,
        device => device,
    }
}
