//! Real numbers, whose sums depend on the order of their terms, give the same bits with every set of vector
//! instructions and any number of threads.

use kernels::{Activation, DenseShape};

use crate::bits::equal_on_every_level;
use crate::cases::Case;
use crate::owned::{
    Owned, conv2d, conv2d_backward, conv2d_max_pool2d, conv2d_max_pool2d_backward, dense, dense_backward,
};

/// Sizes with whole and broken blocks of filters and of channels, and with images for every piece of a batch:
/// images, channels, size, filters, kernel.
const SIZES: [[usize; 5]; 9] = [
    [37, 1, 28, 32, 5],
    [37, 16, 14, 24, 5],
    [37, 8, 7, 40, 3],
    [4, 32, 14, 64, 5],
    [5, 11, 9, 37, 5],
    [1, 40, 8, 33, 3],
    [7, 17, 5, 70, 3],
    [3, 64, 13, 16, 1],
    [19, 3, 12, 5, 4],
];

/// Filters that move several pixels at a time, without padding, and windows of other sizes than 2x2; large images:
/// images, channels, size, filters, kernel, stride, pool.
const STRIDES: [[usize; 7]; 6] = [
    [5, 1, 28, 32, 5, 2, 2],
    [3, 16, 15, 24, 3, 2, 3],
    [2, 33, 13, 17, 3, 3, 1],
    [2, 8, 14, 40, 5, 1, 3],
    [2, 1, 64, 32, 5, 1, 2],
    [1, 32, 64, 16, 3, 1, 2],
];

fn strided([n, channels, size, filters, kernel, stride, pool]: [usize; 7]) -> Case {
    let mut case = Case::same(n, channels, size, filters, kernel);
    let out = (size - kernel) / stride + 1;
    let conv = &mut case.shape.conv;
    (conv.stride, conv.top, conv.left) = (stride, 0, 0);
    (conv.out_height, conv.out_width) = (out, out);
    case.shape.pool = pool;
    case
}

fn joined(gradients: Owned) -> Vec<f32> {
    [gradients.input, gradients.weight, gradients.bias].concat()
}

fn convolution(case: &Case) {
    let numbers = case.numbers(false);
    let [images, weight, bias] = [&numbers.images, &numbers.weight, &numbers.bias];
    let conv = &case.shape.conv;
    equal_on_every_level(|level| conv2d(level, conv, images, weight, bias, false));
    equal_on_every_level(|level| joined(conv2d_backward(level, conv, images, weight, &numbers.upstream)));
}

fn pooled_convolution(case: &Case) {
    let numbers = case.numbers(false);
    let [images, weight, bias] = [&numbers.images, &numbers.weight, &numbers.bias];
    equal_on_every_level(|level| {
        let pooled = conv2d_max_pool2d(level, &case.shape, images, weight, bias, true);
        let upstream = &numbers.upstream[..pooled.values.len()];
        let gradients = conv2d_max_pool2d_backward(level, &case.shape, images, weight, &pooled, upstream);
        [pooled.values, pooled.slopes, joined(gradients)].concat()
    });
}

fn dense_layer(n: usize, inputs: usize, outputs: usize) {
    let numbers = Case::same(n, inputs, 1, outputs, 1).numbers(false);
    let [x, weight, bias] = [&numbers.images, &numbers.weight, &numbers.bias];
    let shape = DenseShape { inputs, outputs };
    equal_on_every_level(|level| {
        let out = dense(level, shape, x, weight, bias, false);
        [out, joined(dense_backward(level, shape, x, weight, &numbers.upstream))].concat()
    });
}

#[test]
fn convolutions_have_the_same_bits() {
    for [n, channels, size, filters, kernel] in SIZES {
        convolution(&Case::same(n, channels, size, filters, kernel));
    }
    STRIDES.into_iter().for_each(|sizes| convolution(&strided(sizes)));
}

#[test]
fn convolutions_of_groups_have_the_same_bits() {
    for (n, channels, size, filters, kernel, groups) in
        [(7, 6, 9, 9, 3, 3), (19, 17, 8, 17, 5, 17), (5, 32, 7, 64, 3, 32), (3, 40, 6, 24, 1, 2)]
    {
        let mut case = Case::same(n, channels, size, filters, kernel);
        case.shape.conv.groups = groups;
        convolution(&case);
    }
}

#[test]
fn pooled_convolutions_have_the_same_bits() {
    for [n, channels, size, filters, kernel] in SIZES {
        for activation in [Activation::Relu, Activation::Gelu, Activation::Tanh] {
            let mut case = Case::same(n.min(20), channels, size, filters, kernel);
            case.shape.activation = activation;
            pooled_convolution(&case);
        }
    }
    for (sizes, activation) in
        STRIDES.into_iter().zip([Activation::Sigmoid, Activation::None].into_iter().cycle())
    {
        let mut case = strided(sizes);
        case.shape.activation = activation;
        pooled_convolution(&case);
    }
}

#[test]
fn dense_layers_have_the_same_bits() {
    for (n, inputs, outputs) in [(1, 5, 10), (13, 100, 33), (40, 7, 64), (128, 3136, 10), (7, 784, 250)] {
        dense_layer(n, inputs, outputs);
    }
}
