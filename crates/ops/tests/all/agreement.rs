//! The operators against the same thing composed from Burn's.

use burn::tensor::module;
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData, activation};
use ops::Activation;
use proptest::prelude::*;

use crate::cases::{Case, Numbers, case, drawn};
use crate::reference::doubles;

/// The output, and the gradients of feature maps, weights and biases.
type Results = [Vec<f32>; 4];
type Operator<'a> = &'a dyn Fn(Tensor<4>, Tensor<4>, Tensor<1>) -> Tensor<4>;

impl Case {
    fn options(&self) -> ConvOptions<2> {
        let (conv, [bottom, right]) = (&self.shape.conv, self.after);
        let padding = [(conv.top, bottom), (conv.left, right)];
        ConvOptions::new_with_padding([conv.stride; 2], padding, [1; 2], conv.groups)
    }

    /// Whether every maximum is so much larger than the next value that rounding cannot change its place.
    fn is_clear(&self) -> bool {
        let conv = &self.shape.conv;
        let numbers = self.numbers(false);
        // [n, channels, pixels] -> [n, pixels, channels]
        let (pixels, image) = (conv.height * conv.width, conv.channels * conv.height * conv.width);
        let images: Vec<f64> = (0..numbers.images.len())
            .map(|i| {
                let (n, pixel, channel) = (i / image, i % image / conv.channels, i % conv.channels);
                f64::from(numbers.images[n * image + channel * pixels + pixel])
            })
            .collect();
        let [weight, bias] = [&numbers.weight, &numbers.bias].map(|v| doubles(v));
        self.pool(&self.convolve(&images, &weight, &bias)).iter().all(|(_, gap)| *gap > 1e-4)
    }
}

/// The CPU backends that are compiled in.
pub(crate) fn devices() -> Vec<Device> {
    vec![
        #[cfg(feature = "ndarray")]
        Device::ndarray(),
        #[cfg(feature = "flex")]
        Device::flex(),
    ]
}

fn run(case: &Case, numbers: &Numbers, device: &Device, operator: Operator<'_>) -> Results {
    let device = device.clone().autodiff();
    let conv = &case.shape.conv;
    let tensor = |values: &[f32], shape: [usize; 4]| {
        Tensor::<4>::from_data(TensorData::new(values.to_vec(), shape), &device).require_grad()
    };
    let maps = tensor(&numbers.images, [case.n, conv.channels, conv.height, conv.width]);
    let weight = [conv.filters, conv.channels / conv.groups, conv.kernel, conv.kernel];
    let weight = tensor(&numbers.weight, weight);
    let bias = Tensor::<1>::from_data(TensorData::new(numbers.bias.clone(), [conv.filters]), &device);
    let bias = bias.require_grad();
    let output = operator(maps.clone(), weight.clone(), bias.clone());
    let dims = output.dims();
    let upstream = numbers.upstream[..dims.iter().product()].to_vec();
    let upstream = Tensor::<4>::from_data(TensorData::new(upstream, dims), &device);
    let gradients = (output.clone() * upstream).sum().backward();
    let values = |data: TensorData| data.iter::<f32>().collect::<Vec<f32>>();
    [
        values(output.into_data()),
        values(maps.grad(&gradients).unwrap().into_data()),
        values(weight.grad(&gradients).unwrap().into_data()),
        values(bias.grad(&gradients).unwrap().into_data()),
    ]
}

fn activate(function: Activation, maps: Tensor<4>) -> Tensor<4> {
    match function {
        Activation::None => maps,
        Activation::Relu => activation::relu(maps),
        // Burn's own GELU has the derivative of an approximation.
        Activation::Gelu => maps.clone() * ((maps / std::f32::consts::SQRT_2).erf() + 1.0) / 2.0,
        Activation::Tanh => activation::tanh(maps),
        Activation::Sigmoid => activation::sigmoid(maps),
    }
}

/// The results of the operator, and of the same thing composed from Burn's own.
fn both(case: &Case, exact: bool, pooled: bool, device: &Device) -> [Results; 2] {
    let numbers = case.numbers(exact);
    let (pool, activation) = (case.shape.pool, case.shape.activation);
    if pooled {
        let ours = run(case, &numbers, device, &|x, w, b| {
            ops::conv2d_max_pool2d(x, w, b, case.options(), pool, activation)
        });
        let burns = run(case, &numbers, device, &|x, w, b| {
            let maps = module::conv2d(x, w, Some(b), case.options());
            module::max_pool2d(activate(activation, maps), MaxPoolOptions::new([pool; 2]))
        });
        [ours, burns]
    } else {
        let ours = run(case, &numbers, device, &|x, w, b| ops::conv2d(x, w, b, case.options()));
        let burns = run(case, &numbers, device, &|x, w, b| module::conv2d(x, w, Some(b), case.options()));
        [ours, burns]
    }
}

/// The largest difference, as a share of the largest value.
fn difference(ours: &[f32], burns: &[f32]) -> f32 {
    difference_beside(ours, burns, f32::MIN_POSITIVE)
}

/// The same for values that are sums of the size of `usual`. A tensor of few values, such as the bias of a
/// single filter, may cancel to nearly nothing, but its rounding errors are as large as the terms that were
/// added up.
fn difference_beside(ours: &[f32], burns: &[f32], usual: f32) -> f32 {
    assert_eq!(ours.len(), burns.len());
    let largest = burns.iter().fold(usual, |most, x| most.max(x.abs()));
    ours.iter().zip(burns).fold(0.0f32, |most, (x, y)| most.max((x - y).abs())) / largest
}

