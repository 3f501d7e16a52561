//! The operators on a GPU, or on what stands in for one, against a CPU. A new shape takes long to compile there, so the cases
//! are few and chosen.

use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use ops::{Activation, Dropout, FinishOptions, PoolKind, Pooling, Stage};

use crate::finish::{Case, disagreement, values};

fn gpu() -> Device {
    Device::wgpu(DeviceKind::DefaultDevice)
}

fn cpu() -> Device {
    Device::ndarray()
}

fn pooling(kind: PoolKind, height: usize, width: usize) -> Option<Pooling> {
    Some(Pooling { kind, height, width })
}

/// Each activation, each order, each pooling; channels that fill several cubes and none; sums in one part, in several, and
/// in more than there are rows of threads to add them; windows that do not cover the maps.
fn cases() -> Vec<Case> {
    use Activation::{Gelu, None as Identity, Relu, Sigmoid, Tanh};
    use PoolKind::{Average, Max};
    use Stage::{Activate, Add, Normalize};
    let small = [2, 3, 5, 4];
    let large = [4, 40, 9, 7];
    let many_parts = [5, 33, 16, 16];
    let case = |dims, stages: &[Stage], pooling, is_of_batch, seed| Case {
        dims,
        stages: stages.to_vec(),
        pooling,
        is_of_batch,
        seed,
    };
    vec![
        case(small, &[Activate(Relu)], pooling(Max, 2, 2), false, 1),
        case(small, &[Activate(Gelu)], pooling(Max, 2, 3), false, 2),
        case(small, &[Activate(Tanh)], pooling(Average, 2, 2), false, 3),
        case(small, &[Activate(Sigmoid)], None, false, 4),
        case(small, &[Normalize, Activate(Relu)], pooling(Max, 2, 2), true, 5),
        case(small, &[Normalize, Add, Activate(Tanh)], pooling(Average, 2, 3), true, 6),
        case(small, &[Activate(Relu), Normalize, Add], None, true, 7),
        case(small, &[Add, Activate(Sigmoid), Normalize], pooling(Max, 2, 2), true, 8),
        case(small, &[Add, Normalize, Activate(Identity)], pooling(Average, 5, 4), false, 9),
        case(large, &[Normalize, Activate(Gelu)], pooling(Max, 2, 2), true, 10),
        case(large, &[Activate(Relu), Normalize], None, true, 11),
        case(large, &[], pooling(Average, 2, 2), false, 12),
        case(many_parts, &[Normalize, Activate(Relu)], None, true, 13),
    ]
}

#[test]
fn wgpu_finishes_as_burn_does() {
    for case in cases() {
        let ours = case.run(&gpu(), |operands| case.ours(operands));
        let burns = case.run(&cpu(), |operands| case.burns(operands));
        assert_eq!(disagreement(&ours, &burns), None, "{case:?}");
    }
}

/// Loss and gradient of the same logits.
fn loss(device: &Device, logits: &[f32], classes: usize, smoothing: f32) -> Vec<Vec<f32>> {
    let device = device.clone().autodiff();
    let n = logits.len() / classes;
    let logits = TensorData::new(logits.to_vec(), [n, classes]);
    let logits = (Tensor::<2>::from_data(logits, &device) * 3.0).require_grad();
    let labels: Vec<u8> = (0..n).map(|i| (i * 7 % classes) as u8).collect();
    let loss = ops::cross_entropy(logits.clone(), &labels, smoothing);
    // A gradient that comes from behind the loss.
    let gradients = (loss.clone() * 2.5).backward();
    [loss.into_data(), logits.grad(&gradients).unwrap().into_data()]
        .map(|data| data.iter::<f32>().collect())
        .into()
}

