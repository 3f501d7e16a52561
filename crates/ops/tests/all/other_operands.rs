//! What the kernels do not take goes to Burn's own operators: operands of another type, and empty ones.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::module;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, FloatDType, Tensor};

use crate::agreement::devices;

/// The shape and the values of a tensor, or the words with which an operator refused its operands.
fn outcome<const D: usize>(operator: impl FnOnce() -> Tensor<D>) -> Result<(Vec<usize>, Vec<f32>), String> {
    let run = || {
        let data = operator().into_data();
        (data.shape().to_vec(), data.convert::<f32>().iter::<f32>().collect::<Vec<f32>>())
    };
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        words.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
    })
}

fn options() -> ConvOptions<2> {
    ConvOptions::new([1; 2], [1; 2], [1; 2], 1)
}

/// Which of the three operands, in order, have another type than `f32`.
const OTHER: [[bool; 3]; 5] =
    [[false, false, true], [false, true, false], [true, false, false], [true, true, true], [false; 3]];

fn tensors<const D: usize>(
    shapes: ([usize; D], [usize; D], usize),
    other: [bool; 3],
    device: &Device,
) -> (Tensor<D>, Tensor<D>, Tensor<1>) {
    fn cast<const D: usize>(tensor: Tensor<D>, is_other: bool) -> Tensor<D> {
        if is_other { tensor.cast(FloatDType::F64) } else { tensor }
    }
    let (x, weight, bias) = shapes;
    (
        cast(Tensor::ones(x, device), other[0]),
        cast(Tensor::full(weight, 2.0, device), other[1]),
        cast(Tensor::full([bias], 3.0, device), other[2]),
    )
}

#[test]
fn operands_of_another_type_are_taken_or_refused_as_by_burn() {
    for device in devices() {
        for device in [device.clone(), device.autodiff()] {
            for other in OTHER {
                let dense = || tensors(([2, 3], [3, 4], 4), other, &device);
                let ours = outcome(|| {
                    let (x, w, b) = dense();
                    ops::dense(x, w, b)
                });
                let burns = outcome(|| {
                    let (x, w, b) = dense();
                    module::linear(x, w, Some(b))
                });
                assert_eq!(ours, burns, "dense, {other:?} on {device:?}");

                let conv = || tensors(([1, 2, 4, 4], [3, 2, 3, 3], 3), other, &device);
                let ours = outcome(|| {
                    let (x, w, b) = conv();
                    ops::conv2d(x, w, b, options())
                });
                let burns = outcome(|| {
                    let (x, w, b) = conv();
                    module::conv2d(x, w, Some(b), options())
                });
                assert_eq!(ours, burns, "convolution, {other:?} on {device:?}");

                let ours = outcome(|| {
                    let (x, w, b) = conv();
                    ops::conv2d_max_pool2d(x, w, b, options(), 2, ops::Activation::None)
                });
                let burns = outcome(|| {
                    let (x, w, b) = conv();
                    let pooling = burn::tensor::ops::MaxPoolOptions::new([2; 2]);
                    module::max_pool2d(module::conv2d(x, w, Some(b), options()), pooling)
                });
                assert_eq!(ours, burns, "pooled convolution, {other:?} on {device:?}");
            }
        }
    }
}

#[test]
fn a_dense_layer_takes_empty_operands() {
    for device in devices() {
        for (n, inputs, outputs) in [(0, 3, 4), (2, 0, 4), (2, 3, 0), (0, 0, 0)] {
            let device = device.clone().autodiff();
            let (x, weight, bias) = tensors(([n, inputs], [inputs, outputs], outputs), [false; 3], &device);
            let operands = (x.require_grad(), weight.require_grad(), bias.require_grad());
            let output = ops::dense(operands.0.clone(), operands.1.clone(), operands.2.clone());
            let value = 3.0 + 2.0 * inputs as f32;
            assert_eq!(output.dims(), [n, outputs]);
            assert_eq!(output.to_data().iter::<f32>().collect::<Vec<_>>(), vec![value; n * outputs]);
            let gradients = output.sum().backward();
            let (x, weight, bias) = operands;
            let found = [
                x.grad(&gradients).unwrap().into_data(),
                weight.grad(&gradients).unwrap().into_data(),
                bias.grad(&gradients).unwrap().into_data(),
            ];
            let expected = [
                vec![2.0 * outputs as f32; n * inputs],
                vec![n as f32; inputs * outputs],
                vec![n as f32; outputs],
            ];
            assert_eq!(found.map(|data| data.iter::<f32>().collect::<Vec<_>>()), expected);
        }
    }
}

#[test]
fn empty_convolutions_are_taken_or_refused_as_by_burn() {
    for device in devices() {
        for (n, channels, filters) in [(0, 2, 3), (1, 2, 0), (1, 0, 3)] {
            let conv =
                || tensors(([n, channels, 4, 4], [filters, channels, 3, 3], filters), [false; 3], &device);
            let ours = outcome(|| {
                let (x, w, b) = conv();
                ops::conv2d(x, w, b, options())
            });
            let burns = outcome(|| {
                let (x, w, b) = conv();
                module::conv2d(x, w, Some(b), options())
            });
            assert_eq!(ours, burns, "convolution, {n} images, {channels} to {filters} on {device:?}");
        }
    }
}
