//! The operators against the same thing composed from Burn's.

use burn::tensor::module;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor, TensorData, activation};
use proptest::prelude::*;

use crate::cases::{Case, Numbers, case, drawn};

/// Output, and the gradients of maps, weights and biases.
type Results = [Vec<f32>; 4];
type Operator<'a> = &'a dyn Fn(Tensor<4>, Tensor<4>, Tensor<1>) -> Tensor<4>;

fn devices() -> Vec<Device> {
    vec![
        #[cfg(feature = "ndarray")]
        Device::ndarray(),
        #[cfg(feature = "flex")]
        Device::flex(),
    ]
}

fn run(case: &Case, numbers: &Numbers, device: &Device, operator: Operator<'_>) -> Results {
    let device = device.clone().autodiff();
    let g = &case.shape.conv;
    let tensor = |values: &[f32], shape: [usize; 4]| {
        Tensor::<4>::from_data(TensorData::new(values.to_vec(), shape), &device).require_grad()
    };
    let maps = tensor(&numbers.maps, [case.n, g.channels, g.height, g.width]);
    let weight = tensor(&numbers.weight, [g.filters, g.channels, g.kernel, g.kernel]);
    let bias = Tensor::<1>::from_data(TensorData::new(numbers.bias.clone(), [g.filters]), &device);
    let bias = bias.require_grad();
    let output = operator(maps.clone(), weight.clone(), bias.clone());
    let dims = output.dims();
    let upstream = numbers.gradient[..dims.iter().product()].to_vec();
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

fn both(case: &Case, exact: bool, pooled: bool, device: &Device) -> [Results; 2] {
    let numbers = case.numbers(exact);
    let (pool, relu) = (case.shape.pool, case.shape.relu);
    if pooled {
        let ours = run(case, &numbers, device, &|x, w, b| {
            ops::conv2d_max_pool2d(x, w, b, case.options(), pool, relu)
        });
        let burns = run(case, &numbers, device, &|x, w, b| {
            let maps = module::conv2d(x, w, Some(b), case.options());
            let maps = module::max_pool2d(maps, MaxPoolOptions::new([pool; 2]));
            if relu { activation::relu(maps) } else { maps }
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

/// The same, where the values are sums that usually come to `usual`: a tensor of few values, as the
/// bias of a single filter, may cancel to nearly nothing, and rounding is of the size of what was
/// added up, not of what is left.
fn difference_beside(ours: &[f32], burns: &[f32], usual: f32) -> f32 {
    assert_eq!(ours.len(), burns.len());
    let largest = burns.iter().fold(usual, |most, x| most.max(x.abs()));
    ours.iter().zip(burns).fold(0.0f32, |most, (x, y)| most.max((x - y).abs())) / largest
}

/// What sums of products of this case's real numbers come to, as the root of their mean square: of
/// the output, and of the gradients of maps, weights and biases.
fn usual_sizes(case: &Case, pooled: bool) -> [f32; 4] {
    let g = &case.shape.conv;
    let pool = if pooled { case.shape.pool } else { 1 };
    let outputs = case.n * (g.out_height / pool) * (g.out_width / pool);
    let taps = g.kernel * g.kernel;
    // A product of two numbers from -1/2 to 1/2 has the mean square 1/144.
    [g.channels * taps, g.filters * taps, outputs, outputs].map(|terms| (terms as f32).sqrt() / 12.0)
}

const NAMES: [&str; 4] = ["output", "gradient of the maps", "of the weights", "of the biases"];

proptest! {
    #![proptest_config(drawn(300))]

    #[test]
    fn whole_numbers_agree_exactly(case in case(), pooled in any::<bool>()) {
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
            // Where two pixels of a window are equal but for rounding, another may win.
            let same_winners = !pooled || case.is_clear();
            let usual = usual_sizes(&case, pooled);
            for (i, name) in NAMES.into_iter().enumerate().take(if same_winners { 4 } else { 1 }) {
                let difference = difference_beside(&ours[i], &burns[i], usual[i]);
                prop_assert!(difference < 1e-5, "{} on {:?}: {}", name, device, difference);
            }
        }
    }
}

/// The lecture's two units, whole, where every block and tile is full.
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

/// The dense layer, whose gradients are three more products.
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
                    let x = tensor(&numbers.maps, [n, inputs]);
                    let weight = tensor(&numbers.weight, [inputs, outputs]);
                    let bias = TensorData::new(numbers.bias.clone(), [outputs]);
                    let bias = Tensor::<1>::from_data(bias, &device).require_grad();
                    let output = operator(x.clone(), weight.clone(), bias.clone());
                    let upstream = tensor(&numbers.gradient, [n, outputs]).detach();
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
