//! With gradients the operators run through the same kernels as without. A fallback to Burn's operators would give nearly
//! the same values and gradients, and would only be slow.

use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData, activation, module};
use ops::{Activation, PoolKind, Pooling, Stage};

use crate::agreement::devices;
use crate::finish::{Case, values};

/// Makes the operands, with gradients or without.
struct Operands {
    device: Device,
    have_gradients: bool,
}

impl Operands {
    fn new(device: &Device, have_gradients: bool) -> Self {
        let device = device.clone();
        Self { device: if have_gradients { device.autodiff() } else { device }, have_gradients }
    }

    fn tensor<const D: usize>(&self, seed: u32, shape: [usize; D]) -> Tensor<D> {
        let data = TensorData::new(values(seed, shape.iter().product()), shape);
        let tensor = Tensor::from_data(data, &self.device);
        if self.have_gradients { tensor.require_grad() } else { tensor }
    }

    /// So wide, and so many images, that the kernels convolve by Winograd's filtering, which rounds otherwise than any sum
    /// of products. Fewer channels give the bits of Burn's convolution on flex, which adds products in the same order.
    fn of_convolution(&self) -> (Tensor<4>, Tensor<4>, Tensor<1>) {
        (self.tensor(1, [48, 32, 12, 8]), self.tensor(2, [32, 32, 3, 3]), self.tensor(3, [32]))
    }

    fn of_finish(&self) -> (Tensor<4>, Tensor<4>, [Tensor<1>; 2]) {
        let [maps, shortcut] = [1, 2].map(|seed| self.tensor(seed, FINISH));
        (maps, shortcut, [3, 4].map(|seed| self.tensor(seed, [FINISH[1]])))
    }

    fn of_dense(&self) -> (Tensor<2>, Tensor<2>, Tensor<1>) {
        (self.tensor(1, [6, 100]), self.tensor(2, [100, 33]), self.tensor(3, [33]))
    }
}

const FINISH: [usize; 4] = [3, 5, 6, 4];
const LABELS: [u8; 6] = [2, 0, 9, 9, 5, 1];
const SMOOTHING: f32 = 0.1;

fn options() -> ConvOptions<2> {
    ConvOptions::new([1; 2], [1; 2], [1; 2], 1)
}

fn finish() -> Case {
    Case {
        dims: FINISH,
        stages: vec![Stage::Normalize, Stage::Add, Stage::Activate(Activation::Tanh)],
        pooling: Some(Pooling { kind: PoolKind::Average, height: 2, width: 2 }),
        is_of_batch: true,
        seed: 3,
    }
}

/// One loss for each image, so that there are some values to compare.
fn losses(logits: Tensor<2>, loss: impl Fn(Tensor<2>, u8) -> Tensor<1>) -> Tensor<1> {
    let each = (0..LABELS.len()).map(|i| loss(logits.clone().slice([i..i + 1, 0..10]), LABELS[i]));
    Tensor::cat(each.collect(), 0)
}

fn burns_loss(logits: Tensor<2>, label: u8) -> Tensor<1> {
    let mut target = vec![SMOOTHING / 10.0; 10];
    target[usize::from(label)] += 1.0 - SMOOTHING;
    let target = Tensor::<2>::from_data(TensorData::new(target, [1, 10]), &logits.device());
    -(activation::log_softmax(logits, 1) * target).sum()
}

fn bits<const D: usize>(output: Tensor<D>) -> Vec<u32> {
    output.into_data().iter::<f32>().map(f32::to_bits).collect()
}

/// The bits of an operator's output.
type Output = fn(&Operands) -> Vec<u32>;

/// Each operator of this crate, and the same composed from Burn's.
const OPERATORS: [(&str, Output, Output); 6] = [
    (
        "convolution",
        |operands| {
            let (x, w, b) = operands.of_convolution();
            bits(ops::conv2d(x, w, b, options()))
        },
        |operands| {
            let (x, w, b) = operands.of_convolution();
            bits(module::conv2d(x, w, Some(b), options()))
        },
    ),
    (
        "pooled convolution",
        |operands| {
            let (x, w, b) = operands.of_convolution();
            bits(ops::conv2d_max_pool2d(x, w, b, options(), 2, Activation::Sigmoid))
        },
        |operands| {
            let (x, w, b) = operands.of_convolution();
            let maps = activation::sigmoid(module::conv2d(x, w, Some(b), options()));
            bits(module::max_pool2d(maps, MaxPoolOptions::new([2; 2])))
        },
    ),
    (
        "statistics, normalization, shortcut, activation and average pooling",
        |operands| bits(finish().ours(operands.of_finish())),
        |operands| bits(finish().burns(operands.of_finish())),
    ),
    (
        "dense layer",
        |operands| {
            let (x, w, b) = operands.of_dense();
            bits(ops::dense_activated(x, w, b, Activation::Tanh))
        },
        |operands| {
            let (x, w, b) = operands.of_dense();
            bits(activation::tanh(x.matmul(w) + b.unsqueeze()))
        },
    ),
    (
        "activation",
        |operands| bits(ops::activate(operands.tensor(1, [6, 100]), Activation::Sigmoid)),
        |operands| bits(activation::sigmoid(operands.tensor::<2>(1, [6, 100]))),
    ),
    (
        "cross-entropy",
        |operands| {
            let logits = operands.tensor(1, [LABELS.len(), 10]);
            bits(losses(logits, |logits, label| ops::cross_entropy(logits, &[label], SMOOTHING)))
        },
        |operands| bits(losses(operands.tensor(1, [LABELS.len(), 10]), burns_loss)),
    ),
];

#[test]
fn operators_with_gradients_run_through_the_kernels() {
    for device in devices() {
        let [without, with] = [false, true].map(|have| Operands::new(&device, have));
        for (name, ours, burns) in OPERATORS {
            let expected = ours(&without);
            assert!(ours(&with) == expected, "{name} on {device:?}");
            assert!(
                burns(&with) != expected,
                "{name} on {device:?}: Burn's rounds alike, so choose other numbers"
            );
        }
    }
}