/// How large the sums of products of this case's real numbers are, as the root of their mean square: in the
/// output, and in the gradients of feature maps, weights and biases.
fn usual_sizes(case: &Case, pooled: bool) -> [f32; 4] {
    let conv = &case.shape.conv;
    let pool = if pooled { case.shape.pool } else { 1 };
    let outputs = case.n * (conv.out_height / pool) * (conv.out_width / pool);
    let taps = conv.kernel * conv.kernel;
    // A product of two numbers from -1/2 to 1/2 has the mean square 1/144.
    [conv.channels * taps, conv.filters * taps, outputs, outputs].map(|terms| (terms as f32).sqrt() / 12.0)
}

const NAMES: [&str; 4] = ["output", "gradient of the maps", "of the weights", "of the biases"];

proptest! {
    #![proptest_config(drawn(300))]

    #[test]
    fn whole_numbers_agree_exactly(case in case(), pooled in any::<bool>()) {
        let case = case.whole();
        for device in devices() {
            let [ours, burns] = both(&case, true, pooled, &device);
            for ((ours, burns), name) in ours.iter().zip(&burns).zip(NAMES) {
                prop_assert_eq!(ours, burns, "{} on {:?}", name, device);
            }
        }
    }

    #[test]
    fn real_numbers_agree_closely(case in case(), pooled in any::<bool>()) {
        for device in devices() {
            let [ours, burns] = both(&case, false, pooled, &device);
            // Where two pixels of a window differ by no more than rounding, the place of the maximum may
            // differ.
            let same_argmax = !pooled || case.is_clear();
            let usual = usual_sizes(&case, pooled);
            for (i, name) in NAMES.into_iter().enumerate().take(if same_argmax { 4 } else { 1 }) {
                let difference = difference_beside(&ours[i], &burns[i], usual[i]);
                prop_assert!(difference < 1e-5, "{} on {:?}: {}", name, device, difference);
            }
        }
    }
}

proptest! {
    #![proptest_config(drawn(150))]

    /// Convolutions of several groups of channels, down to one channel a group. The kernels do not take them together
    /// with pooling.
    #[test]
    fn groups_agree_exactly(
        case in case(), groups in 2usize..7, channels in 1usize..4, filters in 1usize..4, pooled in any::<bool>(),
    ) {
        let mut case = case.whole();
        let conv = &mut case.shape.conv;
        (conv.channels, conv.filters, conv.groups) = (groups * channels, groups * filters, groups);
        for device in devices() {
            let [ours, burns] = both(&case, true, pooled, &device);
            for ((ours, burns), name) in ours.iter().zip(&burns).zip(NAMES) {
                prop_assert_eq!(ours, burns, "{} on {:?}", name, device);
            }
        }
    }
}

/// The lecture's two units in full size, in which every block and tile is full.
#[test]
fn the_lectures_units_agree() {
    for (channels, size, filters) in [(1, 28, 32), (32, 14, 64)] {
        let case = Case::same(3, channels, size, filters, 5);
        for device in devices() {
            let [ours, burns] = both(&case, false, true, &device);
            assert!(difference(&ours[0], &burns[0]) < 1e-5);
            let [ours, burns] = both(&case, true, true, &device);
            assert_eq!(ours, burns);
        }
    }
}

/// Groups whose channels fill whole vectors, and leave some.
#[test]
fn wide_groups_agree() {
    for (channels, filters, kernel, groups) in [(6, 9, 3, 3), (17, 17, 5, 17), (16, 16, 3, 16), (8, 4, 1, 2)]
    {
        let mut case = Case::same(3, channels, 7, filters, kernel);
        case.shape.conv.groups = groups;
        for device in devices() {
            for pooled in [false, true] {
                let [ours, burns] = both(&case, true, pooled, &device);
                assert_eq!(ours, burns, "{case:?}, pooled: {pooled}");
            }
        }
    }
}

/// The dense layer and its gradients.
#[test]
fn dense_layers_agree() {
    for (n, inputs, outputs) in [(1, 1, 1), (3, 7, 10), (5, 100, 17), (33, 49, 40), (128, 3136, 10)] {
        let case = Case::same(n, inputs, 1, outputs, 1);
        for exact in [true, false] {
            let numbers = case.numbers(exact);
            for device in devices() {
                let device = device.autodiff();
                let tensor = |values: &[f32], shape: [usize; 2]| {
                    Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), &device).require_grad()
                };
                let run = |operator: &dyn Fn(Tensor<2>, Tensor<2>, Tensor<1>) -> Tensor<2>| {
                    let x = tensor(&numbers.images, [n, inputs]);
                    let weight = tensor(&numbers.weight, [inputs, outputs]);
                    let bias = TensorData::new(numbers.bias.clone(), [outputs]);
                    let bias = Tensor::<1>::from_data(bias, &device).require_grad();
                    let output = operator(x.clone(), weight.clone(), bias.clone());
                    let upstream = tensor(&numbers.upstream, [n, outputs]).detach();
                    let gradients = (output.clone() * upstream).sum().backward();
                    [
                        output.into_data(),
                        x.grad(&gradients).unwrap().into_data(),
                        weight.grad(&gradients).unwrap().into_data(),
                        bias.grad(&gradients).unwrap().into_data(),
                    ]
                    .map(|data| data.iter::<f32>().collect::<Vec<f32>>())
                };
                let ours = run(&ops::dense);
                let burns = run(&|x, w, b| x.matmul(w) + b.unsqueeze());
                for (ours, burns) in ours.iter().zip(&burns) {
                    assert!(difference(ours, burns) < if exact { f32::MIN_POSITIVE } else { 1e-5 });
                }
            }
        }
    }
}