#[test]
fn wgpu_has_the_loss_of_the_cpu() {
    // No probability at all is left for one class of each image, which is not its label.
    let impossible = vec![0.5, f32::NEG_INFINITY, 2.0, f32::NEG_INFINITY, 1.0, 0.0];
    for (logits, classes, smoothing) in [
        (values(3, 50), 10, 0.0),
        (values(4, 1200), 4, 0.1),
        (values(5, 186), 62, 1.0),
        (values(6, 5), 1, 0.1),
        (impossible, 3, 0.0),
    ] {
        let [ours, cpus] = [gpu(), cpu()].map(|device| loss(&device, &logits, classes, smoothing));
        assert_eq!(disagreement(&ours, &cpus), None, "{classes} classes, {smoothing}");
        assert!(ours[0][0].is_finite(), "{classes} classes, {smoothing}");
    }
}

/// The bits of the masks are those of the CPU, for maps and for features, forward and backward. What is dropped is zero
/// without a sign, also where it was negative.
#[test]
fn wgpu_drops_what_the_cpu_drops() {
    for (key, probability, first_image) in [(11, 0.5, 3), (u64::MAX - 5, 0.25, 0), (1 << 40, 0.9, 70_000)] {
        let dropout = Dropout { key, probability, first_image };
        let dropped = |device: &Device| {
            let device = device.clone().autodiff();
            let maps = TensorData::new(values(1, 360), [3, 4, 6, 5]);
            let maps = Tensor::<4>::from_data(maps, &device).require_grad();
            let features = TensorData::new(values(2, 132), [4, 33]);
            let features = Tensor::<2>::from_data(features, &device).require_grad();
            let (of_maps, of_features) =
                (ops::dropout(maps.clone(), dropout), ops::dropout(features.clone(), dropout));
            let options = FinishOptions {
                pooling: pooling(PoolKind::Max, 2, 2),
                dropout: Some(dropout),
                ..FinishOptions::default()
            };
            let pooled = ops::finish(maps.clone(), None, None, options);
            let sum = of_maps.clone().sum() + of_features.clone().sum() + pooled.clone().sum();
            let gradients = sum.neg().backward();
            let read = |data: TensorData| data.iter::<f32>().map(f32::to_bits).collect::<Vec<_>>();
            [
                read(of_maps.into_data()),
                read(of_features.into_data()),
                read(pooled.into_data()),
                read(maps.grad(&gradients).unwrap().into_data()),
                read(features.grad(&gradients).unwrap().into_data()),
            ]
        };
        assert_eq!(dropped(&gpu()), dropped(&cpu()), "{dropout:?}");
    }
}

/// The pooled convolution, with the gradients of all three operands.
#[test]
fn wgpu_convolves_and_pools_as_the_cpu_does() {
    let run = |device: &Device, activation| {
        let device = device.clone().autodiff();
        let tensor = |seed, dims: [usize; 4]| {
            let data = TensorData::new(values(seed, dims.iter().product()), dims);
            Tensor::<4>::from_data(data, &device).require_grad()
        };
        let (maps, weight) = (tensor(1, [2, 3, 7, 6]), tensor(2, [5, 3, 3, 3]));
        let bias = Tensor::<1>::from_data(TensorData::new(values(3, 5), [5]), &device).require_grad();
        let options = ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
        let operands = (maps.clone(), weight.clone(), bias.clone());
        let pooled = ops::conv2d_max_pool2d(operands.0, operands.1, operands.2, options, 2, activation);
        let gradients = (pooled.clone() * tensor(4, pooled.dims())).sum().backward();
        [
            pooled.into_data(),
            maps.grad(&gradients).unwrap().into_data(),
            weight.grad(&gradients).unwrap().into_data(),
            bias.grad(&gradients).unwrap().into_data(),
        ]
        .map(|data| data.iter::<f32>().collect::<Vec<_>>())
    };
    for activation in [Activation::Relu, Activation::None, Activation::Gelu] {
        let [ours, cpus] = [gpu(), cpu()].map(|device| run(&device, activation));
        assert_eq!(disagreement(&ours, &cpus), None, "{activation:?}");
    }
}
