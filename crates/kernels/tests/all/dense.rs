//! Dense layers: inputs that are mostly zeros, few rows, and activations.

use kernels::{Activation, DenseShape, Keep, Level};

use crate::bits::equal_on_every_level;
use crate::cases::{Case, Numbers};
use crate::owned::{dense, dense_backward};

/// Rows, inputs and outputs, with whole and broken tiles and blocks.
const SIZES: [[usize; 3]; 6] =
    [[1, 5, 10], [3, 40, 33], [4, 784, 50], [13, 100, 33], [29, 64, 128], [40, 784, 20]];

/// Numbers of which four inputs of five are zero, as MNIST's pixels are.
fn sparse([n, inputs, outputs]: [usize; 3], exact: bool) -> Numbers {
    let mut numbers = Case::same(n, inputs, 1, outputs, 1).numbers(exact);
    for (i, x) in numbers.images.iter_mut().enumerate() {
        let is_border = i % inputs < inputs / 3;
        if is_border || !(i / 7).is_multiple_of(3) {
            *x = if i % 2 == 0 { 0.0 } else { -0.0 };
        }
    }
    numbers
}

#[test]
fn inputs_of_zero_are_skipped_without_a_trace() {
    for size in SIZES {
        let [n, inputs, outputs] = size;
        let Numbers { images: x, weight, bias, upstream } = sparse(size, true);
        let shape = DenseShape { inputs, outputs };
        for level in Level::named() {
            let out = dense(level, shape, &x, &weight, &bias, false);
            let gradients = dense_backward(level, shape, &x, &weight, &upstream);
            for row in 0..n {
                for output in 0..outputs {
                    let terms = (0..inputs).map(|i| x[row * inputs + i] * weight[i * outputs + output]);
                    assert_eq!(out[row * outputs + output], terms.sum::<f32>() + bias[output]);
                }
            }
            for input in 0..inputs {
                for output in 0..outputs {
                    let terms = (0..n).map(|r| x[r * inputs + input] * upstream[r * outputs + output]);
                    assert_eq!(gradients.weight[input * outputs + output], terms.sum::<f32>());
                }
            }
        }
    }
}

#[test]
fn sparse_inputs_have_the_same_bits_on_every_level() {
    for size in SIZES {
        let Numbers { images: x, weight, bias, upstream } = sparse(size, false);
        let shape = DenseShape { inputs: size[1], outputs: size[2] };
        equal_on_every_level(|level| {
            let gradients = dense_backward(level, shape, &x, &weight, &upstream);
            [dense(level, shape, &x, &weight, &bias, false), gradients.weight, gradients.bias].concat()
        });
    }
}

/// Few rows are computed straight from the weights, many from packed ones.
#[test]
fn a_row_has_the_same_bits_in_every_batch() {
    for [_, inputs, outputs] in SIZES {
        let size = [17, inputs, outputs];
        let shape = DenseShape { inputs, outputs };
        for numbers in [sparse(size, false), Case::same(17, inputs, 1, outputs, 1).numbers(false)] {
            let Numbers { images: x, weight, bias, .. } = numbers;
            for level in Level::named() {
                let all = dense(level, shape, &x, &weight, &bias, false);
                for rows in [1, 2, 3, 4, 5] {
                    let some = dense(level, shape, &x[..rows * inputs], &weight, &bias, false);
                    assert_eq!(some, all[..rows * outputs], "{rows} of {size:?} on {}", level.name());
                }
            }
        }
    }
}

#[test]
fn the_activation_is_that_of_the_output() {
    for size in SIZES {
        let [n, inputs, outputs] = size;
        let Numbers { images: x, weight, bias, .. } = sparse(size, false);
        let shape = DenseShape { inputs, outputs };
        for activation in Activation::ALL {
            for level in Level::named() {
                let mut expected = dense(level, shape, &x, &weight, &bias, false);
                let mut expected_slope = vec![f32::NAN; n * outputs];
                kernels::activate(level, activation, &mut expected, &mut expected_slope);
                let [mut out, mut slope] = [(); 2].map(|()| vec![f32::NAN; n * outputs]);
                let operands = [x.as_slice(), &weight, &bias];
                kernels::dense_activated(level, shape, activation, operands, Keep::No, &mut out, &mut slope);
                assert_eq!([out, slope], [expected, expected_slope], "{activation:?} on {}", level.name());
            }
        }
    }
}

/// The derivatives against differences of the function in double precision.
#[test]
fn slopes_are_the_functions_derivatives() {
    let x: Vec<f32> = (-399..400).map(|i| i as f32 * 0.0171).collect();
    for activation in Activation::ALL {
        let function = kernels::Function::Activation(activation);
        let difference = |x: f32| {
            let (low, high) = (x - 1.0 / 1024.0, x + 1.0 / 1024.0);
            let [at_low, at_high] = [low, high].map(|x| crate::judge::exact(function, x));
            (at_high - at_low) / (f64::from(high) - f64::from(low))
        };
        for level in Level::named() {
            let mut out = x.clone();
            let mut slope = vec![f32::NAN; x.len()];
            kernels::activate(level, activation, &mut out, &mut slope);
            let kept = if activation.keeps_output() { &out } else { &slope };
            let mut gradient = vec![f32::NAN; x.len()];
            kernels::activate_backward(level, activation, kept, &vec![3.0; x.len()], &mut gradient);
            // ReLU has no derivative at zero.
            for i in (0..x.len()).filter(|i| x[*i].abs() > 0.01) {
                assert!((f64::from(slope[i]) - difference(x[i])).abs() < 1e-6, "{activation:?} at {}", x[i]);
                assert!((gradient[i] - 3.0 * slope[i]).abs() < 1e-6, "{activation:?} at {}", x[i]);
            }
        }
    }
}
