//! Activations, dense layers with activations, and the cross-entropy against the same composed from Burn's operators.

use burn::tensor::{Device, Tensor, TensorData, activation};
use ops::Activation;
use proptest::prelude::*;

use crate::agreement::devices;
use crate::cases::{Case, drawn};

const ALL: [Activation; 5] =
    [Activation::None, Activation::Relu, Activation::Gelu, Activation::Tanh, Activation::Sigmoid];

fn composed<const D: usize>(x: Tensor<D>, function: Activation) -> Tensor<D> {
    match function {
        Activation::None => x,
        Activation::Relu => activation::relu(x),
        // The derivative of Burn's own GELU is that of an approximation, and wrong by up to 3e-4.
        Activation::Gelu => x.clone() * ((x * std::f32::consts::FRAC_1_SQRT_2).erf() + 1.0) * 0.5,
        Activation::Tanh => activation::tanh(x),
        Activation::Sigmoid => activation::sigmoid(x),
    }
}

/// Numbers from -4 to 4.
fn numbers(count: usize) -> Vec<f32> {
    Case::same(count, 1, 1, 1, 1).numbers(false).images.iter().map(|x| 8.0 * x).collect()
}

fn leaf<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let values = numbers(shape.iter().product());
    Tensor::from_data(TensorData::new(values, shape), &device.clone().autodiff()).require_grad()
}

/// The values of an output, and the gradients of the leaves.
fn results<const D: usize>(output: Tensor<D>, leaves: &[Tensor<2>]) -> Vec<Vec<f32>> {
    let values = |data: TensorData| data.iter::<f32>().collect::<Vec<f32>>();
    let shape = output.dims();
    let upstream = numbers(shape.iter().product());
    let upstream = Tensor::from_data(TensorData::new(upstream, shape), &output.device());
    let gradients = (output.clone() * upstream).sum().backward();
    let leaves = leaves.iter().map(|leaf| values(leaf.grad(&gradients).unwrap().into_data()));
    std::iter::once(values(output.into_data())).chain(leaves).collect()
}

fn assert_close(ours: &[Vec<f32>], burns: &[Vec<f32>], what: &str) {
    assert_eq!(ours.len(), burns.len(), "{what}");
    for (ours, burns) in ours.iter().zip(burns) {
        assert_eq!(ours.len(), burns.len(), "{what}");
        // Sums may cancel, but their rounding errors are as large as the largest of them make likely.
        let largest = burns.iter().fold(1.0f32, |most, x| most.max(x.abs()));
        for (ours, burns) in ours.iter().zip(burns) {
            assert!((ours - burns).abs() <= 2e-5 * largest, "{what}: {ours} and {burns}");
        }
    }
}

#[test]
fn activations_agree() {
    for device in devices() {
        for function in ALL {
            let run = |operator: &dyn Fn(Tensor<2>) -> Tensor<2>| {
                let x = leaf([7, 33], &device);
                results(operator(x.clone()), &[x])
            };
            let ours = run(&|x| ops::activate(x, function));
            assert_close(&ours, &run(&|x| composed(x, function)), &format!("{function:?}"));
            // Feature maps in both orders.
            for is_channels_last in [false, true] {
                let run = |operator: &dyn Fn(Tensor<4>) -> Tensor<4>| {
                    let x = leaf([6, 60], &device);
                    // [6, 60] -> [2, 3, 10, 6], or its channels last
                    let maps = match is_channels_last {
                        true => x.clone().reshape([2, 10, 6, 3]).permute([0, 3, 1, 2]),
                        false => x.clone().reshape([2, 3, 10, 6]),
                    };
                    results(operator(maps), &[x])
                };
                let ours = run(&|x| ops::activate(x, function));
                assert_close(&ours, &run(&|x| composed(x, function)), &format!("{function:?} of maps"));
            }
            // Without autodiff.
            let x = leaf([5, 3], &device).inner();
            let ours = ops::activate(x.clone(), function).into_data();
            ours.assert_approx_eq::<f32>(
                &composed(x, function).into_data(),
                burn::tensor::Tolerance::default(),
            );
        }
    }
}

fn dense_layers_agree(function: Activation, [n, inputs, outputs]: [usize; 3], device: &Device) {
    let run = |operator: &dyn Fn(Tensor<2>, Tensor<2>, Tensor<1>) -> Tensor<2>| {
        let (x, weight) = (leaf([n, inputs], device), leaf([inputs, outputs], device) * 0.1);
        let (weight, bias) = (weight.detach().require_grad(), leaf([1, outputs], device));
        // [1, outputs] -> [outputs]
        let output = operator(x.clone(), weight.clone(), bias.clone().reshape([outputs]));
        results(output, &[x, weight, bias])
    };
    let ours = run(&|x, w, b| ops::dense_activated(x, w, b, function));
    let burns = run(&|x, w, b| composed(x.matmul(w) + b.unsqueeze(), function));
    assert_close(&ours, &burns, &format!("{function:?}, {n} rows of {inputs} to {outputs}"));
}

fn cross_entropies_agree(smoothing: f32, [n, classes]: [usize; 2], device: &Device) {
    let labels: Vec<u8> = (0..n).map(|i| (i * 7 % classes) as u8).collect();
    let run = |operator: &dyn Fn(Tensor<2>) -> Tensor<1>| {
        let logits = leaf([n, classes], device);
        results(operator(logits.clone()), &[logits])
    };
    let ours = run(&|logits| ops::cross_entropy(logits, &labels, smoothing));
    let burns = run(&|logits| {
        let mut target = vec![smoothing / classes as f32; n * classes];
        for (row, label) in target.chunks_mut(classes).zip(&labels) {
            row[usize::from(*label)] += 1.0 - smoothing;
        }
        let target = Tensor::<2>::from_data(TensorData::new(target, [n, classes]), &logits.device());
        -(activation::log_softmax(logits, 1) * target).sum() / n as f32
    });
    assert_close(&ours, &burns, &format!("the loss of {n} rows of {classes}, smoothing {smoothing}"));
}

proptest! {
    #![proptest_config(drawn(200))]

    #[test]
    fn dense_layers_with_activations_agree_for_all_shapes(
        function in prop::sample::select(ALL.to_vec()), n in 1usize..40, inputs in 1usize..70, outputs in 1usize..70,
    ) {
        devices().iter().for_each(|device| dense_layers_agree(function, [n, inputs, outputs], device));
    }

    #[test]
    fn cross_entropies_agree_for_all_shapes(
        smoothing in prop_oneof![Just(0.0f32), Just(1.0), 0.0f32..1.0], n in 1usize..140, classes in 1usize..70,
    ) {
        devices().iter().for_each(|device| cross_entropies_agree(smoothing, [n, classes], device));
    }
}
