//! Every set of vector instructions against the portable one, and any number of threads.

use kernels::{DenseShape, Level};
use proptest::prelude::*;

use crate::cases::{Case, case, drawn};
use crate::owned::{
    Owned, PooledMaps, conv2d, conv2d_backward, conv2d_max_pool2d, conv2d_max_pool2d_backward, dense,
    dense_backward,
};

/// Everything that the convolutions compute: both outputs, and the gradients of both.
fn everything(level: Level, case: &Case, exact: bool) -> (Vec<f32>, PooledMaps, [Owned; 2]) {
    let numbers = case.numbers(exact);
    let (shape, conv) = (&case.shape, &case.shape.conv);
    let [images, weight, bias] = [&numbers.images, &numbers.weight, &numbers.bias];
    let pooled = conv2d_max_pool2d(level, shape, images, weight, bias, true);
    let upstream = &numbers.upstream[..pooled.values.len()];
    let sparse = conv2d_max_pool2d_backward(level, shape, images, weight, &pooled.argmax, upstream);
    let dense = conv2d_backward(level, conv, images, weight, &numbers.upstream);
    (conv2d(level, conv, images, weight, bias, false), pooled, [sparse, dense])
}

/// The output of a dense layer, and its gradients. The layer has as many inputs as the case has channels.
fn dense_layer(level: Level, case: &Case, exact: bool) -> (Vec<f32>, Owned) {
    let numbers = case.numbers(exact);
    let shape = DenseShape { inputs: case.shape.conv.channels, outputs: case.shape.conv.filters };
    let [x, weight, bias] = [&numbers.images, &numbers.weight, &numbers.bias];
    let out = dense(level, shape, x, weight, bias, false);
    (out, dense_backward(level, shape, x, weight, &numbers.upstream))
}

proptest! {
    #![proptest_config(drawn(200))]

    #[test]
    fn all_instructions_give_the_same(case in case()) {
        let expected = everything(Level::Portable, &case, true);
        for level in Level::available() {
            prop_assert_eq!(&everything(level, &case, true), &expected, "{}", level.name());
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
    for (n, inputs, outputs) in [(1, 1, 1), (3, 7, 10), (33, 49, 40), (128, 3136, 10)] {
        let case = Case::same(n, inputs, 1, outputs, 1);
        let expected = dense_layer(Level::Portable, &case, true);
        for level in Level::available() {
            assert!(dense_layer(level, &case, true) == expected, "{case:?} on {}", level.name());
        }
    }
}

/// The batch has enough images for every piece, and real numbers, whose sums depend on the order of their
/// terms.
#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    for (channels, size, filters, kernel) in [(1, 28, 32, 5), (16, 14, 24, 5), (8, 7, 40, 3)] {
        let case = Case::same(37, channels, size, filters, kernel);
        let with_threads = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                // A dense layer takes the same numbers as a convolution of single pixels.
                let pixels = Case::same(37, channels * size, 1, filters, 1);
                (everything(Level::best(), &case, false), dense_layer(Level::best(), &pixels, false))
            })
        };
        let one = with_threads(1);
        assert!(with_threads(2) == one, "2 threads");
        assert!(with_threads(4) == one, "4 threads");
    }
}
