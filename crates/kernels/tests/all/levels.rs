//! Every set of vector instructions against the portable one, with numbers whose sums are exact in any order.

use kernels::{DenseShape, Level};
use proptest::prelude::*;

use crate::cases::{Case, case, drawn};
use crate::owned::{
    Owned, PooledMaps, conv2d, conv2d_backward, conv2d_max_pool2d, conv2d_max_pool2d_backward, dense,
    dense_backward,
};

/// Everything that the convolutions compute: both outputs, and the gradients of both.
fn everything(level: Level, case: &Case) -> (Vec<f32>, PooledMaps, [Owned; 2]) {
    let case = &case.whole();
    let numbers = case.numbers(true);
    let (shape, conv) = (&case.shape, &case.shape.conv);
    let [images, weight, bias] = [&numbers.images, &numbers.weight, &numbers.bias];
    let pooled = conv2d_max_pool2d(level, shape, images, weight, bias, true);
    let upstream = &numbers.upstream[..pooled.values.len()];
    let sparse = conv2d_max_pool2d_backward(level, shape, images, weight, &pooled, upstream);
    let dense = conv2d_backward(level, conv, images, weight, &numbers.upstream);
    (conv2d(level, conv, images, weight, bias, false), pooled, [sparse, dense])
}

/// The output of a dense layer, and its gradients. The layer has as many inputs as the case has channels.
fn dense_layer(level: Level, case: &Case) -> (Vec<f32>, Owned) {
    let numbers = case.numbers(true);
    let shape = DenseShape { inputs: case.shape.conv.channels, outputs: case.shape.conv.filters };
    let [x, weight, bias] = [&numbers.images, &numbers.weight, &numbers.bias];
    let out = dense(level, shape, x, weight, bias, false);
    (out, dense_backward(level, shape, x, weight, &numbers.upstream))
}

proptest! {
    #![proptest_config(drawn(200))]

    #[test]
    fn all_instructions_give_the_same(case in case()) {
        let expected = everything(Level::Portable, &case);
        for level in Level::named() {
            prop_assert_eq!(&everything(level, &case), &expected, "{}", level.name());
        }
    }

    #[test]
    fn values_are_the_same_without_argmax(case in case()) {
        let numbers = case.numbers(true);
        let [images, weight, bias] = [&numbers.images, &numbers.weight, &numbers.bias];
        let run = |is_training| {
            conv2d_max_pool2d(Level::best(), &case.shape, images, weight, bias, is_training)
        };
        prop_assert_eq!(run(false).values, run(true).values);
    }
}

#[test]
fn dense_layers_give_the_same_on_all_levels() {
    for (n, inputs, outputs) in
        [(1, 1, 1), (3, 7, 10), (13, 100, 33), (33, 49, 40), (40, 7, 64), (128, 3136, 10)]
    {
        let case = Case::same(n, inputs, 1, outputs, 1);
        let expected = dense_layer(Level::Portable, &case);
        for level in Level::named() {
            assert!(dense_layer(level, &case) == expected, "{case:?} on {}", level.name());
        }
    }
}
