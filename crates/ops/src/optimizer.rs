//! An optimizer's step for one parameter, sums of squares, and averages of weights, on tensors.

use burn::tensor::Tensor;
use kernels::{Level, Step};

#[cfg(any(feature = "ndarray", feature = "flex"))]
use burn::backend::tensor::FloatTensor;
#[cfg(any(feature = "ndarray", feature = "flex"))]
use burn::backend::{BackendTensor, DispatchTensor, DispatchTensorKind};

#[cfg(any(feature = "ndarray", feature = "flex"))]
use crate::slices::CpuTensors;
use crate::values::on_host;

/// Takes a step for a parameter on the CPU: changes `parameter` by its `gradient`, and the values that the
/// optimizer keeps for it. The parameter's memory is reused if nothing else holds it.
///
/// `kept` are as many slices of the parameter's length as [`kernels::Rule::kept`] says, and empty slices beside
/// them; `decay` is the strength of the weight decay.
///
/// # Panics
/// If the tensors are not on the same CPU backend or differ in their lengths.
pub fn update_parameter<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    step: &Step,
    decay: f32,
    kept: [&mut [f32]; 2],
) -> Tensor<D> {
    #[cfg(any(feature = "ndarray", feature = "flex"))]
    {
        let DispatchTensor { kind, autodiff } = parameter.into_dispatch();
        let kind = match (kind, gradient.into_dispatch().kind) {
            #[cfg(feature = "ndarray")]
            (DispatchTensorKind::NdArray(parameter), DispatchTensorKind::NdArray(gradient)) => {
                let (parameter, gradient) = (parameter.float(), gradient.float());
                let updated = update::<burn::backend::NdArray>(parameter, &gradient, step, decay, kept);
                DispatchTensorKind::NdArray(BackendTensor::Float(updated))
            }
            #[cfg(feature = "flex")]
            (DispatchTensorKind::Flex(parameter), DispatchTensorKind::Flex(gradient)) => {
                let (parameter, gradient) = (parameter.float(), gradient.float());
                let updated = update::<burn::backend::Flex>(parameter, &gradient, step, decay, kept);
                DispatchTensorKind::Flex(BackendTensor::Float(updated))
            }
            _ => panic!("a parameter and its gradient on one CPU backend"),
        };
        Tensor::from_dispatch(DispatchTensor { kind, autodiff })
    }
    #[cfg(not(any(feature = "ndarray", feature = "flex")))]
    {
        let _ = (parameter, gradient, step, decay, kept);
        panic!("a CPU backend, which is not in this program")
    }
}

#[cfg(any(feature = "ndarray", feature = "flex"))]
fn update<B: CpuTensors>(
    parameter: FloatTensor<B>,
    gradient: &FloatTensor<B>,
    step: &Step,
    decay: f32,
    kept: [&mut [f32]; 2],
) -> FloatTensor<B> {
    B::changed(parameter, |parameter| {
        kernels::update(Level::best(), step, decay, parameter, &B::values(gradient), kept);
    })
}

/// The sum of the squares of a tensor's values. On the CPU the squares are exact.
pub fn sum_of_squares<const D: usize>(tensor: Tensor<D>) -> f64 {
    on_host(&tensor, |values| kernels::sum_of_squares(Level::best(), values))
        .unwrap_or_else(|| f64::from(tensor.square().sum().into_scalar::<f32>()))
}

/// Moves each value of `averages` towards that of `values` by `share` of the distance between them. The
/// averages' memory is reused if nothing else holds it.
///
/// # Panics
/// If the shapes differ.
pub fn average<const D: usize>(averages: Tensor<D>, values: Tensor<D>, share: f32) -> Tensor<D> {
    #[cfg(any(feature = "ndarray", feature = "flex"))]
    {
        let DispatchTensor { kind, autodiff } = averages.into_dispatch();
        let DispatchTensor { kind: values, autodiff: values_autodiff } = values.into_dispatch();
        let (kind, values) = match (kind, values) {
            #[cfg(feature = "ndarray")]
            (
                DispatchTensorKind::NdArray(BackendTensor::Float(averages)),
                DispatchTensorKind::NdArray(BackendTensor::Float(values)),
            ) => {
                let averages = averaged::<burn::backend::NdArray>(averages, &values, share);
                let kind = DispatchTensorKind::NdArray(BackendTensor::Float(averages));
                return Tensor::from_dispatch(DispatchTensor { kind, autodiff });
            }
            #[cfg(feature = "flex")]
            (
                DispatchTensorKind::Flex(BackendTensor::Float(averages)),
                DispatchTensorKind::Flex(BackendTensor::Float(values)),
            ) => {
                let averages = averaged::<burn::backend::Flex>(averages, &values, share);
                let kind = DispatchTensorKind::Flex(BackendTensor::Float(averages));
                return Tensor::from_dispatch(DispatchTensor { kind, autodiff });
            }
            others => others,
        };
        composed_average(
            Tensor::<D>::from_dispatch(DispatchTensor { kind, autodiff }),
            Tensor::from_dispatch(DispatchTensor { kind: values, autodiff: values_autodiff }),
            share,
        )
    }
    #[cfg(not(any(feature = "ndarray", feature = "flex")))]
    composed_average(averages, values, share)
}

fn composed_average<const D: usize>(averages: Tensor<D>, values: Tensor<D>, share: f32) -> Tensor<D> {
    averages.clone() + (values - averages) * share
}

#[cfg(any(feature = "ndarray", feature = "flex"))]
fn averaged<B: CpuTensors>(averages: FloatTensor<B>, values: &FloatTensor<B>, share: f32) -> FloatTensor<B> {
    B::changed(averages, |averages| kernels::average(Level::best(), share, &B::values(values), averages))
}
